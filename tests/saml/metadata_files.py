"""Metadata as providers write it, made for these tests: one keyword for each thing that differs."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa

from tests.saml.provider import KeyPair, issue, key_pair

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:"
REDIRECT, POST, SOAP = (BINDINGS + each for each in ("HTTP-Redirect", "HTTP-POST", "SOAP"))
ENTITY = "https://idp.example.test/metadata"
SSO = "https://idp.example.test/sso"


@cache
def certificate(begin: int = 2025, end: int = 2035, cn: str = "idp.example.test", bits: int = 2048) -> KeyPair:
    """A certificate valid from one January to another; the key is new for each."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return issue(key, datetime(begin, 1, 1, tzinfo=UTC), datetime(end, 1, 1, tzinfo=UTC), cn)


def base64_of(pair: KeyPair) -> str:
    """The certificate as an X509Certificate element holds it."""
    return base64.b64encode(pair.certificate.der).decode()


def key(text: str = "", use: str | None = "signing", namespace: str = DS) -> str:
    """One KeyDescriptor."""
    attribute = "" if use is None else f' use="{use}"'
    return (
        f'<KeyDescriptor{attribute}><KeyInfo xmlns="{namespace}"><X509Data><X509Certificate>'
        f"{text or base64_of(key_pair())}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
    )


def endpoint(service: str, binding: str, location: str, response: str = "") -> str:
    """One SingleSignOnService or SingleLogoutService."""
    more = f' ResponseLocation="{response}"' if response else ""
    return f'<{service} Binding="{binding}" Location="{location}"{more}/>'


def sso(location: str = SSO, binding: str = REDIRECT) -> str:
    """One sign-in address."""
    return endpoint("SingleSignOnService", binding, location)


def role(
    inside: str | None = None, attributes: str = "", protocol: str = PROTOCOL, name: str = "IDPSSODescriptor"
) -> str:
    """One IDPSSODescriptor."""
    content = key() + sso() if inside is None else inside
    return f'<{name} protocolSupportEnumeration="{protocol}"{attributes}>{content}</{name}>'


def entity(inside: str | None = None, entity_id: str | None = ENTITY, attributes: str = "", namespace: str = MD) -> str:
    """One EntityDescriptor, without declaration."""
    identity = "" if entity_id is None else f' entityID="{entity_id}"'
    content = role() if inside is None else inside
    return f'<EntityDescriptor xmlns="{namespace}"{identity}{attributes}>{content}</EntityDescriptor>'


def entities(*inside: str) -> str:
    """An aggregate."""
    return f'<EntitiesDescriptor xmlns="{MD}">{"".join(inside)}</EntitiesDescriptor>'
