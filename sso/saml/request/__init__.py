"""Messages from us to an identity provider: the AuthnRequest, our own metadata, and how a browser carries them.

Frozen dataclasses in, an address or a form out; a message is signed only here.
Nothing here reads what a provider sent.
"""
