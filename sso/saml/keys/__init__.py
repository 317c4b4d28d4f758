"""Public keys and the certificates that carry them: reading, judging and choosing them, and our own key pairs.

A certificate only carries a key: its issuer is never trusted, and only its key and dates are used.
Storing keys, and who may change them, is the task of other packages.
"""
