"""Queries about who may use what: organizations with their members, and session grants.

Nothing here writes, and nothing knows of a connection or of SAML. Callers import names from the modules.
"""
