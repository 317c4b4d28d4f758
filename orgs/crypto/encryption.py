"""Encryption of second factors' secrets in the database: authenticator app secrets and recovery code seeds.

The first key encrypts and every key decrypts: KEY_ENCRYPTION_KEYS, then keys derived from SECRET_KEY and from its
fallbacks, so that a deployment without KEY_ENCRYPTION_KEYS stores no secret in plain text either.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from orgs.errors import LockedKeyError

# Marks an encrypted text, so that a later way to encrypt can be told from this one.
_MARK = "fernet:"


def encrypt(text: str) -> str:
    """Return the text encrypted with the first key, with the mark of an encrypted text in front."""
    return _MARK + _fernet().encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """Return the text of a stored value. Raises LockedKeyError when no key decrypts it."""
    try:
        return _fernet().decrypt(stored.removeprefix(_MARK).encode()).decode()
    except InvalidToken as error:
        raise LockedKeyError from error


def _fernet() -> MultiFernet:
    keys: list[str] = settings.KEY_ENCRYPTION_KEYS
    secret_keys: list[str] = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([*map(Fernet, keys), *(Fernet(_derived_key(each)) for each in secret_keys)])


def _derived_key(secret_key: str) -> bytes:
    return urlsafe_b64encode(sha256(b"second factors at rest" + secret_key.encode()).digest())
