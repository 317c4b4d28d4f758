"""What is stored of a random token that somebody else keeps."""

from __future__ import annotations

import hashlib


def hash_of_token(token: str) -> str:
    """Return SHA-256 in hex. Enough for 256 random bits, which nobody guesses."""
    return hashlib.sha256(token.encode()).hexdigest()
