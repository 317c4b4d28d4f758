"""Access & SSO Settings: the page of a connection, what saving did, files, waivers and keys.

page gathers what is shown, settings takes what is typed; each asks selectors and calls one service.
Sentences are made in `sso.wording`, checks of what was typed in `sso.forms`.
"""
