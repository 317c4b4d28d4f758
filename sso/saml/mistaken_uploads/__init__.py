"""Files that admins upload in place of metadata, recognised by proof, with one sentence for each.

Only the words of an error depend on it: nothing that is recognised here is ever accepted.
Metadata itself is read in `sso.saml.metadata`.
"""
