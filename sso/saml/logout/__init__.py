"""Logout requests and responses: the messages, their context, their rules, and reading them.

Rules that hold for every message are those of `sso.saml.response`; this package has those that differ.
The services decide which sessions end.
"""
