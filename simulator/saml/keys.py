"""Signing keys with their self-signed certificates, as Entra makes them for an application."""

import base64
import datetime as dt
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

APP_SUBJECT = "Microsoft Azure Federated SSO Certificate"
PLATFORM_SUBJECT = "accounts.accesscontrol.windows.net"
LIFETIME = dt.timedelta(days=3 * 365)


class _Certified:
    """The certificate fields that the portal shows of a key of either side; the fields hold it as PEM."""

    certificate_pem: bytes

    @cached_property
    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate_pem)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def thumbprint(self) -> str:
        """Return SHA-1 of the DER certificate in upper-case hexadecimal, as the portal shows it."""
        return self.certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303  # a name, not a proof

    @property
    def expires(self) -> dt.datetime:
        return self.certificate.not_valid_after_utc


@dataclass(frozen=True)
class SigningKey(_Certified):
    """A private key and the certificate that shows its public half, both as PEM."""

    private_pem: bytes
    certificate_pem: bytes

    @classmethod
    def create(
        cls,
        common_name: str = APP_SUBJECT,
        *,
        bits: int = 2048,
        valid_from: dt.datetime | None = None,
        valid_until: dt.datetime | None = None,
    ) -> "SigningKey":
        """Return a new RSA key; valid three years from now unless told otherwise (aware datetimes)."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        start = valid_from or dt.datetime.now(dt.UTC)
        certificate = _self_signed(key, common_name, start, valid_until or start + LIFETIME)
        return cls(_private_pem(key), certificate.public_bytes(serialization.Encoding.PEM))

    @property
    def certificate_base64(self) -> str:
        """Return the DER certificate as base64 on one line, the form of ds:X509Certificate."""
        return base64.b64encode(self.der).decode()

    def write(self, file: Path) -> None:
        """Write key and certificate into one PEM file that only its owner can read."""
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(self.private_pem + self.certificate_pem)

    @classmethod
    def read(cls, file: Path) -> "SigningKey":
        """Return the key that `write` left in this file."""
        private, mark, certificate = file.read_bytes().partition(b"-----BEGIN CERTIFICATE-----")
        return cls(private, mark + certificate)


@dataclass(frozen=True)
class UploadedCertificate(_Certified):
    """A certificate of the service provider's, as PEM; `read_certificate` has seen that its key is RSA."""

    certificate_pem: bytes

    @property
    def has_expired(self) -> bool:
        return self.expires <= dt.datetime.now(dt.UTC)

    @property
    def public_key(self) -> rsa.RSAPublicKey:
        """Return the RSA key. Raises TypeError for any other."""
        key = self.certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise TypeError("requests are verified with RSA keys")
        return key


def _self_signed(key: rsa.RSAPrivateKey, common_name: str, start: dt.datetime, end: dt.datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=start,
        not_valid_after=end,
    )
    return builder.sign(key, hashes.SHA256())


def _private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
