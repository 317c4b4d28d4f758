"""Values that our own pages hand on in a URL, encrypted: logs do not show them, and only we can write one."""

from __future__ import annotations

import base64
from enum import StrEnum

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

from orgs.sessions.lifetimes import ENCRYPTED_PARAM, seconds


class TokenPurpose(StrEnum):
    """Purpose of an encrypted value; one purpose is never read as another."""

    LOGIN_HINT = "login hint"
    TEST = "test of a draft"
    SIGN_OUT = "sign-in to be signed out at the provider"
    SIGNED_OUT = "how a sign-out ended"
    SWITCH = "sign-in as another user"
    AGAIN = "response that could not be used"
    REFUSED = "what the visitor can do about a refusal"


def encrypt(purpose: TokenPurpose, content: str) -> str:
    """Return a value encrypted for this purpose as URL-safe text, good for ENCRYPTED_PARAM."""
    return _box(purpose).encrypt(content.encode()).decode()


def decrypt(purpose: TokenPurpose, text: str) -> str:
    """Return what was encrypted; "" if it is not ours, for another purpose or too old."""
    try:
        return _box(purpose).decrypt(text.encode(), ttl=seconds(ENCRYPTED_PARAM)).decode()
    except InvalidToken:
        return ""


def _box(purpose: TokenPurpose) -> MultiFernet:
    return MultiFernet(
        [Fernet(_key(purpose, secret)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    )


def _key(purpose: TokenPurpose, secret: str) -> bytes:
    digest = salted_hmac(f"sso.crypto.encrypted_params {purpose}", "key", secret=secret, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest)
