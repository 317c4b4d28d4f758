"""Decryption of what providers encrypt for us, by code of our own (XML Encryption 1.1).

Nothing is decrypted before its whole structure has been checked against a short list: AES in GCM or CBC, its key by
RSA-OAEP. RSA PKCS #1 v1.5 and Triple DES are refused, and no reference is followed. Every failure is the same error,
since the difference between two of them would decrypt other users' messages (XML Encryption 6.1.4).
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from sso.saml.errors import UndecryptableError
from sso.saml.keys.key_pairs import KeyPair
from sso.saml.xml.names import DS, SAML
from sso.saml.xml.parsing import parse_utf8

XENC_NAMESPACE = "http://www.w3.org/2001/04/xmlenc#"
XENC11_NAMESPACE = "http://www.w3.org/2009/xmlenc11#"
XENC = "{%s}" % XENC_NAMESPACE  # noqa: UP031 - braces are what Clark notation is made of
XENC11 = "{%s}" % XENC11_NAMESPACE  # noqa: UP031

_OAEP_MGF1P = XENC_NAMESPACE + "rsa-oaep-mgf1p"
_OAEP = XENC11_NAMESPACE + "rsa-oaep"
_DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {
    "http://www.w3.org/2000/09/xmldsig#sha1": hashes.SHA1,
    XENC_NAMESPACE + "sha256": hashes.SHA256,
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384,
    XENC_NAMESPACE + "sha512": hashes.SHA512,
}
_MASKS: dict[str, type[hashes.HashAlgorithm]] = {
    XENC11_NAMESPACE + "mgf1sha1": hashes.SHA1,
    XENC11_NAMESPACE + "mgf1sha256": hashes.SHA256,
    XENC11_NAMESPACE + "mgf1sha384": hashes.SHA384,
    XENC11_NAMESPACE + "mgf1sha512": hashes.SHA512,
}
_MAX_KEYS = 4
_CBC_BLOCK = 16
_GCM_NONCE, _GCM_TAG = 12, 16


class _Kind(NamedTuple):
    """The properties of a cipher: bytes of the key, and the mode."""

    key_length: int
    is_gcm: bool


_CONTENT = {
    XENC_NAMESPACE + "aes128-cbc": _Kind(16, is_gcm=False),
    XENC_NAMESPACE + "aes256-cbc": _Kind(32, is_gcm=False),
    XENC11_NAMESPACE + "aes128-gcm": _Kind(16, is_gcm=True),
    XENC11_NAMESPACE + "aes256-gcm": _Kind(32, is_gcm=True),
}


def mistakes(container: etree._Element) -> Iterator[str]:
    """Yield what an EncryptedAssertion or EncryptedID has that isn't on the list, without decrypting anything."""
    data = [child for child in container if child.tag == XENC + "EncryptedData"]
    others = [child.tag for child in container if child.tag not in (XENC + "EncryptedData", XENC + "EncryptedKey")]
    if len(data) != 1 or others:
        yield f"{len(data)} EncryptedData and {len(others)} other elements"
    for each in data:
        yield from _wrong_data(each)
    keys = _encrypted_keys(container)
    if not 1 <= len(keys) <= _MAX_KEYS:
        yield f"{len(keys)} encrypted keys"
    for key in keys:
        yield from _wrong_key(key)


def decrypt(container: etree._Element, keys: Sequence[KeyPair]) -> bytes:
    """Return the bytes of the element that was encrypted. Only for a container that has no `mistakes`.

    Raise UndecryptableError. Each of our keys is tried on each encrypted key, since providers seldom say which.
    """
    data = _child(container, "EncryptedData")
    kind = _CONTENT[_algorithm(data)]
    content = _cipher_value(data)
    for content_key in _content_keys(container, keys, kind.key_length):
        try:
            return _gcm(content_key, content) if kind.is_gcm else _cbc(content_key, content)
        except (ValueError, InvalidTag, UndecryptableError):
            continue
    raise UndecryptableError


def in_place(document: etree._Element, decrypted: etree._Element) -> etree._Element:
    """Return a copy of a response with its one EncryptedAssertion replaced, by parsing it again.

    lxml would move the assertion under the prefixes of its new place, which breaks its signature.
    """
    text = etree.tostring(decrypted)
    mark = hashlib.sha256(text).hexdigest()
    copy = deepcopy(document)
    encrypted = next(copy.iterchildren(SAML + "EncryptedAssertion"))
    before = encrypted.getprevious()
    copy.remove(encrypted)
    if before is None:
        copy.text = mark
    else:
        before.tail = mark
    return parse_utf8(etree.tostring(copy).replace(mark.encode(), text, 1))


def without_masks(document: etree._Element) -> etree._Element:
    """Return the document, or a copy without the masks of XML Encryption 1.1, which SAML's schema doesn't know."""
    if next(document.iter(XENC11 + "MGF"), None) is None:
        return document
    copy = deepcopy(document)
    etree.strip_elements(copy, XENC11 + "MGF", with_tail=False)
    return copy


def algorithms_of(container: etree._Element) -> str:
    """Return the names of the algorithms that were used, for the log."""
    methods = [each.get("Algorithm", "") for each in container.iter(XENC + "EncryptionMethod")]
    return ", ".join(method.rpartition("#")[2] or "none" for method in methods)


def _wrong_data(data: etree._Element) -> Iterator[str]:
    if data.get("Type", XENC_NAMESPACE + "Element") != XENC_NAMESPACE + "Element":
        yield "something else than an element is encrypted"
    if _algorithm(data) not in _CONTENT:
        yield f"the content is encrypted with {_algorithm(data)}"
    yield from _wrong_children(data, {XENC + "EncryptionMethod", DS + "KeyInfo", XENC + "CipherData"})
    yield from _wrong_cipher_data(data)
    kinds = {child.tag for info in data.iterchildren(DS + "KeyInfo") for child in info}
    # A RetrievalMethod is never followed: where the encrypted key stands is known.
    if kinds - {XENC + "EncryptedKey", DS + "RetrievalMethod", DS + "KeyName", DS + "X509Data"}:
        yield "unknown key information"


def _wrong_key(key: etree._Element) -> Iterator[str]:
    method = _child(key, "EncryptionMethod")
    algorithm = _algorithm(key)
    if algorithm not in (_OAEP, _OAEP_MGF1P):
        yield f"the key is encrypted with {algorithm}"
    known = {XENC + "EncryptionMethod", XENC + "CipherData", DS + "KeyInfo", XENC + "ReferenceList"}
    yield from _wrong_children(key, known | {XENC + "CarriedKeyName"})
    yield from _wrong_cipher_data(key)
    yield from _wrong_children(method, {DS + "DigestMethod", XENC11 + "MGF", XENC + "KeySize"}, at_least=0)
    if _named(method, DS + "DigestMethod", "http://www.w3.org/2000/09/xmldsig#sha1") not in _DIGESTS:
        yield "an unknown digest for RSA-OAEP"
    if _named(method, XENC11 + "MGF", XENC11_NAMESPACE + "mgf1sha1") not in _MASKS:
        yield "an unknown mask for RSA-OAEP"


def _wrong_children(element: etree._Element, known: set[str], at_least: int = 1) -> Iterator[str]:
    tags = [str(child.tag) for child in element]
    if len(set(tags)) != len(tags) or not set(tags) <= known or len(tags) < at_least:
        yield f"{_local(element)} holds " + ", ".join(tag.rpartition("}")[2][:40] for tag in tags[:6])


def _wrong_cipher_data(element: etree._Element) -> Iterator[str]:
    """Yield a mistake unless the cipher data is one CipherValue: a CipherReference would fetch something."""
    found = element.findall(XENC + "CipherData")
    if len(found) != 1 or [child.tag for child in found[0]] != [XENC + "CipherValue"] or len(found[0][0]):
        yield f"{_local(element)} has no plain CipherValue"


def _encrypted_keys(container: etree._Element) -> list[etree._Element]:
    """Return the encrypted keys inside the KeyInfo or beside the data (SAML core 6.1)."""
    inside = _child(container, "EncryptedData").findall(f"{DS}KeyInfo/{XENC}EncryptedKey")
    return inside + container.findall(XENC + "EncryptedKey")


def _content_keys(container: etree._Element, keys: Sequence[KeyPair], length: int) -> list[bytes]:
    """Return the decrypted keys; if there are none, a random one, which fails in the same way (RFC 3218 2.3.2)."""
    opened = [_open(element, pair) for element in _encrypted_keys(container) for pair in keys]
    fitting = [key for key in opened if len(key) == length]
    return fitting or [os.urandom(length)]


def _open(encrypted_key: etree._Element, pair: KeyPair) -> bytes:
    try:
        return pair.private_key.decrypt(_cipher_value(encrypted_key), _oaep(encrypted_key))
    except ValueError:
        return b""


def _oaep(key: etree._Element) -> padding.OAEP:
    """Return the padding of rsa-oaep-mgf1p, which masks with SHA-1, or of rsa-oaep (XML Encryption 5.5.2).

    rsa-oaep names the digest and the mask, each with SHA-1 as default.
    """
    method = _child(key, "EncryptionMethod")
    sha1 = "http://www.w3.org/2000/09/xmldsig#sha1"
    digest = _DIGESTS[_named(method, DS + "DigestMethod", sha1)]
    mask = hashes.SHA1 if _algorithm(key) == _OAEP_MGF1P else _MASKS[_mask_name(method)]
    return padding.OAEP(mgf=padding.MGF1(mask()), algorithm=digest(), label=None)


def _mask_name(method: etree._Element) -> str:
    return _named(method, XENC11 + "MGF", XENC11_NAMESPACE + "mgf1sha1")


def _gcm(key: bytes, content: bytes) -> bytes:
    if len(content) <= _GCM_NONCE + _GCM_TAG:
        raise UndecryptableError
    return AESGCM(key).decrypt(content[:_GCM_NONCE], content[_GCM_NONCE:], None)


def _cbc(key: bytes, content: bytes) -> bytes:
    """Decrypt, and remove the padding, of which only the last byte, its length, is defined (XML Encryption 5.2.1)."""
    vector, blocks = content[:_CBC_BLOCK], content[_CBC_BLOCK:]
    if not blocks or len(blocks) % _CBC_BLOCK:
        raise UndecryptableError
    decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    plain = decryptor.update(blocks) + decryptor.finalize()
    if not 1 <= plain[-1] <= _CBC_BLOCK:
        raise UndecryptableError
    return plain[: -plain[-1]]


def _cipher_value(element: etree._Element) -> bytes:
    text = element.findtext(f"{XENC}CipherData/{XENC}CipherValue") or ""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UndecryptableError from error


def _algorithm(element: etree._Element) -> str:
    return _named(element, XENC + "EncryptionMethod", "")


def _named(parent: etree._Element, tag: str, default: str) -> str:
    found = parent.find(tag)
    return default if found is None else found.get("Algorithm", "")


def _child(element: etree._Element, name: str) -> etree._Element:
    found = element.find(XENC + name)
    return etree.Element("none") if found is None else found


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]
