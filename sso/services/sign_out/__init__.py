"""Single logout: telling the provider, taking its messages, and one provider after the other.

The grants of the session have ended before any of this begins, so nothing here may keep a visitor signed in.
Writing and reading the messages themselves is in `sso.saml.logout`.
"""
