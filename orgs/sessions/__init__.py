"""Where sessions are kept, and the random name under which their grants are kept.

Nothing here decides what a session may open: that is asked at each request by `orgs.access`.
No rule about organizations or providers.
"""
