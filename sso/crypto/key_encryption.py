"""Private keys at rest: encrypted with KEY_ENCRYPTION_KEYS, of which the first encrypts and all of them decrypt."""

from __future__ import annotations

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from orgs.errors import LockedKeyError, NotAllowedError

__all__ = ["NOT_SET", "LockedKeyError", "can_encrypt", "decrypt", "encrypt", "reencrypt"]

NOT_SET = (
    "Keys can't be created here yet: the operator of Amplisso has to set KEY_ENCRYPTION_KEYS first, because "
    "private keys are always stored encrypted."
)


def can_encrypt() -> bool:
    """Return whether this deployment can keep private keys."""
    return bool(settings.KEY_ENCRYPTION_KEYS)


def encrypt(private: bytes) -> str:
    """Return what may be stored. Raises NotAllowedError, in words for an admin, without KEY_ENCRYPTION_KEYS."""
    if not can_encrypt():
        raise NotAllowedError(NOT_SET)
    return Fernet(settings.KEY_ENCRYPTION_KEYS[0]).encrypt(private).decode()


def decrypt(stored: str) -> bytes:
    """Return what was encrypted, with whichever key. Raises LockedKeyError."""
    return _decrypt(stored, tuple(settings.KEY_ENCRYPTION_KEYS))


def reencrypt(stored: str) -> str:
    """Return a stored private key encrypted anew, with the first key. Raises LockedKeyError."""
    return encrypt(decrypt(stored))


@lru_cache(maxsize=256)
def _decrypt(stored: str, keys: tuple[str, ...]) -> bytes:
    """Decrypt a key and cache it, since each sign-in may sign a request; a changed key is another text."""
    if not keys:
        raise LockedKeyError
    try:
        return MultiFernet([Fernet(key) for key in keys]).decrypt(stored.encode())
    except InvalidToken as error:
        raise LockedKeyError from error
