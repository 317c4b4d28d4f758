"""X.509 certificates as a carrier of a public key: no chain, no revocation, the key itself is trusted."""

import hashlib
import warnings
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.utils import CryptographyDeprecationWarning

from sso.saml.errors import MetadataError, MetadataProblem
from sso.saml.key_rules import flaw_of, kind_of

# Ten times as large as any that a provider is known to use; whatever stands in it is read again for each sign-in.
_MAX_BYTES = 16 * 1024


class _Facts(NamedTuple):
    fingerprint: str
    subject: str
    issuer: str
    is_authority: bool
    not_before: datetime
    not_after: datetime
    public_key: CertificatePublicKeyTypes
    key: str
    flaw: str


@dataclass(frozen=True, slots=True)
class SigningCertificate:
    """One signing certificate of an identity provider; only its DER bytes are stored, the rest is read from them.

    `SigningCertificate(der)` costs nothing and is meant for bytes that came out of `from_der` before.
    """

    der: bytes

    @classmethod
    def from_der(cls, der: bytes) -> "SigningCertificate":
        """Raises `MetadataError` when the bytes are not a certificate that can be read, or more than 16 KB."""
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
    def issuer(self) -> str:
        """Who signed this certificate, as RFC 4514 text; the subject itself if nobody else did."""
        return _facts(self.der).issuer

    @property
    def is_authority(self) -> bool:
        """Whether it may issue other certificates, by its own account (RFC 5280 4.2.1.9)."""
        return _facts(self.der).is_authority

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
    def flaw(self) -> str:
        """Why the key may not verify signatures, as a clause; "" if it may (key_rules.py)."""
        return _facts(self.der).flaw

    @property
    def strong(self) -> bool:
        """Whether the key may verify signatures."""
        return not self.flaw


@lru_cache(maxsize=1024)
def _facts(der: bytes) -> _Facts:
    if len(der) > _MAX_BYTES:
        raise ValueError("larger than any certificate")
    with warnings.catch_warnings():
        # Some providers number their own certificate 0. That says nothing about the key, which is all we trust.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        certificate = x509.load_der_x509_certificate(der)
        is_authority = _is_authority(certificate)
    public_key = certificate.public_key()
    return _Facts(
        fingerprint=hashlib.sha256(der).hexdigest(),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        is_authority=is_authority,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        public_key=public_key,
        key=kind_of(public_key),
        flaw=flaw_of(public_key),
    )


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        return False
