"""The rules for what a signature may ask for, checked before any of it is done.

XML Signature lets a document name what is done to it before its signature is verified: a few kilobytes without any
valid signature can cost libraries minutes. Our own reader understands no more than this short list, and nothing else
gets so far (SAML core 5.4).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from sso.saml.response.context import ResponseContext
from sso.saml.rule_result import RuleResult, failed, passed, shown
from sso.saml.verdict import Fault
from sso.saml.xml.names import DS
from sso.saml.xml.signed_bytes import EXCLUSIVE, EXCLUSIVE_NAMESPACE, INCLUSIVE

_ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_CANONICAL = (EXCLUSIVE, EXCLUSIVE + "WithComments")
# The schema of SignedInfo alone, which has no enclosing element that the standard does not know.
_OF_SIGNED_INFO = (*_CANONICAL, INCLUSIVE, INCLUSIVE + "#WithComments")
# Transforms that providers could name without a mistake, though none is accepted: other canonicalizations.
_HARMLESS = ("http://www.w3.org/TR/2001/REC-xml-c14n", "http://www.w3.org/2006/12/xml-c14n11", EXCLUSIVE, _ENVELOPED)
_SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
_RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"

SIGNATURE_METHODS = frozenset(
    f"{_MORE}{key}-{digest}" for key in ("rsa", "ecdsa") for digest in ("sha256", "sha384", "sha512")
)
DIGESTS = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
    _SHA1: "sha1",
}
_FORGEABLE = re.compile(r"md5|\bsha1\b", re.IGNORECASE)
# The limit is low because each prefix is looked up again for each element.
_MAX_PREFIXES = 32
# As many transforms as could be there by mistake; a long list only costs time.
_MOST_HARMLESS = 4
# Possessive: the schema lets stray characters pass here, and giving blanks back one by one would take minutes.
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]++={0,2}\s*+", re.ASCII)
_SIGNATURE = [DS + "SignedInfo", DS + "SignatureValue"]
_SIGNATURE_WITH_KEY = [*_SIGNATURE, DS + "KeyInfo"]
_SIGNED_INFO = [DS + "CanonicalizationMethod", DS + "SignatureMethod", DS + "Reference"]
_REFERENCE = [DS + "Transforms", DS + "DigestMethod", DS + "DigestValue"]
_TRANSFORM = DS + "Transform"
_PREFIX_LISTS: tuple[list[str], ...] = ([], [EXCLUSIVE_NAMESPACE + "InclusiveNamespaces"])
# Keycloak names and repeats its key. None of it is ever read: the keys come from the metadata.
_KEY_INFO = {DS + "X509Data", DS + "KeyName", DS + "KeyValue"}


class _Mistake(NamedTuple):
    """A mistake in a signature, and the fault behind it."""

    words: str
    fault: Fault


def signature_places(context: ResponseContext) -> RuleResult:
    """Check that each signature stands in the element it signs: the response or its assertion, each at most once."""
    parents = [signature.getparent() for signature in context.signatures]
    allowed = [context.root, context.unverified_assertion]
    in_place = all(any(parent is place for place in allowed) for parent in parents)
    return RuleResult(
        bool(parents) and in_place and len({id(parent) for parent in parents}) == len(parents),
        "one signature in the response, in its assertion, or in each",
        ", ".join(f"one in {shown(_tag(parent), 80)}" for parent in parents[:4]) or "no signature",
        Fault.HOSTILE if parents else None,
    )


def signed_info(context: ResponseContext) -> RuleResult:
    """Check for one reference, to the element the signature stands in, by the two transforms that SAML knows."""
    mistake = next(_mistakes(context), None)
    expected = "one reference to the signed element, enveloped-signature and exclusive canonicalization"
    if mistake is None:
        return passed(expected, "as expected")
    return failed(expected, shown(mistake.words), mistake.fault)


def algorithms(context: ResponseContext) -> RuleResult:
    """Check for RSA or ECDSA with SHA-2; SHA-1 until a date that an admin has set for this connection."""
    until = context.identity_provider.sha1_until
    sha1 = until is not None and context.now < until
    methods = SIGNATURE_METHODS | ({_RSA_SHA1} if sha1 else set())
    digests = DIGESTS.keys() - (set() if sha1 else {_SHA1})
    used = [(info.signature_method, info.digest_method) for info in context.signed_infos]
    names = sorted({name.rpartition("#")[2] for pair in used for name in pair})
    return RuleResult(
        all(method in methods and digest in digests for method, digest in used),
        "RSA or ECDSA with SHA-256, SHA-384 or SHA-512"
        + (f", or SHA-1, accepted until {until:%Y-%m-%d}" if sha1 else ""),
        shown(", ".join(names)),
        _fault_of_algorithms(names),
    )


def _fault_of_algorithms(names: list[str]) -> Fault | None:
    """Return the fault of refused algorithms: HOSTILE for an HMAC, whose secret would be the public certificate.

    None for one that can be forged, else UNUSUAL.
    """
    if any("hmac" in name.lower() for name in names):
        return Fault.HOSTILE
    return None if any(_FORGEABLE.search(name) for name in names) else Fault.UNUSUAL


def key_info(context: ResponseContext) -> RuleResult:
    """Check that KeyInfo is absent or has kinds that can be ignored; nothing that points elsewhere."""
    kinds = [
        str(child.tag)
        for signature in context.signatures
        for info in signature.iterchildren(DS + "KeyInfo")
        for child in info
    ]
    return RuleResult(
        all(kind in _KEY_INFO for kind in kinds),
        "nothing but X509Data, KeyName and KeyValue",
        shown(", ".join(kind.rpartition("}")[2] for kind in kinds)) or "absent",
    )


def _mistakes(context: ResponseContext) -> Iterator[_Mistake]:
    """Yield mistakes, first whether the signed bytes can be made at all; the rest is read from those bytes."""
    for signature in context.signatures:
        yield from _wrong_outside(signature)
    for signature, info in zip(context.signatures, context.signed_infos, strict=True):
        yield from _wrong_inside(info.element, signature)


def _wrong_outside(signature: etree._Element) -> Iterator[_Mistake]:
    yield from _wrong_children(signature, _SIGNATURE, _SIGNATURE_WITH_KEY)
    yield from _wrong_children(signature[0], _SIGNED_INFO)
    yield from _wrong_canonicalization(signature[0][0], _OF_SIGNED_INFO)
    yield from _wrong_base64(signature[1])


def _wrong_inside(info: etree._Element, signature: etree._Element) -> Iterator[_Mistake]:
    _, method, reference = info
    yield from _wrong_children(reference, _REFERENCE)
    transforms, digest_method, digest_value = reference
    yield from _wrong_reference(reference.get("URI"), signature)
    yield from _wrong_transforms(transforms)
    for leaf in (method, digest_method):
        if len(leaf):
            yield _Mistake(f"{_tag(leaf)} has elements in it", Fault.HOSTILE)
    yield from _wrong_base64(digest_value)


def _wrong_base64(leaf: etree._Element) -> Iterator[_Mistake]:
    if len(leaf):
        yield _Mistake(f"{_tag(leaf)} has elements in it", Fault.HOSTILE)
    if not _BASE64.fullmatch(leaf.text or ""):
        yield _Mistake(f"{_tag(leaf)} is not base64", Fault.PROVIDER_BUG)


def _wrong_reference(uri: str | None, signature: etree._Element) -> Iterator[_Mistake]:
    signed = signature.getparent()
    own = "" if signed is None else signed.get("ID", "")
    if not own or uri != "#" + own:
        # Some sign "the whole document", which has no ID; only attackers refer to another element.
        words = f"the reference is to {shown(uri, 80) or 'the whole document'}, not to the element itself"
        yield _Mistake(words, Fault.HOSTILE if uri else Fault.PROVIDER_BUG)


def _wrong_transforms(transforms: etree._Element) -> Iterator[_Mistake]:
    names = [transform.get("Algorithm", "") for transform in transforms]
    if names[:1] != [_ENVELOPED] or not set(names[1:]).issubset(_CANONICAL) or len(names) > 2:  # noqa: PLR2004
        harmless = len(names) <= _MOST_HARMLESS and all(name.startswith(_HARMLESS) for name in names)
        words = "the transforms are " + ", ".join(shown(name, 60) for name in names[:3])
        yield _Mistake(words, Fault.UNUSUAL if harmless else Fault.HOSTILE)
    for transform, name in zip(transforms, names, strict=True):
        if transform.tag != _TRANSFORM:
            yield _Mistake(f"{_tag(transform)} among the transforms", Fault.HOSTILE)
        elif name in _CANONICAL:
            yield from _wrong_canonicalization(transform, _CANONICAL)
        elif len(transform):
            yield _Mistake("a transform has elements in it", Fault.HOSTILE)


def _wrong_canonicalization(element: etree._Element, allowed: tuple[str, ...]) -> Iterator[_Mistake]:
    name = element.get("Algorithm", "")
    if name not in allowed:
        fault = Fault.UNUSUAL if name.startswith(_HARMLESS) else Fault.HOSTILE
        yield _Mistake(f"the canonicalization is {shown(name, 80) or 'absent'}", fault)
    children = list(element)
    if [child.tag for child in children] not in _PREFIX_LISTS or any(map(len, children)):
        yield _Mistake("the canonicalization has unknown elements in it", Fault.HOSTILE)
    else:
        listed = max((len(child.get("PrefixList", "").split()) for child in children), default=0)
        if listed > _MAX_PREFIXES:
            words = f"the canonicalization lists {listed:,} prefixes, and at most {_MAX_PREFIXES} are accepted"
            yield _Mistake(words, Fault.TOO_LARGE)


def _wrong_children(element: etree._Element, *allowed: list[str]) -> Iterator[_Mistake]:
    names = [str(child.tag) for child in element]
    if names not in allowed:
        # Qualified signatures have more in them, such as an Object with two references.
        yield _Mistake(
            f"{_tag(element)} holds " + (", ".join(name.rpartition("}")[2][:40] for name in names[:6]) or "nothing"),
            Fault.UNUSUAL,
        )


def _tag(element: etree._Element | None) -> str:
    return "nothing" if element is None else str(element.tag).rpartition("}")[2]
