"""Unsigned attributes in front of a signed assertion, to mislead code that reads before it verifies."""

from __future__ import annotations

import base64

from sso.services.sign_in.asserted import CLAIM_OBJECT_IDENTIFIER


def with_decoy(encoded: str, subject: str) -> str:
    """Put an attribute of ours into the envelope of a response of which only the assertion is signed."""
    data = base64.b64decode(encoded)
    decoy = (
        f'<samlp:Extensions><x:Attribute xmlns:x="urn:x" Name="{CLAIM_OBJECT_IDENTIFIER}">'
        f"<x:AttributeValue>{subject}</x:AttributeValue></x:Attribute></samlp:Extensions><samlp:Status>"
    )
    changed = data.replace(b"<samlp:Status>", decoy.encode(), 1)
    assert changed != data
    return base64.b64encode(changed).decode()
