"""Certificates written byte by byte and signed for real: with names, dates and fields that no library writes."""

from __future__ import annotations

import base64
from functools import cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sso.saml import SigningCertificate
from tests.saml.provider import KeyPair

COMMON_NAME, COUNTRY, EMAIL = b"\x55\x04\x03", b"\x55\x04\x06", b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"
PRINTABLE, UTF8, T61, IA5, BMP = 0x13, 0x0C, 0x14, 0x16, 0x1E
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
BEGIN, END = (UTC_TIME, b"250101000000Z"), (UTC_TIME, b"350101000000Z")
_RSA_SHA256 = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"


def tlv(tag: int, *contents: bytes) -> bytes:
    """Return one DER value."""
    content = b"".join(contents)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 + len(length)]) + length + content


def part(kind: bytes, tag: int, text: bytes) -> bytes:
    """Return one part of a name."""
    return tlv(0x31, tlv(0x30, tlv(0x06, kind), tlv(tag, text)))


def name(*parts: bytes) -> bytes:
    """Return a name."""
    return tlv(0x30, *parts)


@cache
def key() -> rsa.RSAPrivateKey:
    """Return the key of all these certificates."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def built(
    subject: bytes | None = None,
    *,
    issuer: bytes | None = None,
    serial: bytes = b"\x01",
    dates: tuple[tuple[int, bytes], ...] = (BEGIN, END),
    version: bytes = b"\xa0\x03\x02\x01\x02",
    public_key: bytes = b"",
    rest: bytes = b"",
) -> bytes:
    """Return a certificate (DER) that its own key signed."""
    subject = name(part(COMMON_NAME, UTF8, b"idp")) if subject is None else subject
    algorithm = tlv(0x30, tlv(0x06, _RSA_SHA256), b"\x05\x00")
    spki = key().public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    validity = tlv(0x30, *(tlv(tag, text) for tag, text in dates))
    fields = (version, tlv(0x02, serial), algorithm, issuer or subject, validity, subject, public_key or spki, rest)
    signed = tlv(0x30, *fields)
    signature = key().sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return tlv(0x30, signed, algorithm, tlv(0x03, b"\x00", signature))


def pair_of(der: bytes) -> KeyPair:
    """Return the private key with this certificate."""
    pem = key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(pem, SigningCertificate.from_der(der))


def text_of(der: bytes) -> str:
    """Return base64, as an X509Certificate element holds it."""
    return base64.b64encode(der).decode()
