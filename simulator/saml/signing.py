"""Enveloped XML signatures, laid out as Entra lays them out: no prefix, no line breaks."""

from typing import Final

import xmlsec
from lxml import etree
from xmlsec import constants

from simulator.saml.keys import SigningKey

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = f"{DS}enveloped-signature"
SIGNATURE_METHODS: Final = {
    "sha1": f"{DS}rsa-sha1",
    "sha256": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
}
DIGEST_METHODS: Final = {
    "sha1": f"{DS}sha1",
    "sha256": "http://www.w3.org/2001/04/xmlenc#sha256",
}


def no_prefix(uri: str) -> dict[str, str]:
    """Return an lxml namespace map in which the elements of `uri` have no prefix."""
    return {None: uri}  # type: ignore[dict-item]  # the stubs know of named prefixes only


def sign(
    element: etree._Element,
    key: SigningKey,
    *,
    position: int,
    shown: SigningKey | None = None,
    signature_method: str = "sha256",
    digest_method: str = "sha256",
) -> etree._Element:
    """Sign `element` by its ID with `key`, put ds:Signature at `position`, and return it.

    `shown` is the key whose certificate goes into KeyInfo; None leaves KeyInfo out.
    Methods are 'sha1', 'sha256' or an algorithm URI.
    """
    signature = _template(
        element.attrib["ID"],
        SIGNATURE_METHODS.get(signature_method, signature_method),
        DIGEST_METHODS.get(digest_method, digest_method),
    )
    element.insert(position, signature)
    _fill(element, signature, key)
    if shown is not None:
        data = _add(_add(signature, "KeyInfo"), "X509Data")
        _add(data, "X509Certificate").text = shown.certificate_base64
    return signature


def _template(reference: str | bytes, signature_method: str, digest_method: str) -> etree._Element:
    signature = etree.Element(f"{{{DS}}}Signature", nsmap=no_prefix(DS))
    info = _add(signature, "SignedInfo")
    _add(info, "CanonicalizationMethod", EXCLUSIVE)
    _add(info, "SignatureMethod", signature_method)
    target = _add(info, "Reference")
    target.set("URI", f"#{reference!s}")
    transforms = _add(target, "Transforms")
    _add(transforms, "Transform", ENVELOPED)
    _add(transforms, "Transform", EXCLUSIVE)
    _add(target, "DigestMethod", digest_method)
    _add(target, "DigestValue")
    _add(signature, "SignatureValue")
    return signature


def _add(parent: etree._Element, name: str, algorithm: str = "") -> etree._Element:
    child = etree.SubElement(parent, f"{{{DS}}}{name}")
    if algorithm:
        child.set("Algorithm", algorithm)
    return child


def _fill(element: etree._Element, signature: etree._Element, key: SigningKey) -> None:
    xmlsec.tree.add_ids(element, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key.private_pem, constants.KeyDataFormatPem)
    context.sign(signature)
    value = signature.find(f"{{{DS}}}SignatureValue")
    if value is not None and value.text:
        # Not covered by the signature, and Entra writes everything on one line.
        value.text = "".join(value.text.split())
