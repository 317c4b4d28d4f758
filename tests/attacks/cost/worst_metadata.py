"""The most expensive metadata that is accepted, and the provider that wrote it, which signs for real."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from lxml import etree

from simulator.saml.encryption import encrypt
from sso.saml import MAX_METADATA_BYTES
from sso.saml.keys.certificates import MAX_CERTIFICATE_BYTES
from sso.saml.keys.key_rules import MAX_EXPONENT, MAX_KEYS, MAX_RSA_BITS
from tests.attacks.messages.target import Target, one
from tests.saml.metadata_files import REDIRECT, base64_of, endpoint, entity, key, role, sso
from tests.saml.provider import RSA_SHA256, KeyPair, certificate_pem, encode, key_pair, sign
from tests.saml.weak_keys import BEGIN, END, issuer_key, odd_modulus, rsa_public_key

# Of which kind the keys are; the attacker owns the one in the last place.
KINDS = ("RSA 8192", "P-521")
METHODS = {"RSA 8192": RSA_SHA256, "P-521": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"}
# As long as every key of a kind takes, so that none is passed over for the length of a signature.
SIGNATURE_BYTES = {"RSA 8192": 1024, "P-521": 132}
ENTITY_ID = "https://idp.example.test/".ljust(1024, "a")
ADDRESS = "https://login.example.test/".ljust(2000, "b")


@cache
def owned(kind: str) -> KeyPair:
    """Return the key with which the attacker's own provider signs."""
    return key_pair("owned", "ec521" if kind == "P-521" else "rsa2048")


@cache
def metadata(kind: str, binding: str = REDIRECT) -> bytes:
    """Return a file with as many keys, as large certificates and as long addresses as are accepted."""
    largest = (_largest_certificate(_public_key(kind, number), number) for number in range(MAX_KEYS - 1))
    keys = "".join(key(base64.b64encode(der).decode()) for der in largest) + key(base64_of(owned(kind)))
    addresses = endpoint("SingleLogoutService", REDIRECT, ADDRESS) + sso(ADDRESS, binding)
    written = entity(role(keys + addresses, ' WantAuthnRequestsSigned="true"'), ENTITY_ID).encode()
    return written.ljust(MAX_METADATA_BYTES)


def response(target: Target, kind: str, **knobs: Any) -> etree._Element:
    """Return a genuine response of that provider."""
    return answer(target, kind, **knobs).document()


def answer(target: Target, kind: str, **knobs: Any) -> Any:
    """Return what that provider would say, right in everything but the knobs that are turned."""
    right = {"pair": owned(kind), "signature_method": METHODS[kind], "issuer": ENTITY_ID, "response_issuer": ENTITY_ID}
    return target.answer(**(right | knobs))


def forged(target: Target, kind: str, **knobs: Any) -> str:
    """Return a response whose signatures are by no key, so that each key is tried for each of them."""
    root = response(target, kind, **knobs)
    for value in root.iter("{*}SignatureValue"):
        value.text = rubbish_signature(kind)
    return encode(etree.tostring(root))


def rubbish_signature(kind: str) -> str:
    """Return a signature value that no key has made, in base64."""
    return base64.b64encode(bytes(1) + os.urandom(SIGNATURE_BYTES[kind] - 1)).decode()


def encrypted(target: Target, kind: str, *, opens: bool, **knobs: Any) -> str:
    """Return a response whose assertion, and the name ID in it, bring four encrypted keys each.

    `opens`: the last key is the right one; else none is.
    """
    assert target.certificate is not None
    pem = certificate_pem(target.certificate)
    made = answer(target, kind, **knobs)
    unsigned = answer(target, kind, **knobs | {"sign": "none"}).document()
    more_keys(encrypt(one(unsigned, "NameID"), pem, container="EncryptedID"), opens=opens)
    assertion = one(unsigned, "Assertion")
    sign(assertion, made)
    more_keys(encrypt(assertion, pem), opens=opens)
    sign(unsigned, made)
    return encode(etree.tostring(unsigned))


def more_keys(container: etree._Element, *, opens: bool) -> None:
    """Put three keys without a recipient in front of the one in an EncryptedData; as many as are read."""
    real = one(container, "EncryptedKey")
    parent = real.getparent()
    assert parent is not None
    for _ in range(3 if opens else 4):
        other = etree.fromstring(etree.tostring(real))
        one(other, "CipherValue").text = base64.b64encode(bytes(1) + os.urandom(255)).decode()
        real.addprevious(other)
    if not opens:
        parent.remove(real)


def _public_key(kind: str, number: int) -> CertificatePublicKeyTypes:
    if kind == "P-521":
        return key_pair(f"worst{number}", "ec521").certificate.public_key
    return rsa_public_key(odd_modulus(MAX_RSA_BITS), MAX_EXPONENT - 1)


def _largest_certificate(public_key: CertificatePublicKeyTypes, number: int) -> bytes:
    """Return a certificate with as many parts in its name as fit: each of them is read before it is used."""
    fits: Callable[[int], bool] = lambda parts: (  # noqa: E731
        len(_certificate(public_key, number, parts)) <= MAX_CERTIFICATE_BYTES
    )
    parts = next(parts for parts in range(400, 0, -10) if fits(parts))
    return _certificate(public_key, number, parts)


def _certificate(public_key: CertificatePublicKeyTypes, number: int, parts: int) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{number}, {part}") for part in range(parts)])
    builder = x509.CertificateBuilder(name, name, public_key, 1 + number, BEGIN, END)
    return builder.sign(issuer_key(), hashes.SHA256()).public_bytes(serialization.Encoding.DER)
