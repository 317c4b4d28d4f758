"""Comparing addresses that providers assert: the normal form of an e-mail address."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError

from orgs.text.email_addresses import normal_address

# Entra's name for a guest of another provider, made of the guest's address; it looks like an address and is none.
GUEST_NAME = re.compile("#ext#", re.IGNORECASE)


def as_address(text: str) -> str:
    """Return an e-mail address in its normal form; "" for anything else, and for Entra's name of a guest."""
    if GUEST_NAME.search(text):
        return ""
    try:
        return normal_address(text)
    except ValidationError:
        return ""
