"""Hashes of random tokens, which are stored in place of the tokens."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from uuid import UUID

from django.utils.crypto import salted_hmac


def hash_of_token(token: str) -> str:
    """Return SHA-256 in hex, which is enough for a token of 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_of_message(message_id: UUID) -> str:
    """Return the token that a message carries, made of its number and SECRET_KEY; the same whenever it is made.

    So a mail that is sent twice, because the mail server's answer was lost, has the same link both times.
    """
    digest = salted_hmac("orgs.crypto.tokens", str(message_id), algorithm="sha256").digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")
