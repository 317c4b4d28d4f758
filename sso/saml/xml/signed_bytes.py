"""Making the bytes that a signature covers a second time, so that nothing else has to be read."""

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
    """A signature's SignedInfo: the bytes that its value is made over, and `element`, parsed from them.

    Only how to make these bytes (the canonicalization) is read from the SignedInfo that arrived.
    """

    data: bytes
    element: etree._Element

    @classmethod
    def of(cls, signature: etree._Element) -> "SignedInfo":
        """Return the SignedInfo of a signature whose canonicalization signed_info.py has checked."""
        data = signed_info_bytes(signature)
        return cls(data, parse_utf8(data))

    @property
    def signature_method(self) -> str:
        """Return the URI of the algorithm that made the signature's value."""
        return self.element[1].get("Algorithm", "")

    @property
    def reference(self) -> etree._Element:
        """Return the one Reference: Transforms, DigestMethod, DigestValue."""
        return self.element[2]

    @property
    def digest_method(self) -> str:
        """Return the URI of the algorithm that made the digest."""
        return self.reference[1].get("Algorithm", "")

    @property
    def digest(self) -> bytes:
        """Return the digest of the signed element, as the signer computed it."""
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

    Only for a signature whose SignedInfo has been checked against the list of what is allowed: these are then exactly
    the transforms it names (XML Signature 6.6.4 and Exclusive XML Canonicalization 1.0). Callers compare the digest.
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
    """Return the element a signature stands in, which is the one that it signs."""
    signed = signature.getparent()
    if signed is None:
        raise ValueError("a signature can't be the document")
    return signed


def _canonicalization(info: SignedInfo) -> tuple[bool, list[str]]:
    """Return whether canonicalization is exclusive, and its prefixes; the default is plain (XML Signature 4.4.3.2)."""
    for transform in info.reference[0]:
        if transform.get("Algorithm", "").startswith(EXCLUSIVE):
            return True, _prefixes(transform)
    return False, []


def _prefixes(canonicalization: etree._Element) -> list[str]:
    listed = canonicalization.find(EXCLUSIVE_NAMESPACE + "InclusiveNamespaces")
    return [] if listed is None else listed.get("PrefixList", "").split()


@contextmanager
def _taken_out(signature: etree._Element, signed: etree._Element) -> Iterator[None]:
    """Remove a signature for a moment, which is faster than a copy. The text behind it stays."""
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
    """Return the element as a document of its own, with every declaration in scope, used or not.

    Prefix lists and plain canonicalization ask for them. Written and read again, since copies lose declarations that
    repeat another one.
    """
    return parse_utf8(etree.tostring(element, encoding="utf-8", with_tail=False))
