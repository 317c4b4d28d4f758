"""Metadata as providers write it, made for these tests: one keyword for each thing that differs."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa

from sso.saml import MetadataProblem
from tests.saml.provider import ENTITY_ID, KeyPair, issue, key_pair

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:"
REDIRECT, POST, SOAP = (BINDINGS + each for each in ("HTTP-Redirect", "HTTP-POST", "SOAP"))
ENTITY = "https://idp.contoso.com/metadata"
SSO = "https://idp.contoso.com/sso"
ENTRA = "https://sts.windows.net/0f3c9b1e-6a52-4d0e-9c1d-5b7a2f6e8d41/"
ENTRA_SSO = "https://login.microsoftonline.com/0f3c9b1e-6a52-4d0e-9c1d-5b7a2f6e8d41/saml2"
BOM = "\ufeff"
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'


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


SP_ROLE = role('<AssertionConsumerService index="0" Location="https://a.test/" Binding="x"/>', name="SPSSODescriptor")
WS_FEDERATION = (
    '<RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fed="urn:fed" '
    f'xsi:type="fed:SecurityTokenServiceType" protocolSupportEnumeration="urn:fed">{key()}{key()}</RoleDescriptor>'
)


def ui(inside: str = "", more: str = "", **names: str) -> str:
    """The extensions of a role with its display names by language, and whatever more."""
    written = "".join(f'<mdui:DisplayName xml:lang="{each}">{name}</mdui:DisplayName>' for each, name in names.items())
    namespace = "urn:oasis:names:tc:SAML:metadata:ui"
    return f'<Extensions><mdui:UIInfo xmlns:mdui="{namespace}">{written}{inside}</mdui:UIInfo>{more}</Extensions>'


def aggregate(*, size: int, entities: int) -> Iterator[str]:
    """A federation's file of about `size` bytes in pieces: identity providers and service providers take turns."""
    yield f'<EntitiesDescriptor xmlns="{MD}" validUntil="2099-01-01T00:00:00Z">\n'
    for number in range(entities):
        names = ui(en=f"University {number}", de=f"Universit\u00e4t {number}")
        inside = SP_ROLE if number % 2 else role(names + key() + sso())
        written = entity(inside + "{}", f"https://idp{number}.example.test/")
        logo = "A" * max(0, size // entities - len(written))
        yield written.format(f"<Organization><OrganizationURL>{logo}</OrganizationURL></Organization>") + "\n"
    yield "</EntitiesDescriptor>"


VIEWER = "This XML file does not appear to have any style information associated with it."
PEM = f"-----BEGIN CERTIFICATE-----\n{base64_of(key_pair())}\n-----END CERTIFICATE-----"

# By name: valid metadata of `ENTITY` in every way that it is written.
WRITTEN = {
    "byte order mark": (BOM + DECLARATION + entity()).encode(),
    "two byte order marks": (BOM + BOM + DECLARATION + entity()).encode(),
    "no declaration": entity().encode(),
    "declaration without encoding": b'<?xml version="1.0"?>' + entity().encode(),
    "blank line in front": f"\r\n \t{DECLARATION}{entity()}".encode(),
    "comment in front": f"<!-- made by hand -->\n{DECLARATION}{entity()}".encode(),
    "licence behind the declaration": f"{DECLARATION}<!-- <EntityDescriptor> free --><!---->{entity()}".encode(),
    "UTF-16, little end": (BOM + '<?xml version="1.0" encoding="utf-16"?>' + entity()).encode("utf-16-le"),
    "UTF-16, big end": (BOM + entity()).encode("utf-16-be"),
    "UTF-16 that declares UTF-8": (BOM + DECLARATION + entity()).encode("utf-16-le"),
    "UTF-16 without a mark": (DECLARATION + entity()).encode("utf-16-le"),
    "Latin-1": ('<?xml version="1.0" encoding="ISO-8859-1"?>' + entity(attributes=' x="é"')).encode("latin-1"),
    "lines of Windows": entity().replace("><", ">\r\n<").encode(),
    "a browser's view": f"{VIEWER} The document tree is shown below.\n{entity()}\nnotes".encode(),
    "fold marks": f"- {entity()}".replace("><KeyD", ">\n- <KeyD").encode(),
    "prefixes": entity()
    .replace("<", "<md:")
    .replace("<md:/", "</md:")
    .replace("xmlns=", "xmlns:md=", 1)
    .replace("md:KeyInfo xmlns", "ds:KeyInfo xmlns:ds")
    .replace("md:X509", "ds:X509")
    .replace("/md:KeyInfo", "/ds:KeyInfo")
    .encode(),
    "list of one": entities(entity()).encode(),
    "list of lists": entities(entities(entity()), entity(SP_ROLE, "https://sp.test/")).encode(),
    "list with service providers": entities(entity(SP_ROLE, "https://sp.test/"), entity()).encode(),
    "provider and service provider at once": entity(SP_ROLE + role()).encode(),
    "WS-Federation roles first": entity(WS_FEDERATION + role()).encode(),
    "attribute authority beside it": entity(role() + role("", name="AttributeAuthorityDescriptor")).encode(),
    "SAML 1.1 beside it": entity(role("", protocol="urn:oasis:names:tc:SAML:1.1:protocol") + role()).encode(),
    "both protocols": entity(
        role(protocol="urn:oasis:names:tc:SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol")
    ).encode(),
    "odd cacheDuration": entity(attributes=' cacheDuration="P1DT"').encode(),
    "empty NameIDFormat": entity(role(key() + "<NameIDFormat/>" + sso())).encode(),
    "unknown bindings": entity(
        role(key() + sso("urn:x", SOAP) + sso("x", BINDINGS + "HTTP-Artifact") + sso())
    ).encode(),
    "key without use": entity(role(key(use=None) + sso())).encode(),
    "certificate in lines": entity(role(key("\n   ".join(base64_of(key_pair()))) + sso())).encode(),
    "certificate with no-break spaces": entity(
        role(key("\u00a0" + base64_of(key_pair()) + "\u200b\t") + sso())
    ).encode(),
    "PEM armour": entity(role(key(PEM) + sso())).encode(),
    "key info with https": entity(role(key(namespace="https://www.w3.org/2000/09/xmldsig#") + sso())).encode(),
    "key info in the metadata's namespace": entity(role(key(namespace=MD) + sso())).encode(),
    "the same key twice": entity(role(key() + key() + sso())).encode(),
    "the same binding twice": entity(role(key() + sso() + sso("https://other.test/"))).encode(),
    "blanks round the address": entity(role(key() + sso(f" {SSO}\n"))).encode(),
    "a broken signature": entity(f'<Signature xmlns="{DS}"><SignedInfo/></Signature>' + role()).encode(),
}

# By name: what else is uploaded, and what it has to be told apart as.
NOT_METADATA = {
    "nothing": (b"", MetadataProblem.EMPTY),
    "a byte order mark": (b"\xef\xbb\xbf\r\n", MetadataProblem.EMPTY),
    "a comment": (b"<!-- later -->", MetadataProblem.EMPTY),
    "too large": (b"<a>" + b" " * 1_000_000, MetadataProblem.TOO_LARGE),
    "cut off": (entity()[:-40].encode(), MetadataProblem.INCOMPLETE),
    "cut off in a tag": (entity()[:-5].encode(), MetadataProblem.INCOMPLETE),
    "an open comment": (b"<!-- " * 20_000, MetadataProblem.INCOMPLETE),
    "a web page": (b"\n<!DOCTYPE html><html><body>Sign in</body></html>", MetadataProblem.WEB_PAGE),
    "an old web page": (b"<HTML><HEAD></HEAD></HTML>", MetadataProblem.WEB_PAGE),
    "PEM": (PEM.encode(), MetadataProblem.CERTIFICATE),
    "DER": (key_pair().certificate.der, MetadataProblem.CERTIFICATE),
    "base64 of DER": (base64_of(key_pair()).encode(), MetadataProblem.CERTIFICATE),
    "private key": (key_pair().pem, MetadataProblem.PRIVATE_KEY),
    "OpenID configuration": (b'{"issuer": "https://login.microsoftonline.com/"}', MetadataProblem.JSON),
    "text": (b"Dear all, please find attached", MetadataProblem.OTHER_FILE),
    "zip": (b"PK\x03\x04" + bytes(range(256)), MetadataProblem.OTHER_FILE),
    "PDF": (b"%PDF-1.7", MetadataProblem.OTHER_FILE),
    "unreadable characters": (b'<EntityDescriptor entityID="\xe9"/>', MetadataProblem.ENCODING),
    "half of UTF-16": ((BOM + entity()).encode("utf-16-le")[:-1], MetadataProblem.ENCODING),
    "an encoding that hides": (b'<?xml version="1.0" encoding="utf-7"?><a b="\xff"/>', MetadataProblem.ENCODING),
    "DTD": (b"<!DOCTYPE EntityDescriptor><EntityDescriptor/>", MetadataProblem.DTD),
    "DTD behind a comment": (b"<!-- a --><!DOCTYPE x [<!ENTITY y 'z'>]><x>&y;</x>", MetadataProblem.DTD),
    "DTD in UTF-16": ((BOM + "<!DOCTYPE x><x/>").encode("utf-16-be"), MetadataProblem.DTD),
    "DTD behind remarks": (f"- <!DOCTYPE x>{entity()}".encode(), MetadataProblem.DTD),
    "curly quotes": (entity().replace('entityID="', "entityID=\u201c", 1).encode(), MetadataProblem.MALFORMED),
    "undeclared prefix": (entity("<ds:Signature/>").encode(), MetadataProblem.MALFORMED),
    "undeclared prefix of the root": (b'<md:EntitiesDescriptor Name="a"/>', MetadataProblem.MALFORMED),
    "an unknown entity": (entity(entity_id="&copy;").encode(), MetadataProblem.MALFORMED),
    "crowded element": (
        (b"<a " + b" ".join(b"a%d='b'" % n for n in range(60_000)) + b"/>"),
        MetadataProblem.MALFORMED,
    ),
    "very deep": (entity("<a>" * 5000 + "</a>" * 5000).encode(), MetadataProblem.MALFORMED),
    "very deep, and something else": (b"<a>" * 5000 + b"</a>" * 5000, MetadataProblem.OTHER_XML),
    "other XML": (b"<root>hello</root>", MetadataProblem.OTHER_XML),
    "no namespace": (entity(namespace="").encode(), MetadataProblem.NAMESPACE),
    "namespace of SAML 1": (
        entity(namespace="urn:oasis:names:tc:SAML:1.0:metadata").encode(),
        MetadataProblem.NAMESPACE,
    ),
    "empty list": (entities().encode(), MetadataProblem.NO_PROVIDER),
    "misspelt role": (entity(role(name="IDPSsoDescriptor")).encode(), MetadataProblem.NO_PROVIDER),
    "service provider": (entity(SP_ROLE).encode(), MetadataProblem.SERVICE_PROVIDER),
    "our own": (entity(SP_ROLE, ENTITY_ID).encode(), MetadataProblem.OUR_OWN),
    "WS-Federation only": (entity(WS_FEDERATION).encode(), MetadataProblem.WS_FEDERATION),
    "SAML 1.1 only": (
        entity(role(protocol="urn:oasis:names:tc:SAML:1.1:protocol")).encode(),
        MetadataProblem.SAML1,
    ),
    "no entityID": (entity(entity_id=None).encode(), MetadataProblem.NO_ENTITY_ID),
    "blank entityID": (entity(entity_id="  ").encode(), MetadataProblem.NO_ENTITY_ID),
    "endless entityID": (entity(entity_id="a" * 1025).encode(), MetadataProblem.ENTITY_ID_TOO_LONG),
    "Entra's common document": (
        entity(entity_id="https://sts.windows.net/{tenantid}/").encode(),
        MetadataProblem.ENTRA_COMMON,
    ),
    "Entra's common addresses": (
        entity(role(key() + sso("https://login.microsoftonline.com/common/saml2"))).encode(),
        MetadataProblem.ENTRA_COMMON,
    ),
    "Entra's own keys": (
        entity(
            role(key(base64_of(certificate(cn="accounts.accesscontrol.windows.net"))) + sso(ENTRA_SSO)), ENTRA
        ).encode(),
        MetadataProblem.ENTRA_TENANT,
    ),
    "no key": (entity(role(sso())).encode(), MetadataProblem.NO_SIGNING_KEY),
    "key without certificate": (
        entity(
            role(f'<KeyDescriptor><KeyInfo xmlns="{DS}"><KeyName>a</KeyName></KeyInfo></KeyDescriptor>' + sso())
        ).encode(),
        MetadataProblem.NO_SIGNING_KEY,
    ),
    "encryption key only": (entity(role(key(use="encryption") + sso())).encode(), MetadataProblem.NO_SIGNING_KEY),
    "placeholder": (entity(role(key("PLACEHOLDER TEXT") + sso())).encode(), MetadataProblem.UNREADABLE_KEY),
    "not a certificate": (entity(role(key("QUJD") + sso())).encode(), MetadataProblem.UNREADABLE_KEY),
    "1024 bits": (
        entity(role(key(base64_of(certificate(bits=1024))) + sso())).encode(),
        MetadataProblem.WEAK_KEY,
    ),
    "no address": (entity(role(key())).encode(), MetadataProblem.NO_SIGN_IN_ADDRESS),
    "artifact only": (
        entity(role(key() + sso(SSO, BINDINGS + "HTTP-Artifact"))).encode(),
        MetadataProblem.NO_SIGN_IN_ADDRESS,
    ),
}
