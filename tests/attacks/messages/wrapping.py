"""Signature wrapping: the signature stays valid for one element, and another is read.

Every place the genuine element can be put, times where its signature goes, times the ID of the forgery.
Somorovsky et al., "On Breaking SAML", USENIX Security 2012; the later variants by the advisories they became known by.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import partial

from lxml import etree

from sso.saml import CheckName
from tests.attacks.messages.target import (
    BASES,
    BROKEN,
    DS,
    EVIL,
    GENUINE,
    SAML,
    SAMLP,
    Case,
    Group,
    Target,
    child,
    one,
    rewrites,
)
from tests.saml.provider import encode

# The first rule that meets a document with two of something; which one depends on the place.
ANY = (
    CheckName.UNIQUE_IDS,
    CheckName.ONE_ASSERTION,
    CheckName.SCHEMA,
    CheckName.SIGNATURE_PLACES,
    CheckName.SIGNED_INFO,
    CheckName.KEY_INFO,
    *BROKEN,
    CheckName.RESPONSE,
    CheckName.RESPONSE_VERSION,
    CheckName.STATUS,
)
IDS = {"another ID": "_evil", "the same ID": "same", "no ID": ""}
SIGNATURE_STAYS, SIGNATURE_MOVES, SIGNATURE_IN_BOTH = "left where it was", "moved to the forgery", "in both"

Place = Callable[[etree._Element, etree._Element, etree._Element], None]


def before(root: etree._Element, genuine: etree._Element, evil: etree._Element) -> None:
    genuine.addprevious(evil)


def after(root: etree._Element, genuine: etree._Element, evil: etree._Element) -> None:
    genuine.addnext(evil)


def evil_in_extensions(root: etree._Element, genuine: etree._Element, evil: etree._Element) -> None:
    _extensions(root).append(evil)


def evil_in_status_detail(root: etree._Element, genuine: etree._Element, evil: etree._Element) -> None:
    child(one(root, "Status"), SAMLP + "StatusDetail").append(evil)


def evil_in_the_genuine_object(root: etree._Element, genuine: etree._Element, evil: etree._Element) -> None:
    """The enveloped-signature transform leaves the whole Signature out of the digest."""
    child(_signature(root, genuine), DS + "Object").append(evil)


def evil_in_the_genuine_key_info(root: etree._Element, genuine: etree._Element, evil: etree._Element) -> None:
    one(_signature(root, genuine), "X509Data").append(evil)


def evil_in_the_genuine_signature_value(root: etree._Element, genuine: etree._Element, evil: etree._Element) -> None:
    one(_signature(root, genuine), "SignatureValue").append(evil)


def genuine_in_extensions(root: etree._Element, genuine: etree._Element, evil: etree._Element) -> None:
    root.replace(genuine, evil)
    _extensions(root).append(genuine)


def genuine_in_status_detail(root: etree._Element, genuine: etree._Element, evil: etree._Element) -> None:
    root.replace(genuine, evil)
    child(one(root, "Status"), SAMLP + "StatusDetail").append(genuine)


def genuine_at_the_end_of_evil(root: etree._Element, genuine: etree._Element, evil: etree._Element) -> None:
    root.replace(genuine, evil)
    evil.append(genuine)


def genuine_at_the_beginning_of_evil(root: etree._Element, genuine: etree._Element, evil: etree._Element) -> None:
    root.replace(genuine, evil)
    evil.insert(0, genuine)


def genuine_in_the_subject(root: etree._Element, genuine: etree._Element, evil: etree._Element) -> None:
    root.replace(genuine, evil)
    one(evil, "SubjectConfirmationData").append(genuine)


def genuine_in_the_advice(root: etree._Element, genuine: etree._Element, evil: etree._Element) -> None:
    root.replace(genuine, evil)
    advice = etree.Element(SAML + "Advice")
    advice.append(genuine)
    one(evil, "Conditions").addnext(advice)


def genuine_in_an_attribute(root: etree._Element, genuine: etree._Element, evil: etree._Element) -> None:
    root.replace(genuine, evil)
    one(evil, "AttributeValue").append(genuine)


def genuine_in_the_evil_object(root: etree._Element, genuine: etree._Element, evil: etree._Element) -> None:
    root.replace(genuine, evil)
    signature = evil.find(DS + "Signature")
    if signature is None:
        signature = deepcopy(_signature(root, genuine))
        evil.insert(1, signature)
    child(signature, DS + "Object").append(genuine)


def genuine_in_the_key_info(root: etree._Element, genuine: etree._Element, evil: etree._Element) -> None:
    root.replace(genuine, evil)
    signature = deepcopy(_signature(root, genuine))
    evil.insert(1, signature)
    one(signature, "X509Data").append(genuine)


def evil_instead(root: etree._Element, genuine: etree._Element, evil: etree._Element) -> None:
    root.replace(genuine, evil)


PLACES_IN_THE_SIGNATURE: tuple[Place, ...] = (
    evil_in_the_genuine_object,
    evil_in_the_genuine_key_info,
    evil_in_the_genuine_signature_value,
)
PLACES: tuple[Place, ...] = (
    before,
    after,
    evil_in_extensions,
    evil_in_status_detail,
    genuine_in_extensions,
    genuine_in_status_detail,
    genuine_at_the_end_of_evil,
    genuine_at_the_beginning_of_evil,
    genuine_in_the_subject,
    genuine_in_the_advice,
    genuine_in_an_attribute,
    genuine_in_the_evil_object,
    genuine_in_the_key_info,
    evil_instead,
)


def wrap_assertion(place: Place, signed: str, new_id: str, target: Target) -> str:
    """Add a second assertion about another user, in a place of its own."""
    root = target.answer().document()
    genuine = root[-1]
    evil = _forged(genuine, new_id)
    own = genuine.find(DS + "Signature")
    place(root, genuine, evil)
    if own is not None and signed != SIGNATURE_STAYS and evil.find(DS + "Signature") is None:
        evil.insert(1, own if signed == SIGNATURE_MOVES else deepcopy(own))
    return encode(etree.tostring(root))


def response_in_extensions(genuine: etree._Element, evil: etree._Element) -> None:
    _extensions(evil).append(genuine)


def response_in_status_detail(genuine: etree._Element, evil: etree._Element) -> None:
    child(one(evil, "Status"), SAMLP + "StatusDetail").append(genuine)


def response_in_the_advice(genuine: etree._Element, evil: etree._Element) -> None:
    advice = etree.Element(SAML + "Advice")
    advice.append(genuine)
    one(evil, "Conditions").addnext(advice)


def response_in_an_attribute(genuine: etree._Element, evil: etree._Element) -> None:
    one(evil, "AttributeValue").append(genuine)


def response_in_an_object(genuine: etree._Element, evil: etree._Element) -> None:
    signature = deepcopy(one(genuine, "Signature"))
    evil.insert(1, signature)
    child(signature, DS + "Object").append(genuine)


def response_at_the_end(genuine: etree._Element, evil: etree._Element) -> None:
    evil.append(genuine)


RESPONSE_PLACES = (
    response_in_extensions,
    response_in_status_detail,
    response_in_the_advice,
    response_in_an_attribute,
    response_in_an_object,
    response_at_the_end,
)


def wrap_response(
    place: Callable[[etree._Element, etree._Element], None], signed: str, new_id: str, target: Target
) -> str:
    """Make a second response about another user, with the genuine one inside it."""
    genuine = target.answer().document()
    evil = deepcopy(genuine)
    for signature in list(evil.iter(DS + "Signature")):
        signature.getparent().remove(signature)
    _rename(evil, new_id)
    _rename(evil[-1], "_evil-assertion" if new_id != "same" else "same")
    _speak_of_eve(evil)
    place(genuine, evil)
    own = genuine.find(DS + "Signature")
    if own is not None and signed != SIGNATURE_STAYS:
        evil.insert(1, own if signed == SIGNATURE_MOVES else deepcopy(own))
    return encode(etree.tostring(evil))


def _forged(genuine: etree._Element, new_id: str) -> etree._Element:
    """Return the attacker's copy: without its signature, about another user."""
    evil = deepcopy(genuine)
    for signature in evil.findall(DS + "Signature"):
        evil.remove(signature)
    _rename(evil, new_id)
    _speak_of_eve(evil)
    return evil


def _rename(element: etree._Element, new_id: str) -> None:
    if new_id == "":
        del element.attrib["ID"]
    elif new_id != "same":
        element.set("ID", new_id)


def _speak_of_eve(element: etree._Element) -> None:
    for name in ("NameID", "AttributeValue"):
        for each in element.iter(SAML + name):
            if each.text == GENUINE:
                each.text = EVIL


def _extensions(root: etree._Element) -> etree._Element:
    extensions = etree.Element(SAMLP + "Extensions")
    one(root, "Status").addprevious(extensions)
    return extensions


def _signature(root: etree._Element, genuine: etree._Element) -> etree._Element:
    own = genuine.find(DS + "Signature")
    return one(root, "Signature") if own is None else own


def _name(function: Callable[..., object]) -> str:
    return function.__name__.replace("_", " ")


def _assertions() -> Group:
    return {
        f"{_name(place)}, {named}": Case(partial(wrap_assertion, place, SIGNATURE_STAYS, new_id), ANY)
        for place in PLACES_IN_THE_SIGNATURE
        for named, new_id in IDS.items()
    } | {
        f"{_name(place)}, signature {signed}, {named}": Case(partial(wrap_assertion, place, signed, new_id), ANY)
        for place in PLACES
        for signed in (SIGNATURE_STAYS, SIGNATURE_MOVES, SIGNATURE_IN_BOTH)
        for named, new_id in IDS.items()
    }


def _responses() -> Group:
    return {
        f"{_name(place)}, signature {signed}, {named}": Case(
            partial(wrap_response, place, signed, new_id), ANY, BASES if signed == SIGNATURE_STAYS else BASES[1:]
        )
        for place in RESPONSE_PLACES
        for signed in (SIGNATURE_STAYS, SIGNATURE_MOVES, SIGNATURE_IN_BOTH)
        for named, new_id in IDS.items()
    }


def _inside_the_digest(xml: bytes) -> bytes:
    """A digest value somewhere else in the document, for readers that look for the first (CVE-2024-45409)."""
    value = xml[xml.index(b"<DigestValue>") : xml.index(b"</DigestValue>") + len(b"</DigestValue>")]
    detail = (
        b"<samlp:StatusDetail>"
        + value.replace(b"<DigestValue>", b'<DigestValue xmlns="http://www.w3.org/2000/09/xmldsig#">')
        + b"</samlp:StatusDetail></samlp:Status>"
    )
    return xml.replace(b"</samlp:Status>", detail).replace(
        GENUINE.encode() + b"</NameID>", EVIL.encode() + b"</NameID>"
    )


def _error_response_as_carrier(xml: bytes) -> bytes:
    """A signed refusal carries a forged assertion (CVE-2022-39299)."""
    return xml.replace(b"status:Success", b"status:Responder", 1).replace(GENUINE.encode(), EVIL.encode())


def _decoy_signature(target: Target) -> str:
    """Put a copy of the genuine signature in front of it."""
    root = target.answer().document()
    signature = one(root, "Signature")
    signature.addprevious(deepcopy(signature))
    return encode(etree.tostring(root))


def _two_roots(xml: bytes) -> bytes:
    return xml.replace(GENUINE.encode(), EVIL.encode()) + xml


OTHERS: Group = {
    "digest value in the status detail": rewrites(_inside_the_digest, *BROKEN),
    "signed error as carrier": rewrites(_error_response_as_carrier, CheckName.STATUS),
    "decoy signature": Case(_decoy_signature, (CheckName.SCHEMA, CheckName.SIGNATURE_PLACES)),
    "two roots": rewrites(_two_roots, CheckName.WELL_FORMED),
    "assertion in no namespace beside the genuine one": rewrites(
        lambda xml: xml.replace(
            b"<samlp:Status>", b'<samlp:Extensions><Assertion ID="_e"/></samlp:Extensions><samlp:Status>', 1
        ),
        CheckName.ONE_ASSERTION,
    ),
    "assertion of SAML 1 beside the genuine one": rewrites(
        lambda xml: xml.replace(
            b"<samlp:Status>",
            b'<samlp:Extensions><Assertion xmlns="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="_e"/>'
            b"</samlp:Extensions><samlp:Status>",
            1,
        ),
        CheckName.ONE_ASSERTION,
    ),
}

WRAPPING: Group = {**_assertions(), **_responses(), **OTHERS}
