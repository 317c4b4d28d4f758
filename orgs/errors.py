"""What somebody asked for and cannot have."""


class NotAllowedError(Exception):
    """The message is written for the person who asked, and safe to show to them."""
