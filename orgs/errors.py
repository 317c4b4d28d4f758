"""What somebody asked for and cannot have."""


class NotAllowedError(Exception):
    """The message is written for the person who asked, and safe to show to them."""


class LockedKeyError(Exception):
    """A stored secret can't be decrypted: the key it was encrypted with is no longer in KEY_ENCRYPTION_KEYS."""
