"""Hashes of random tokens, which are stored in place of the tokens."""

from __future__ import annotations

import hashlib


def hash_of_token(token: str) -> str:
    """Return SHA-256 in hex, which is enough for a token of 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()
