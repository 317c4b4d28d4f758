"""The very bytes that a signature covers, made a second time, so that nothing else has to be read."""

from copy import deepcopy
from typing import cast

from lxml import etree

from sso.saml.names import DS

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
EXCLUSIVE_NAMESPACE = "{http://www.w3.org/2001/10/xml-exc-c14n#}"


def signed_bytes(signature: etree._Element) -> bytes:
    """Return the canonical form of the element a signature stands in, without that signature.

    Only for a signature whose SignedInfo has been held against the list of what is allowed: these are then exactly the
    transforms it names (XML Signature 6.6.4 and Exclusive XML Canonicalization 1.0). Whoever calls compares the digest.
    """
    exclusive, prefixes = _canonicalization(signature)
    return etree.tostring(
        _without(signature),
        method="c14n",
        exclusive=exclusive,
        inclusive_ns_prefixes=prefixes or None,
        with_comments=False,
    )


def signed_element(signature: etree._Element) -> etree._Element:
    """The element a signature stands in, which is the one that it signs."""
    signed = signature.getparent()
    if signed is None:
        raise ValueError("a signature can't be the document")
    return signed


def _canonicalization(signature: etree._Element) -> tuple[bool, list[str]]:
    """Without a transform for it, plain canonicalization is the default (XML Signature 4.4.3.2)."""
    path = f"{DS}SignedInfo/{DS}Reference/{DS}Transforms/{DS}Transform"
    for transform in signature.iterfind(path):
        if transform.get("Algorithm", "").startswith(EXCLUSIVE):
            listed = transform.find(EXCLUSIVE_NAMESPACE + "InclusiveNamespaces")
            return True, [] if listed is None else listed.get("PrefixList", "").split()
    return False, []


def _without(signature: etree._Element) -> etree._Element:
    """Copy the signed element, with every namespace in scope there, but not the signature itself."""
    signed = signed_element(signature)
    # lxml's stubs don't know the default namespace, whose prefix is None.
    scope = cast("dict[str, str]", signed.nsmap)
    copy = etree.Element(signed.tag, {str(k): str(v) for k, v in signed.attrib.items()}, nsmap=scope)
    copy.text = signed.text
    for child in signed:
        if child is signature:
            _append_text(copy, child.tail)
        else:
            copy.append(deepcopy(child))
    return copy


def _append_text(element: etree._Element, text: str | None) -> None:
    """The text behind the signature stays when the signature goes."""
    if not text:
        return
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text
