"""The steps of a sign-in, from the request to the provider to the written outcome.

start.py lists the steps from the response to the session, in order; outcomes and switch say what else can follow.
Nothing here renders a page or begins a session; rules of the protocol are in `sso.saml.response`.
"""
