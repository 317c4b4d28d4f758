"""X.509 certificates as a carrier of a public key: no chain, no revocation, the key itself is trusted."""

import hashlib
import warnings
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.utils import CryptographyDeprecationWarning

from sso.saml.errors import MetadataError, MetadataProblem

RSA_BITS_AT_LEAST = 2048
EC_BITS_AT_LEAST = 256


class _Facts(NamedTuple):
    fingerprint: str
    subject: str
    not_before: datetime
    not_after: datetime
    public_key: CertificatePublicKeyTypes
    key: str
    strong: bool


@dataclass(frozen=True, slots=True)
class SigningCertificate:
    """One signing certificate of an identity provider; only its DER bytes are stored, the rest is read from them.

    `SigningCertificate(der)` costs nothing and is meant for bytes that came out of `from_der` before.
    """

    der: bytes

    @classmethod
    def from_der(cls, der: bytes) -> "SigningCertificate":
        """Raises `MetadataError` when the bytes are not a certificate that can be read."""
        try:
            _facts(der)
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
            raise MetadataError(MetadataProblem.UNREADABLE_KEY, "A certificate could not be read.") from error
        return cls(der)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DER, 64 lower-case hexadecimal digits."""
        return _facts(self.der).fingerprint

    @property
    def thumbprint(self) -> str:
        """SHA-1 of the DER in upper case: how Entra's portal names a certificate. For the eye, not for trust."""
        return hashlib.sha1(self.der, usedforsecurity=False).hexdigest().upper()

    @property
    def subject(self) -> str:
        """RFC 4514 text, such as "CN=Microsoft Azure Federated SSO Certificate"."""
        return _facts(self.der).subject

    @property
    def not_before(self) -> datetime:
        """First moment of validity, aware, UTC."""
        return _facts(self.der).not_before

    @property
    def not_after(self) -> datetime:
        """Last moment of validity, aware, UTC."""
        return _facts(self.der).not_after

    @property
    def public_key(self) -> CertificatePublicKeyTypes:
        """The key itself; may be used by several threads at once."""
        return _facts(self.der).public_key

    @property
    def key(self) -> str:
        """Kind and size, such as "RSA 2048" or "EC secp256r1"."""
        return _facts(self.der).key

    @property
    def strong(self) -> bool:
        """At least RSA 2048 or a 256-bit curve (NIST SP 800-131A)."""
        return _facts(self.der).strong


@lru_cache(maxsize=1024)
def _facts(der: bytes) -> _Facts:
    with warnings.catch_warnings():
        # Some providers number their own certificate 0. That says nothing about the key, which is all we trust.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        certificate = x509.load_der_x509_certificate(der)
    public_key = certificate.public_key()
    key, strong = _key(public_key)
    return _Facts(
        fingerprint=hashlib.sha256(der).hexdigest(),
        subject=certificate.subject.rfc4514_string(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        public_key=public_key,
        key=key,
        strong=strong,
    )


def _key(key: CertificatePublicKeyTypes) -> tuple[str, bool]:
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}", key.key_size >= RSA_BITS_AT_LEAST
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}", key.key_size >= EC_BITS_AT_LEAST
    # Ed25519 and DSA have no place on the list of signature algorithms that a response may use.
    return type(key).__name__.removesuffix("PublicKey").lstrip("_"), False
