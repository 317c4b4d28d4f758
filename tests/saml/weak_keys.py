"""Certificates of keys too weak or odd for a real provider, made byte by byte: libraries refuse to make them."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

BEGIN, END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC)


@cache
def issuer_key() -> ec.EllipticCurvePrivateKey:
    """Return the key that signs these certificates; whose it is makes no difference."""
    return ec.generate_private_key(ec.SECP256R1())


def rsa_public_key(modulus: int, exponent: int = 65537) -> rsa.RSAPublicKey:
    """Return an RSA public key of any two numbers."""
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def odd_modulus(bits: int) -> int:
    """Return a random odd number of so many bits without a factor below 2^16, whose factors are unknown."""
    while True:
        found = secrets.randbits(bits) | 1 | 1 << (bits - 1)
        if all(found % prime for prime in _small_primes()):
            return found


@cache
def _small_primes() -> tuple[int, ...]:
    """Return every prime below 2^16."""
    multiples = {multiple for number in range(2, 256) for multiple in range(number * number, 2**16, number)}
    return tuple(number for number in range(2, 2**16) if number not in multiples)


def certificate_of(
    public_key: CertificatePublicKeyTypes,
    subject: str = "idp.example.test",
    issuer: str = "an issuer elsewhere",
    *,
    is_authority: bool | None = None,
    signed_by: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """Return a certificate (DER) for a public key; None for `is_authority` leaves BasicConstraints out."""
    builder = x509.CertificateBuilder(_name(issuer), _name(subject), public_key, x509.random_serial_number())
    builder = builder.not_valid_before(BEGIN).not_valid_after(END)
    if is_authority is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    return builder.sign(signed_by or issuer_key(), hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
