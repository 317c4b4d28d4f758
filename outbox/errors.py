"""Why a message is not sent."""

from __future__ import annotations


class NotNeededError(Exception):
    """What the message tells of is over: a revoked invitation, a confirmed address. The text says so to operators."""


class UnreadableParametersError(Exception):
    """No key decrypts the parameters: KEY_ENCRYPTION_KEYS or SECRET_KEY was changed without keeping the old one."""

    def __init__(self) -> None:
        super().__init__(
            "The parameters cannot be decrypted with KEY_ENCRYPTION_KEYS and SECRET_KEY of this deployment"
        )
