"""The steps of a sign-in, from the request to the provider to the written outcome.

start → (the provider) → finish: judge the response, resolve_person, persist; outcomes and switch say what follows.
Nothing here renders a page or begins a session; rules of the protocol are in `sso.saml.response`.
"""
