"""The very bytes that a signature covers, made a second time, so that nothing else has to be read."""

from copy import deepcopy
from typing import cast

from lxml import etree

from sso.saml.names import DS

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
EXCLUSIVE_NAMESPACE = "{http://www.w3.org/2001/10/xml-exc-c14n#}"


def signed_info_bytes(signature: etree._Element) -> bytes:
    """Return the canonical form of a signature's SignedInfo, which is what the signature value was made over.

    Exclusive is the only one that signed_info.py lets through there.
    """
    info = signature[0]
    prefixes = _prefixes(info[0])
    return _canonical(_in_scope(info, deepcopy(info)) if prefixes else info, exclusive=True, prefixes=prefixes)


def signed_bytes(signature: etree._Element) -> bytes:
    """Return the canonical form of the element a signature stands in, without that signature.

    Only for a signature whose SignedInfo has been held against the list of what is allowed: these are then exactly the
    transforms it names (XML Signature 6.6.4 and Exclusive XML Canonicalization 1.0). Whoever calls compares the digest.
    """
    signed = signed_element(signature)
    copy = _without(signature, signed)
    exclusive, prefixes = _canonicalization(signature)
    if prefixes or not exclusive:
        copy = _in_scope(signed, copy)
    return _canonical(copy, exclusive=exclusive, prefixes=prefixes)


def _canonical(element: etree._Element, *, exclusive: bool, prefixes: list[str]) -> bytes:
    return etree.tostring(
        element, method="c14n", exclusive=exclusive, inclusive_ns_prefixes=prefixes or None, with_comments=False
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
            return True, _prefixes(transform)
    return False, []


def _prefixes(canonicalization: etree._Element) -> list[str]:
    listed = canonicalization.find(EXCLUSIVE_NAMESPACE + "InclusiveNamespaces")
    return [] if listed is None else listed.get("PrefixList", "").split()


def _without(signature: etree._Element, signed: etree._Element) -> etree._Element:
    """Copy the signed element, but leave the signature out."""
    copy = deepcopy(signed)
    left_out = copy[signed.index(signature)]
    before, tail = left_out.getprevious(), left_out.tail
    copy.remove(left_out)
    # The text behind the signature stays when the signature goes.
    if tail and before is None:
        copy.text = (copy.text or "") + tail
    elif tail and before is not None:
        before.tail = (before.tail or "") + tail
    return copy


def _in_scope(original: etree._Element, copy: etree._Element) -> etree._Element:
    """Declare what is in scope at the original, used or not: prefix lists and plain canonicalization ask for it.

    lxml copies only the declarations that an element makes or uses.
    """
    # lxml's stubs don't know the default namespace, whose prefix is None.
    scope = cast("dict[str, str]", original.nsmap)
    element = etree.Element(copy.tag, {str(k): str(v) for k, v in copy.attrib.items()}, nsmap=scope)
    element.text = copy.text
    element.extend(list(copy))
    return element
