"""Random changes to a genuine response: of its bytes, and of its tree. The same number makes the same change."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy

from lxml import etree

from tests.attacks.messages.target import EVIL, GENUINE, SAML, SAMLP, Target
from tests.saml.provider import DS, EMAIL_CLAIM, ENTITY_ID, ISSUER, TENANT, TENANT_CLAIM, encode, stamp

# What else stands in such documents: a change is most dangerous when it makes sense.
WORDS = (
    "", " ", "\n", "_a1", "_r1", "#_a1", "#_r1", "#", "2.0", "1.1", EVIL, GENUINE, ISSUER, ENTITY_ID, stamp(60),
    "urn:oasis:names:tc:SAML:2.0:status:Responder", "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2000/09/xmldsig#rsa-sha1", "A" * 40, "é\u202e", "0",
)  # fmt: skip
NAMES = (
    SAML + "Assertion", SAML + "Subject", SAML + "NameID", SAML + "Conditions", SAML + "Attribute", SAML + "Issuer",
    SAML + "AuthnStatement", SAMLP + "Response", SAMLP + "Status", SAMLP + "Extensions", f"{{{DS}}}Signature",
    f"{{{DS}}}Object", f"{{{DS}}}Reference", f"{{{DS}}}Transform", "NameID", "{urn:x}x",
)  # fmt: skip
ATTRIBUTES = ("ID", "Id", "URI", "Algorithm", "Value", "Format", "Name", "InResponseTo", "Recipient", "Version",
              "Method", "NotOnOrAfter", "NotBefore", "Destination", "SPNameQualifier", "{urn:x}y")  # fmt: skip

TreeChange = Callable[[random.Random, etree._Element], None]


def genuine(target: Target) -> bytes:
    """The response that is changed, with the claims that count."""
    attributes = ((TENANT_CLAIM, (TENANT,)), (EMAIL_CLAIM, (GENUINE,)), ("groups", ("a", "b")))
    return target.answer(attributes=attributes).xml()


def mutated(data: bytes, number: int) -> str:
    """The form field of the change with this number to a response; a third are changes of bytes."""
    chance = random.Random(number)  # noqa: S311 - the same each time is the point
    if chance.random() < 1 / 3:
        return encode(_other_bytes(chance, data))
    root = etree.fromstring(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        chance.choice(TREE_CHANGES)(chance, root)
    return encode(etree.tostring(root))


def _other_bytes(chance: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        chance.choice(BYTE_CHANGES)(chance, changed)
    return bytes(changed)


def _flip(chance: random.Random, data: bytearray) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _letter(chance: random.Random, data: bytearray) -> None:
    data[chance.randrange(len(data))] = chance.choice(b"aA0 =+/<>\"'&#;:_-.\n\t")


def _leave_out(chance: random.Random, data: bytearray) -> None:
    at = chance.randrange(len(data))
    del data[at : at + chance.choice((1, 1, 4, 40, 400))]
    data += b" " * (not data)


def _repeat(chance: random.Random, data: bytearray) -> None:
    at, length = chance.randrange(len(data)), chance.choice((1, 10, 100, 1000))
    data[at:at] = data[at : at + length]


def _insert(chance: random.Random, data: bytearray) -> None:
    at = chance.randrange(len(data))
    data[at:at] = chance.choice(
        (b" ", b"\n", b"<!---->", b"<?x?>", b"&#97;", b"\x00", b"\xef\xbb\xbf", b"<a/>", b"]]>")
    )


BYTE_CHANGES: tuple[Callable[[random.Random, bytearray], None], ...] = (_flip, _letter, _leave_out, _repeat, _insert)


def _any(chance: random.Random, root: etree._Element) -> etree._Element:
    return chance.choice(list(root.iter()))


def _below(chance: random.Random, root: etree._Element) -> etree._Element:
    return chance.choice(list(root.iter())[1:] or [root])


def _move(chance: random.Random, root: etree._Element) -> None:
    moved, place = _below(chance, root), _any(chance, root)
    if moved is not root and place not in moved.iter():
        place.insert(chance.randrange(len(place) + 1), moved)


def _duplicate(chance: random.Random, root: etree._Element) -> None:
    copied, place = deepcopy(_any(chance, root)), _any(chance, root)
    if chance.random() < 0.5:
        for element in copied.iter():
            if element.text == GENUINE:
                element.text = EVIL
    place.insert(chance.randrange(len(place) + 1), copied)


def _delete(chance: random.Random, root: etree._Element) -> None:
    element = _below(chance, root)
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _exchange(chance: random.Random, root: etree._Element) -> None:
    parent = _any(chance, root)
    if len(parent) > 1:
        parent.append(parent[chance.randrange(len(parent) - 1)])


def _wrap(chance: random.Random, root: etree._Element) -> None:
    element = _below(chance, root)
    parent = element.getparent()
    if parent is not None:
        around = etree.Element(chance.choice(NAMES))
        parent.replace(element, around)
        around.append(element)


def _rename(chance: random.Random, root: etree._Element) -> None:
    _any(chance, root).tag = chance.choice(NAMES)


def _text(chance: random.Random, root: etree._Element) -> None:
    _any(chance, root).text = chance.choice(WORDS)


def _tail(chance: random.Random, root: etree._Element) -> None:
    _below(chance, root).tail = chance.choice(WORDS)


def _attribute(chance: random.Random, root: etree._Element) -> None:
    element = _any(chance, root)
    name = chance.choice([*map(str, element.attrib), *ATTRIBUTES])
    element.set(name, chance.choice(WORDS))


def _no_attribute(chance: random.Random, root: etree._Element) -> None:
    element = _any(chance, root)
    if element.attrib:
        del element.attrib[chance.choice(list(element.attrib))]


def _new_element(chance: random.Random, root: etree._Element) -> None:
    place = _any(chance, root)
    made = etree.Element(chance.choice(NAMES), ID=chance.choice(WORDS[3:5]))
    made.text = chance.choice(WORDS)
    place.insert(chance.randrange(len(place) + 1), made)


TREE_CHANGES: tuple[TreeChange, ...] = (
    _move,
    _duplicate,
    _delete,
    _exchange,
    _wrap,
    _rename,
    _text,
    _tail,
    _attribute,
    _attribute,
    _no_attribute,
    _new_element,
)
