"""Encryption of the parameters of messages: names, addresses and texts about people.

The first key encrypts and every key decrypts: KEY_ENCRYPTION_KEYS, then keys derived from SECRET_KEY and its fallbacks.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from outbox.errors import UnreadableParametersError

Parameters = Mapping[str, Any]


def encrypt(parameters: Parameters) -> str:
    """Return JSON values as encrypted text."""
    return _fernet().encrypt(json.dumps(parameters).encode()).decode()


def decrypt(stored: str) -> Parameters:
    """Return what was encrypted. Raises UnreadableParametersError."""
    try:
        parameters: Parameters = json.loads(_fernet().decrypt(stored.encode()))
    except InvalidToken as error:
        raise UnreadableParametersError from error
    return parameters


def _fernet() -> MultiFernet:
    keys: list[str] = settings.KEY_ENCRYPTION_KEYS
    secret_keys: list[str] = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([*map(Fernet, keys), *(Fernet(_derived_key(each)) for each in secret_keys)])


def _derived_key(secret_key: str) -> bytes:
    return urlsafe_b64encode(sha256(b"messages at rest" + secret_key.encode()).digest())
