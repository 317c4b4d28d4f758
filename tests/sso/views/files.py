"""Metadata files as providers write them, with certificates that end when a test wants them to."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.saml.metadata_files import ui
from tests.saml.provider import issue

ENTITY_ID = "https://sts.windows.net/0f3c9b1e-6a52-4d0e-9c1d-5b7a2f6e8d41/"
SIGN_IN = "https://login.microsoftonline.com/0f3c9b1e/saml2"
NAMES = ("Contoso University", "Fabrikam-Hochschule Göteborg", "Zürich ETH")
_MD = "urn:oasis:names:tc:SAML:2.0:metadata"
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


@cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def certificate(days: int = 900, begins: int = -30) -> str:
    """A signing certificate in base64 that is valid from `begins` days from now until `days` from now."""
    now = datetime.now(UTC)
    pair = issue(_key(), now + timedelta(days=begins), now + timedelta(days=days))
    return base64.b64encode(pair.certificate.der).decode()


def descriptor(entity_id: str = ENTITY_ID, *, sign_in: str = SIGN_IN, certificates: tuple[str, ...] = ()) -> str:
    """One EntityDescriptor."""
    keys = "".join(
        f'<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>'
        f"<X509Certificate>{each}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
        for each in certificates or (certificate(),)
    )
    return (
        f'<EntityDescriptor xmlns="{_MD}" entityID="{entity_id}">'
        f'<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}'
        f'<SingleSignOnService Binding="{_REDIRECT}" Location="{sign_in}"/></IDPSSODescriptor></EntityDescriptor>'
    )


def several(*entity_ids: str) -> str:
    """A file that describes several providers."""
    return f'<EntitiesDescriptor xmlns="{_MD}">{"".join(map(descriptor, entity_ids))}</EntitiesDescriptor>'


def federation(names: tuple[str, ...] = NAMES, padding: int = 0) -> str:
    """A federation's file; with `padding` more characters in each entry it is no small one."""
    entries = (
        descriptor(f"https://idp{number}.example/").replace(
            "<KeyDescriptor", f"{ui(en=name, more='<x>' + 'A' * padding + '</x>')}<KeyDescriptor", 1
        )
        for number, name in enumerate(names)
    )
    return f'<EntitiesDescriptor xmlns="{_MD}">{"".join(entries)}</EntitiesDescriptor>'


def large(names: tuple[str, ...] = NAMES) -> str:
    """One that goes to the disk."""
    return federation(names, padding=900_000)


def uploaded(text: str | bytes, name: str = "contoso.xml") -> SimpleUploadedFile:
    """A file as a browser sends it."""
    return SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode(), "text/xml")
