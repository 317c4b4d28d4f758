"""Short notes that our own pages hand on in an address, encrypted: logs cannot show them and nobody can write one."""

from __future__ import annotations

import base64
from enum import StrEnum

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

LIFE = 10 * 60  # seconds: as long as a started sign-in waits


class Note(StrEnum):
    """What a note is for; one kind is never read as another."""

    LOGIN_HINT = "login hint"
    TEST = "test of a draft"
    SIGN_OUT = "sign-in to be signed out at the provider"
    SIGNED_OUT = "how a sign-out ended"
    SWITCH = "sign-in as somebody else"
    AGAIN = "answer that could not be used"
    REFUSED = "what the visitor can do about a refusal"


def seal(kind: Note, content: str) -> str:
    """Return a note of this kind as URL-safe text, good for `LIFE` seconds."""
    return _box(kind).encrypt(content.encode()).decode()


def unseal(kind: Note, text: str) -> str:
    """Return what was sealed; "" if it is not ours, of another kind or too old."""
    try:
        return _box(kind).decrypt(text.encode(), ttl=LIFE).decode()
    except InvalidToken:
        return ""


def _box(kind: Note) -> MultiFernet:
    return MultiFernet([Fernet(_key(kind, secret)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(kind: Note, secret: str) -> bytes:
    digest = salted_hmac(f"sso.sealed {kind}", "key", secret=secret, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest)
