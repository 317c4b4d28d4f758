"""Reading and checking what the simulator writes, with xmlsec and the standard's own schemas."""

import base64
import importlib.util
import zlib
from pathlib import Path

import xmlsec
from lxml import etree
from xmlsec import constants

from simulator import SigningKey

NAMESPACES = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "fed": "http://docs.oasis-open.org/wsfed/federation/200706",
}


def decoded(saml_response: str) -> etree._Element:
    """The Response element inside a SAMLResponse form value."""
    return etree.fromstring(base64.b64decode(saml_response, validate=True))


def found(root: etree._Element, path: str) -> list[str]:
    """The text or attribute values at an XPath."""
    return [hit if isinstance(hit, str) else (hit.text or "") for hit in root.xpath(path, namespaces=NAMESPACES)]


def verify(signed: etree._Element, key: SigningKey) -> None:
    """Raise xmlsec.Error unless `signed` has its own enveloped signature by `key`."""
    signature = signed.find("ds:Signature", NAMESPACES)
    assert signature is not None, "no signature of its own"
    reference = signature.find("ds:SignedInfo/ds:Reference", NAMESPACES)
    assert reference is not None
    assert reference.get("URI") == f"#{signed.get('ID')}"
    xmlsec.tree.add_ids(signed, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key.certificate_pem, constants.KeyDataFormatCertPem)
    context.verify(signature)


def schema(name: str) -> etree.XMLSchema:
    """One of the schema files that python3-saml ships, such as 'protocol' or 'metadata'."""
    package = importlib.util.find_spec("onelogin")
    assert package is not None
    assert package.submodule_search_locations is not None
    folder = Path(package.submodule_search_locations[0]) / "saml2" / "schemas"
    return etree.XMLSchema(etree.parse(folder / f"saml-schema-{name}-2.0.xsd"))


def authn_request(
    issuer: str = "https://amplisso.example/saml/2/metadata/10001",
    *,
    attributes: str = "",
    inside: str = "",
    request_id: str = "_request",
) -> str:
    """The XML of a request; `attributes` and `inside` are put in as they are."""
    return (
        '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
        f'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{request_id}" Version="2.0" '
        f'IssueInstant="2026-01-01T00:00:00Z" {attributes}>'
        f"<saml:Issuer>{issuer}</saml:Issuer>{inside}</samlp:AuthnRequest>"
    )


def deflated(xml: str | bytes) -> str:
    """The value of SAMLRequest for the Redirect binding, before it is URL-encoded."""
    data = xml.encode() if isinstance(xml, str) else xml
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return base64.b64encode(packer.compress(data) + packer.flush()).decode()
