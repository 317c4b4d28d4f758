"""Keys that encrypt what Amplisso hands to browsers or keeps in its database, and nothing else.

Each module has one purpose and its own key derivation. Keys of providers and of the protocol are in `sso.saml.keys`;
no view, no model and no rule about who may sign in belongs here.
"""
