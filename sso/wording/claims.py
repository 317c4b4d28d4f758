"""Findings about the claims of a sign-in that are no reason to refuse it."""

from __future__ import annotations

from typing import Any

from sso.providers import guide_of
from sso.selectors.address_forms import as_address
from sso.services.sign_in.asserted import CLAIM_ADDRESS

_TWO_ADDRESSES = (
    "The user identifier and the e-mail claim name different addresses. Amplisso uses the address of the user "
    "identifier."
)


def findings_in(claims: dict[str, Any], provider: str) -> list[str]:
    """Return sentences for the admin about the claims as the log keeps them; `provider` is the connection's slug."""
    identifier = as_address(claims.get("name_id", ""))
    named = {as_address(value) for value in claims.get("attributes", {}).get(CLAIM_ADDRESS, [])} - {""}
    return (
        [f"{_TWO_ADDRESSES} {guide_of(provider).send_address}"]
        if identifier and named and identifier not in named
        else []
    )
