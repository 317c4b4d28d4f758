"""Errors about requests that are refused, secrets that are lost, and transactions that came too late."""


class NotAllowedError(Exception):
    """A request was refused; the message is written for the user who made it, and safe to show to them."""


class LockedKeyError(Exception):
    """A stored secret can't be decrypted: the key it was encrypted with is no longer in KEY_ENCRYPTION_KEYS."""


class OutdatedError(Exception):
    """The rows that a transaction was decided by changed before it could write; nothing of it has stayed."""
