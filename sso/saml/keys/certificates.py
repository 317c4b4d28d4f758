"""X.509 certificates as carriers of a public key: no chain, no revocation, the key itself is trusted."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_public_key

from sso.saml.errors import MetadataError, MetadataProblem
from sso.saml.keys.certificate_fields import Fields, certificate_fields
from sso.saml.keys.key_rules import costs_little, flaw_of, kind_of

# Three times as large as any known provider's; the limit matters because all of it is read again for a sign-in.
MAX_CERTIFICATE_BYTES = 8 * 1024

# RFC 8017 A.2.4 and RFC 5758 3.2. SHA-1 only shows whether a certificate is intact, and never makes it trusted.
_SIGNED_WITH: dict[str, hashes.HashAlgorithm] = {
    "1.2.840.113549.1.1.5": hashes.SHA1(),  # noqa: S303
    "1.2.840.113549.1.1.11": hashes.SHA256(),
    "1.2.840.113549.1.1.12": hashes.SHA384(),
    "1.2.840.113549.1.1.13": hashes.SHA512(),
    "1.2.840.10045.4.1": hashes.SHA1(),  # noqa: S303
    "1.2.840.10045.4.3.2": hashes.SHA256(),
    "1.2.840.10045.4.3.3": hashes.SHA384(),
    "1.2.840.10045.4.3.4": hashes.SHA512(),
}


class _Facts(NamedTuple):
    fingerprint: str
    subject: str
    issuer: str
    is_authority: bool
    not_before: datetime
    not_after: datetime
    public_key: PublicKeyTypes
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
        """Return the certificate in these bytes. Raise `MetadataError` if they can't be read or are more than 8 KB."""
        try:
            _facts(der)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise MetadataError(MetadataProblem.UNREADABLE_KEY, "A certificate could not be read.") from error
        return cls(der)

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of the DER as 64 lower-case hexadecimal digits."""
        return _facts(self.der).fingerprint

    @property
    def thumbprint(self) -> str:
        """Return the SHA-1 of the DER in upper case, by which Entra's portal names a certificate. Only for display."""
        return hashlib.sha1(self.der, usedforsecurity=False).hexdigest().upper()

    @property
    def subject(self) -> str:
        """Return the RFC 4514 subject, such as "CN=Microsoft Azure Federated SSO Certificate"; "" if unreadable."""
        return _facts(self.der).subject

    @property
    def issuer(self) -> str:
        """Return the issuer as RFC 4514 text; for a self-signed certificate, that is its subject."""
        return _facts(self.der).issuer

    @property
    def is_authority(self) -> bool:
        """Return whether the certificate claims that it may issue others (RFC 5280 4.2.1.9)."""
        return _facts(self.der).is_authority

    @property
    def not_before(self) -> datetime:
        """Return the first moment of validity, aware, UTC."""
        return _facts(self.der).not_before

    @property
    def not_after(self) -> datetime:
        """Return the last moment of validity, aware, UTC."""
        return _facts(self.der).not_after

    @property
    def public_key(self) -> PublicKeyTypes:
        """Return the public key, which several threads may use at once."""
        return _facts(self.der).public_key

    @property
    def key(self) -> str:
        """Return kind and size of the key, such as "RSA 2048" or "EC secp256r1"."""
        return _facts(self.der).key

    @property
    def flaw(self) -> str:
        """Return why the key may not verify signatures, as a clause; "" if it may (key_rules.py)."""
        return _facts(self.der).flaw

    @property
    def strong(self) -> bool:
        """Return whether the key may verify signatures."""
        return not self.flaw

    @property
    def is_damaged(self) -> bool:
        """Return whether a self-signed certificate has been changed: its own key did not sign what it says.

        False wherever that can't be checked: for certificates that an authority issued and for unusual algorithms.
        """
        fields = certificate_fields(self.der)
        return fields.issuer_name == fields.subject_name and _is_forged(fields, self.public_key)


@lru_cache(maxsize=1024)
def _facts(der: bytes) -> _Facts:
    """Read everything but the names strictly: only the key is trusted, and names say nothing about it."""
    if len(der) > MAX_CERTIFICATE_BYTES:
        raise ValueError("larger than any certificate")
    fields = certificate_fields(der)
    public_key = load_der_public_key(fields.public_key)
    return _Facts(
        fingerprint=hashlib.sha256(der).hexdigest(),
        subject=fields.subject,
        issuer=fields.issuer,
        is_authority=fields.is_authority,
        not_before=fields.not_before,
        not_after=fields.not_after,
        public_key=public_key,
        key=kind_of(public_key),
        flaw=flaw_of(public_key),
    )


def _is_forged(fields: Fields, key: PublicKeyTypes) -> bool:
    """Return whether the signature was certainly not made by this key."""
    digest = _SIGNED_WITH.get(fields.signature_algorithm)
    if digest is None or not costs_little(key):
        return False
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(fields.signature, fields.signed, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(fields.signature, fields.signed, ec.ECDSA(digest))
    except InvalidSignature:
        return True
    except UnsupportedAlgorithm:  # a machine whose policy forbids SHA-1
        return False
    return False
