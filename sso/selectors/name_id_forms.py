"""Comparing the name IDs that are e-mail addresses in their normal form (invariant 8)."""

from __future__ import annotations

from sso.models import Identity, SignIn, SignInState
from sso.selectors.address_forms import as_address

# A name ID in another format is no address, whatever it looks like (SAML core 8.3). "" is none, which is unspecified.
_FORMATS_OF_ADDRESSES = {
    "",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
}

# Beyond this no text is an address, and none is parsed for being one.
_LONGEST = 320


def comparable(name_id: str, name_id_format: str) -> str | None:
    """Return a name ID that is an address in its normal form; None if it is compared letter for letter."""
    if name_id_format not in _FORMATS_OF_ADDRESSES or len(name_id) > _LONGEST:
        return None
    return as_address(name_id) or None


def last_format(identity: Identity) -> str | None:
    """Return the format of a name ID at the last sign-in with it, "" if that named none; None if no row tells."""
    rows = SignIn.objects.filter(connection=identity.connection_id, user=identity.user_id, state=SignInState.SUCCEEDED)
    for claims in rows.order_by("-id").values_list("claims", flat=True)[:20]:
        if claims and claims.get("name_id") == identity.subject:
            return str(claims.get("name_id_format", ""))
    return None
