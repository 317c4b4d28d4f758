"""Encrypted parts. Nobody has a key of ours to encrypt for, so every one of them is refused, and in the same way."""

from __future__ import annotations

from lxml import etree

from sso.saml import CheckName
from tests.attacks.target import SAML, Case, Group, Target, one, rebuilds, remove
from tests.saml.provider import encode

XMLENC = "http://www.w3.org/2001/04/xmlenc#"
XMLENC11 = "http://www.w3.org/2009/xmlenc11#"
REFUSED = CheckName.NOT_ENCRYPTED
RUBBISH = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=" * 8

CONTENT_METHODS = {
    "AES-CBC": XMLENC + "aes128-cbc",
    "3DES": XMLENC + "tripledes-cbc",
    "AES-GCM": XMLENC11 + "aes256-gcm",
    "none": "",
    "XSLT": "http://www.w3.org/TR/1999/REC-xslt-19991116",
}
KEY_METHODS = {
    "RSA 1.5": XMLENC + "rsa-1_5",
    "RSA-OAEP": XMLENC + "rsa-oaep-mgf1p",
    "AES key wrap": XMLENC + "kw-aes128",
}


def _data(content: str, key: str, cipher: str = f"<CipherValue>{RUBBISH}</CipherValue>") -> str:
    return (
        f'<EncryptedData xmlns="{XMLENC}" Type="{XMLENC}Element"><EncryptionMethod Algorithm="{content}"/>'
        f'<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><EncryptedKey xmlns="{XMLENC}">'
        f'<EncryptionMethod Algorithm="{key}"/><CipherData><CipherValue>{RUBBISH}</CipherValue></CipherData>'
        f"</EncryptedKey></KeyInfo><CipherData>{cipher}</CipherData></EncryptedData>"
    )


def _wrapped(name: str, data: str) -> etree._Element:
    return etree.fromstring(f'<{name} xmlns="{SAML[1:-1]}">{data}</{name}>')


def _instead(data: str) -> Case:
    """In the place of the assertion; an answer that is found by its request, so it is looked at."""

    def attack(target: Target) -> str:
        root = target.answer().document()
        root.replace(root[-1], _wrapped("EncryptedAssertion", data))
        return encode(etree.tostring(root))

    return Case(attack, (REFUSED,))


def _in_the_subject(root: etree._Element) -> None:
    subject = one(root, "Subject")
    remove(root, "NameID")
    subject.insert(0, _wrapped("EncryptedID", _data(*next(iter(_PAIRS.values())))))


_PAIRS = {
    f"{content} under {key}": (content_method, key_method)
    for content, content_method in CONTENT_METHODS.items()
    for key, key_method in KEY_METHODS.items()
}
REFERENCES = {
    "cipher from the network": '<CipherReference URI="http://127.0.0.1:9/"/>',
    "cipher from a file": '<CipherReference URI="file:///etc/hostname"/>',
    "cipher from the document": '<CipherReference URI="#_a1"/>',
}

ENCRYPTION: Group = {
    **{name: _instead(_data(*pair)) for name, pair in _PAIRS.items()},
    **{
        name: _instead(_data(XMLENC + "aes128-cbc", XMLENC + "rsa-oaep-mgf1p", text))
        for name, text in REFERENCES.items()
    },
    "nothing in it": _instead(""),
    "beside a genuine assertion": rebuilds(lambda root: root.append(_wrapped("EncryptedAssertion", "")), REFUSED),
    "encrypted name ID": rebuilds(_in_the_subject, REFUSED),
    "encrypted attribute": rebuilds(
        lambda root: one(root, "AttributeStatement").append(_wrapped("EncryptedAttribute", "")), REFUSED
    ),
    "encrypted data in the extensions of nobody's namespace": rebuilds(
        lambda root: root.insert(1, etree.fromstring('<EncryptedAssertion xmlns="urn:x"/>')), REFUSED
    ),
}
