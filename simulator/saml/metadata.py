"""Federation metadata in Entra's shape: byte order mark, one line, three times the same keys."""

import codecs
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from simulator.saml.claims import IDENTITY, WS2005
from simulator.saml.keys import SigningKey
from simulator.saml.responses import SAMLP, new_id
from simulator.saml.signing import DS, no_prefix, sign

MD: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
FED: Final = "http://docs.oasis-open.org/wsfed/federation/200706"
AUTH: Final = "http://docs.oasis-open.org/wsfed/authorization/200706"
WSA: Final = "http://www.w3.org/2005/08/addressing"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
DECLARATION: Final = b'<?xml version="1.0" encoding="utf-8"?>'
OFFERED: Final = {
    f"{WS2005}name": "Name",
    f"{WS2005}givenname": "Given Name",
    f"{WS2005}surname": "Surname",
    f"{WS2005}emailaddress": "Email",
    f"{IDENTITY}displayname": "Display Name",
    f"{IDENTITY}objectidentifier": "Object Identifier",
    f"{IDENTITY}tenantid": "Tenant",
    f"{IDENTITY}identityprovider": "Identity Provider",
}


@dataclass(frozen=True)
class Document:
    """The contents of one metadata document. The first of `keys` need not be the one in use."""

    entity_id: str
    sso_url: str
    passive_url: str
    keys: Sequence[SigningKey]
    signed_by: SigningKey


AddEndpoints = Callable[[etree._Element, Document], None]


def write(document: Document) -> bytes:
    """Return the signed document: UTF-8 with byte order mark, no line break anywhere."""
    root = etree.Element(
        f"{{{MD}}}EntityDescriptor",
        nsmap=no_prefix(MD),
        attrib={"ID": new_id(), "entityID": document.entity_id},
    )
    root.append(_role(document, "SecurityTokenServiceType", _token_service_endpoints))
    root.append(_role(document, "ApplicationServiceType", _application_endpoints))
    root.append(_identity_provider(document))
    sign(root, document.signed_by, position=0, shown=document.signed_by)
    return codecs.BOM_UTF8 + DECLARATION + etree.tostring(root, encoding="utf-8")


def _role(document: Document, kind: str, add_endpoints: AddEndpoints) -> etree._Element:
    role = etree.Element(
        f"{{{MD}}}RoleDescriptor",
        nsmap={"xsi": XSI, "fed": FED},
        attrib={f"{{{XSI}}}type": f"fed:{kind}", "protocolSupportEnumeration": FED},
    )
    _add_keys(role, document.keys)
    add_endpoints(role, document)
    return role


def _token_service_endpoints(role: etree._Element, document: Document) -> None:
    offered = etree.SubElement(role, f"{{{FED}}}ClaimTypesOffered")
    for uri, label in OFFERED.items():
        claim = etree.SubElement(offered, f"{{{AUTH}}}ClaimType", nsmap={"auth": AUTH}, attrib={"Uri": uri})
        etree.SubElement(claim, f"{{{AUTH}}}DisplayName").text = label
    _add_endpoint(role, "SecurityTokenServiceEndpoint", document.passive_url)
    _add_endpoint(role, "PassiveRequestorEndpoint", document.passive_url)


def _application_endpoints(role: etree._Element, document: Document) -> None:
    _add_endpoint(role, "TargetScopes", document.entity_id)
    _add_endpoint(role, "ApplicationServiceEndpoint", document.passive_url)
    _add_endpoint(role, "PassiveRequestorEndpoint", document.passive_url)


def _add_endpoint(role: etree._Element, name: str, address: str) -> None:
    endpoint = etree.SubElement(role, f"{{{FED}}}{name}")
    reference = etree.SubElement(endpoint, f"{{{WSA}}}EndpointReference", nsmap={"wsa": WSA})
    etree.SubElement(reference, f"{{{WSA}}}Address").text = address


def _identity_provider(document: Document) -> etree._Element:
    role = etree.Element(
        f"{{{MD}}}IDPSSODescriptor",
        attrib={"protocolSupportEnumeration": SAMLP},
        nsmap=no_prefix(MD),
    )
    _add_keys(role, document.keys)
    for name, binding in (
        ("SingleLogoutService", REDIRECT),
        ("SingleSignOnService", REDIRECT),
        ("SingleSignOnService", POST),
    ):
        service = etree.SubElement(role, f"{{{MD}}}{name}")
        service.set("Binding", binding)
        service.set("Location", document.sso_url)
    return role


def _add_keys(role: etree._Element, keys: Sequence[SigningKey]) -> None:
    for key in keys:
        descriptor = etree.SubElement(role, f"{{{MD}}}KeyDescriptor", use="signing")
        info = etree.SubElement(descriptor, f"{{{DS}}}KeyInfo", nsmap=no_prefix(DS))
        data = etree.SubElement(info, f"{{{DS}}}X509Data")
        etree.SubElement(data, f"{{{DS}}}X509Certificate").text = key.certificate_base64
