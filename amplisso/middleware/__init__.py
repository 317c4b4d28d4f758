"""What happens to every request and response, whichever page it is for: refused, made visible, answered with 503.

No rule of organizations or sign-in; who may open a page is decided by `orgs.access`.
Middleware that belongs to sessions or operators is in their own packages.
"""
