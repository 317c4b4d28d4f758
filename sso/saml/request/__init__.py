"""What we say to an identity provider first: the AuthnRequest, our own metadata, and how a browser carries them.

Frozen dataclasses in, an address or a form out; a message is signed only here.
Nothing here reads what a provider sent.
"""
