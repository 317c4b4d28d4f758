"""Limits on the work that a message may ask of xmlsec, checked once more before xmlsec sees it.

xmlsec runs the transforms of a signature before it verifies the signature's value, so that a few kilobytes can cost
minutes or gigabytes (python3-saml, advisory GHSA-8mmq-f9vf-8fg2). envelope.py and signed_info.py have refused such
messages long before. These limits are implemented in another way, so that a mistake in one of the two costs nothing.
"""

from lxml import etree

from sso.saml.xml.envelope import MAX_BYTES, MAX_DECLARATIONS, MAX_ELEMENTS
from sso.saml.xml.names import DS

_MAX_SIGNATURES = 2
_MAX_PREFIXES_LENGTH = 1024
_EXCLUSIVE = {"http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"}
_TRANSFORMS = _EXCLUSIVE | {"http://www.w3.org/2000/09/xmldsig#enveloped-signature"}
_CANONICALIZATIONS = _EXCLUSIVE | {
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
}


def excess_of_bytes(data: bytes) -> str:
    """Return what in a message or decrypted assertion could cost time, "" if nothing."""
    if len(data) > MAX_BYTES:
        return "too many bytes"
    # Each element has at most two tags; declarations repeated in deep trees take canonicalization longest.
    if data.count(b"<") > 2 * MAX_ELEMENTS or data.count(b"xmlns") > MAX_DECLARATIONS:
        return "too much markup"
    return ""


def excess_of_signatures(document: etree._Element) -> str:
    """Return what in the signatures of a document could cost time, "" if nothing."""
    signatures = list(document.iter(DS + "Signature"))
    if len(signatures) > _MAX_SIGNATURES:
        return "too many signatures"
    return next(filter(None, map(_excess, signatures)), "")


def _excess(signature: etree._Element) -> str:
    transforms = [each.get("Algorithm") for each in signature.iter(DS + "Transform")]
    canonicalizations = [each.get("Algorithm") for each in signature.iter(DS + "CanonicalizationMethod")]
    prefixes = [each.get("PrefixList", "") for each in signature.iter("{*}InclusiveNamespaces")]
    if sum(1 for _ in signature.iter(DS + "Reference")) > 1:
        return "too many references"
    if not _TRANSFORMS.issuperset(transforms) or len(set(transforms)) != len(transforms):
        return "transforms that SAML has no use for"
    if not _CANONICALIZATIONS.issuperset(canonicalizations):
        return "a canonicalization that SAML has no use for"
    if len("".join(prefixes)) > _MAX_PREFIXES_LENGTH:
        return "too many prefixes"
    return ""
