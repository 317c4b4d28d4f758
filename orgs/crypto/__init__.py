"""Encryption of what the database keeps in secret, and hashes of tokens.

Keys come from the environment; what cannot be decrypted is a LockedKeyError, never an empty value.
What is encrypted, and who may see it, is not known here.
"""
