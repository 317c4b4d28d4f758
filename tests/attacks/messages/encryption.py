"""Assertions encrypted for no key of ours, with weak algorithms, or by an attacker with our public certificate."""

from __future__ import annotations

import base64
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from lxml import etree

from simulator.saml.encryption import OAEP, OAEP_MGF1P, RSA_1_5, encrypt
from sso.saml import CheckName
from tests.attacks.messages.target import (
    BASES,
    BROKEN,
    DS,
    EVIL,
    GENUINE,
    SAML,
    Case,
    Group,
    Target,
    child,
    one,
    rebuilds,
    remove,
)
from tests.saml.provider import certificate_pem, encode, key_pair, sign

XMLENC = "http://www.w3.org/2001/04/xmlenc#"
XMLENC11 = "http://www.w3.org/2009/xmlenc11#"
X = f"{{{XMLENC}}}"
REFUSED = CheckName.ENCRYPTION
UNOPENED = CheckName.DECRYPTION
RUBBISH = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY" * 8
CBC, GCM = XMLENC + "aes256-cbc", XMLENC11 + "aes256-gcm"

# --- For no key of ours -----------------------------------------------------------------------------------------

CONTENT_METHODS = {
    "AES-CBC": XMLENC + "aes128-cbc",
    "3DES": XMLENC + "tripledes-cbc",
    "AES-GCM": GCM,
    "no method": "",
    "XSLT": "http://www.w3.org/TR/1999/REC-xslt-19991116",
}
KEY_METHODS = {"RSA 1.5": RSA_1_5, "RSA-OAEP": OAEP_MGF1P, "AES key wrap": XMLENC + "kw-aes128"}


def encrypted_data(content: str, key: str, cipher: str = f"<CipherValue>{RUBBISH}</CipherValue>") -> str:
    """An EncryptedData by these algorithms, with rubbish for its key and its content."""
    return (
        f'<EncryptedData xmlns="{XMLENC}" Type="{XMLENC}Element"><EncryptionMethod Algorithm="{content}"/>'
        f'<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><EncryptedKey xmlns="{XMLENC}">'
        f'<EncryptionMethod Algorithm="{key}"/><CipherData><CipherValue>{RUBBISH}</CipherValue></CipherData>'
        f"</EncryptedKey></KeyInfo><CipherData>{cipher}</CipherData></EncryptedData>"
    )


def _wrapped(name: str, data: str) -> etree._Element:
    return etree.fromstring(f'<{name} xmlns="{SAML[1:-1]}">{data}</{name}>')


def _instead(data: str) -> Case:
    """In the place of the assertion, in a response that is found by its request, so it is looked at."""

    def attack(target: Target) -> str:
        root = target.answer().document()
        root.replace(root[-1], _wrapped("EncryptedAssertion", data))
        return encode(etree.tostring(root))

    return Case(attack, (REFUSED, UNOPENED))


def _in_the_subject(root: etree._Element) -> None:
    subject = one(root, "Subject")
    remove(root, "NameID")
    subject.insert(0, _wrapped("EncryptedID", encrypted_data(CBC, OAEP_MGF1P)))


CIPHERS = {
    "cipher from the network": '<CipherReference URI="http://127.0.0.1:9/"/>',
    "cipher from a file": '<CipherReference URI="file:///etc/hostname"/>',
    "cipher from the document": '<CipherReference URI="#_a1"/>',
}
FOR_NOBODY: Group = {
    **{
        f"{content} under {key}": _instead(encrypted_data(content_method, key_method))
        for content, content_method in CONTENT_METHODS.items()
        for key, key_method in KEY_METHODS.items()
    },
    **{name: _instead(encrypted_data(CBC, OAEP_MGF1P, text)) for name, text in CIPHERS.items()},
    "nothing in it": _instead(""),
    "beside a genuine assertion": rebuilds(
        lambda root: root.append(_wrapped("EncryptedAssertion", "")), REFUSED, UNOPENED
    ),
    "encrypted name ID": rebuilds(_in_the_subject, *BROKEN),
    "encrypted attribute": rebuilds(
        lambda root: one(root, "AttributeStatement").append(_wrapped("EncryptedAttribute", "")), REFUSED
    ),
    "encrypted assertion of nobody's namespace": rebuilds(
        lambda root: root.insert(1, etree.fromstring('<EncryptedAssertion xmlns="urn:x"/>')), REFUSED
    ),
}

# --- For us -----------------------------------------------------------------------------------------------------


def _nothing(_: etree._Element) -> None:
    """No change."""


def _sealed(
    *by: CheckName,
    inside: Callable[[etree._Element], object] = _nothing,
    outside: Callable[[etree._Element], object] = _nothing,
    content: str = CBC,
    transport: str = OAEP_MGF1P,
    bases: tuple[str, ...] = BASES,
    **knobs: Any,
) -> Case:
    """The assertion is signed where the base says so, changed, encrypted for us; the response is signed; changed."""

    def attack(target: Target) -> str:
        answer = target.answer(**knobs)
        inner = "assertion" if answer.sign in ("assertion", "both") else "none"
        root = target.answer(**knobs | {"sign": inner}).document()
        inside(root)
        assert target.certificate is not None
        pem = certificate_pem(target.certificate)
        container = encrypt(root[-1], pem, content_method=content, key_transport=transport)
        if answer.sign in ("response", "both"):
            sign(root, answer)
        outside(container)
        return encode(etree.tostring(root))

    return Case(attack, by, bases)


def _about_eve(root: etree._Element) -> None:
    for each in (*root.iter(SAML + "NameID"), *root.iter(SAML + "AttributeValue")):
        if each.text == GENUINE:
            each.text = EVIL


def _values(container: etree._Element) -> list[etree._Element]:
    """The encrypted key, then what is encrypted."""
    return list(container.iter(X + "CipherValue"))


def _flip(which: int, at: int) -> Callable[[etree._Element], None]:
    def change(container: etree._Element) -> None:
        value = _values(container)[which]
        data = bytearray(base64.b64decode(value.text or ""))
        data[at] ^= 1
        value.text = base64.b64encode(bytes(data)).decode()

    return change


def _cut(which: int, length: int) -> Callable[[etree._Element], None]:
    def change(container: etree._Element) -> None:
        value = _values(container)[which]
        value.text = base64.b64encode(base64.b64decode(value.text or "")[:length]).decode()

    return change


def _evil_inside(root: etree._Element) -> None:
    evil = deepcopy(root[-1])
    _about_eve(evil)
    advice = etree.Element(SAML + "Advice")
    advice.append(evil)
    one(root[-1], "Conditions").addnext(advice)


def _evil_around(root: etree._Element) -> None:
    genuine = root[-1]
    evil = deepcopy(genuine)
    _about_eve(evil)
    evil.set("ID", "_evil")
    root.replace(genuine, evil)
    evil.append(genuine)


def _transform_inside(root: etree._Element) -> None:
    for transforms in root.iter(DS + "Transforms"):
        child(transforms, DS + "Transform", Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116")


INNER = ("assertion", "both")
FOR_US: Group = {
    "unsigned": _sealed(CheckName.SIGNATURE_PLACES, sign="none", name_id=EVIL, bases=("assertion",)),
    "by Eve": _sealed(*BROKEN, pair=key_pair("eve"), name_id=EVIL),
    "changed before it was encrypted": _sealed(*BROKEN, inside=_about_eve, bases=("assertion",)),
    "changed before it was encrypted and signed over": _sealed(*BROKEN, inside=_about_eve, bases=("both",)),
    "for another organization": _sealed(CheckName.AUDIENCE, audiences=(("https://other.example",),)),
    "in answer to another request": _sealed(CheckName.IN_RESPONSE_TO, in_response_to="_other"),
    "by 3DES": _sealed(REFUSED, content=XMLENC + "tripledes-cbc"),
    "by RSA 1.5": _sealed(REFUSED, transport=RSA_1_5),
    "two assertions inside": _sealed(UNOPENED, inside=_evil_inside),
    "the genuine one inside a forged one": _sealed(UNOPENED, inside=_evil_around),
    "comment inside": _sealed(UNOPENED, inside=lambda root: one(root, "NameID").append(etree.Comment("x"))),
    "instruction inside": _sealed(
        UNOPENED, inside=lambda root: one(root, "NameID").append(etree.ProcessingInstruction("x"))
    ),
    "entity inside": _sealed(UNOPENED, inside=lambda root: one(root, "NameID").append(etree.Entity("x"))),
    "transform inside": _sealed(CheckName.SIGNED_INFO, inside=_transform_inside, bases=INNER),
    "deep inside": _sealed(
        UNOPENED,
        inside=lambda root: one(root, "AttributeValue").append(etree.fromstring("<a>" * 40 + "</a>" * 40)),
    ),
    "the response's ID inside": _sealed(UNOPENED, inside=lambda root: root[-1].set("ID", "_r1")),
    "a second one beside it": _sealed(REFUSED, outside=lambda container: container.addnext(deepcopy(container))),
    "a plain one beside it": _sealed(
        UNOPENED,
        outside=lambda container: container.addnext(Target("none").answer(name_id=EVIL).document()[-1]),
    ),
    "moved into the status": _sealed(
        REFUSED, outside=lambda container: one(container.getroottree().getroot(), "Status").append(container)
    ),
    "content taken for an element": _sealed(
        REFUSED, outside=lambda container: container[0].set("Type", XMLENC + "Content")
    ),
    "a key that is fetched": _sealed(
        UNOPENED,
        REFUSED,
        outside=lambda container: (
            one(container, "EncryptedKey")
            .getparent()
            .replace(one(container, "EncryptedKey"), etree.Element(DS + "RetrievalMethod", URI="http://127.0.0.1:9/"))
        ),
    ),
    **{
        f"{name}, {mode}": _sealed(UNOPENED, *BROKEN, outside=change, content=content)
        for mode, content in (("CBC", CBC), ("GCM", GCM))
        for name, change in (
            ("key broken", _flip(0, 5)),
            ("key cut", _cut(0, 100)),
            ("first block broken", _flip(1, 3)),
            ("middle broken", _flip(1, 400)),
            ("last block broken", _flip(1, -1)),
            ("padding broken", _flip(1, -17)),
            ("cut by a block", _cut(1, -16)),
            ("cut by a byte", _cut(1, -1)),
            ("nothing left", _cut(1, 0)),
        )
    },
    "OAEP with other digests than it says": _sealed(
        UNOPENED,
        transport=OAEP,
        outside=lambda container: one(container, "DigestMethod").set("Algorithm", XMLENC + "sha512"),
    ),
}

ENCRYPTION: Group = {**FOR_NOBODY, **FOR_US}
