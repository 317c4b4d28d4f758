"""X.509 certificates as a carrier of a public key: no chain, no revocation, the key itself is trusted."""

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

# Three times as large as any that a provider is known to use; all that stands in it is read again for a sign-in.
MAX_CERTIFICATE_BYTES = 8 * 1024

# RFC 8017 A.2.4 and RFC 5758 3.2. SHA-1 only tells whether a certificate is whole, and nothing is trusted for it.
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
        """Raises `MetadataError` when the bytes are not a certificate that can be read, or more than 8 KB."""
        try:
            _facts(der)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
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
        """RFC 4514 text, such as "CN=Microsoft Azure Federated SSO Certificate"; "" if it can't be read."""
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
    def public_key(self) -> PublicKeyTypes:
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

    @property
    def is_damaged(self) -> bool:
        """Whether it claims to be signed by its own key, which did not sign it: a part of it has been changed.

        False wherever that can't be told: for certificates that an authority issued and for unusual algorithms.
        """
        fields = certificate_fields(self.der)
        return fields.issuer_name == fields.subject_name and _is_forged(fields, self.public_key)


@lru_cache(maxsize=1024)
def _facts(der: bytes) -> _Facts:
    """Read everything but the names strictly: what stands in a name says nothing about the key, all that we trust."""
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
    """Whether the signature was certainly not made by this key."""
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
