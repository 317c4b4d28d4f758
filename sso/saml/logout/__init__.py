"""Logout requests and responses: the messages, their context, their rules, and reading them.

Rules that hold for every message are those of `sso.saml.response`; here stands what differs.
Which sessions end is decided by the services.
"""
