"""Where sessions are kept and listed, when each was last used, and the random name under which its grants are kept.

Nothing here decides what a session may open: that is asked at each request by `orgs.access`.
No rule about organizations or providers.
"""
