"""Public keys and the certificates that carry them: reading, judging and choosing them, and our own key pairs.

A certificate is a carrier of a key; its issuer is never trusted, and nothing but key and dates is believed.
Where keys are stored, and who may change them, is not known here.
"""
