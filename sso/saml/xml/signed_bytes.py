"""The very bytes that a signature covers, made a second time, so that nothing else has to be read."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lxml import etree

from sso.saml.xml.parsing import parse_utf8

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE_NAMESPACE = "{http://www.w3.org/2001/10/xml-exc-c14n#}"


@dataclass(frozen=True, slots=True)
class SignedInfo:
    """What a signature says of itself: the bytes that its value is made over, and `element`, parsed from them.

    Nothing is read from the SignedInfo that arrived but how to make these bytes (its canonicalization).
    """

    data: bytes
    element: etree._Element

    @classmethod
    def of(cls, signature: etree._Element) -> "SignedInfo":
        """Only for a signature of which signed_info.py has checked the canonicalization."""
        data = signed_info_bytes(signature)
        return cls(data, parse_utf8(data))

    @property
    def signature_method(self) -> str:
        """The URI of the algorithm that made the signature's value."""
        return self.element[1].get("Algorithm", "")

    @property
    def reference(self) -> etree._Element:
        """The one Reference: Transforms, DigestMethod, DigestValue."""
        return self.element[2]

    @property
    def digest_method(self) -> str:
        """The URI of the algorithm that made the digest."""
        return self.reference[1].get("Algorithm", "")

    @property
    def digest(self) -> bytes:
        """The digest of the signed element, as the signer saw it."""
        return base64.b64decode("".join((self.reference[2].text or "").split()))


def signed_info_bytes(signature: etree._Element) -> bytes:
    """Return the canonical form of a signature's SignedInfo, which is what the signature value was made over.

    signed_info.py lets exclusive and inclusive canonicalization through there.
    """
    info = signature[0]
    exclusive, prefixes = not info[0].get("Algorithm", "").startswith(INCLUSIVE), _prefixes(info[0])
    bare = info if exclusive and not prefixes else _in_scope(info)
    return _canonical(bare, exclusive=exclusive, prefixes=prefixes)


def signed_bytes(signature: etree._Element, info: SignedInfo) -> bytes:
    """Return the canonical form of the element a signature stands in, without that signature.

    Only for a signature whose SignedInfo has been held against the list of what is allowed: these are then exactly the
    transforms it names (XML Signature 6.6.4 and Exclusive XML Canonicalization 1.0). Whoever calls compares the digest.
    """
    signed = signed_element(signature)
    exclusive, prefixes = _canonicalization(info)
    with _taken_out(signature, signed):
        bare = signed if exclusive and not prefixes else _in_scope(signed)
        return _canonical(bare, exclusive=exclusive, prefixes=prefixes)


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


def _canonicalization(info: SignedInfo) -> tuple[bool, list[str]]:
    """Without a transform for it, plain canonicalization is the default (XML Signature 4.4.3.2)."""
    for transform in info.reference[0]:
        if transform.get("Algorithm", "").startswith(EXCLUSIVE):
            return True, _prefixes(transform)
    return False, []


def _prefixes(canonicalization: etree._Element) -> list[str]:
    listed = canonicalization.find(EXCLUSIVE_NAMESPACE + "InclusiveNamespaces")
    return [] if listed is None else listed.get("PrefixList", "").split()


@contextmanager
def _taken_out(signature: etree._Element, signed: etree._Element) -> Iterator[None]:
    """Without its signature for a moment, which is faster than a copy. The text behind the signature stays."""
    at, tail = signed.index(signature), signature.tail
    before, text = (signed[at - 1], "tail") if at else (signed, "text")
    original = getattr(before, text)
    signed.remove(signature)
    if tail:
        setattr(before, text, (original or "") + tail)
    try:
        yield
    finally:
        if tail:
            setattr(before, text, original)
        signed.insert(at, signature)


def _in_scope(element: etree._Element) -> etree._Element:
    """The same as a document of its own, with every declaration in scope: prefix lists and plain canonicalization ask
    for them, used or not. Written and read again, since copies lose those that repeat another one.
    """
    return parse_utf8(etree.tostring(element, encoding="utf-8", with_tail=False))
