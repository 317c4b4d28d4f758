"""Errors about requests that are refused, and about secrets that are lost."""


class NotAllowedError(Exception):
    """A request was refused; the message is written for the user who made it, and safe to show to them."""


class LockedKeyError(Exception):
    """A stored secret can't be decrypted: the key it was encrypted with is no longer in KEY_ENCRYPTION_KEYS."""
