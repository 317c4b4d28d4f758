"""Certificates, as they are shown and stored."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from sso.saml import MetadataError, SigningCertificate
from sso.saml.xml.instants import parse_instant
from tests.saml.metadata_files import certificate
from tests.saml.provider import key_pair


def test_what_is_known_about_a_certificate() -> None:
    stored = SigningCertificate(certificate().certificate.der)
    assert stored == certificate().certificate
    assert len(stored.fingerprint) == 64
    sha1 = x509.load_der_x509_certificate(stored.der).fingerprint(hashes.SHA1())  # noqa: S303 - as the portal shows it
    assert stored.thumbprint == sha1.hex().upper()
    assert stored.subject == "CN=idp.example.test"
    assert (stored.not_before, stored.not_after) == (datetime(2025, 1, 1, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC))
    assert (stored.key, stored.strong) == ("RSA 2048", True)


def test_kinds_of_keys() -> None:
    assert (key_pair("ec", "ec").certificate.key, key_pair("ec", "ec").certificate.strong) == ("EC secp256r1", True)
    weak = certificate(bits=1024).certificate
    assert (weak.key, weak.strong) == ("RSA 1024", False)


def test_keys_no_response_may_be_signed_with() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([])
    begin, end = datetime(2025, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, end).sign(key, None)
    read = SigningCertificate.from_der(made.public_bytes(serialization.Encoding.DER))
    assert (read.key, read.strong) == ("Ed25519", False)


def test_a_serial_number_of_nought_is_no_reason_to_refuse() -> None:
    """Some providers number their own certificate 0; cryptography warns about it, and warnings are errors here."""
    key = ec.generate_private_key(ec.SECP256R1())
    begin, end = datetime(2025, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nought")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, end).sign(key, hashes.SHA256())
    version_and_serial = bytes.fromhex("a003020102020101")
    der = made.public_bytes(serialization.Encoding.DER)
    assert der.count(version_and_serial) == 1
    nought = der.replace(version_and_serial, bytes.fromhex("a003020102020100"))
    assert SigningCertificate.from_der(nought).subject == "CN=nought"


@pytest.mark.parametrize("der", [b"", b"\x30\x03abc", certificate().certificate.der[:-1], b"x" * 5000])
def test_what_is_no_certificate(der: bytes) -> None:
    with pytest.raises(MetadataError):
        SigningCertificate.from_der(der)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-02T09:30:00Z", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        ("2026-03-02T09:30:00.5Z", datetime(2026, 3, 2, 9, 30, 0, 500000, tzinfo=UTC)),
        ("2026-03-02T09:30:00.1234569Z", datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=UTC)),
        ("2026-03-02T09:30:00." + "1" * 43 + "Z", datetime(2026, 3, 2, 9, 30, 0, 111111, tzinfo=UTC)),
        ("2026-03-02T09:30:00." + "1" * 44 + "Z", None),
        ("", None),
        ("2026-03-02", None),
        ("2026-03-02T09:30:00", None),
        ("2026-03-02T09:30:00+00:00", None),
        ("2026-03-02T24:00:00Z", None),
        ("2026-02-30T09:30:00Z", None),
        ("0000-01-01T00:00:00Z", None),
        ("12026-03-02T09:30:00Z", None),
        ("-2026-03-02T09:30:00Z", None),
        ("2026-03-02T09:30:00Z\n", None),
        ("٢٠٢٦-03-02T09:30:00Z", None),
    ],
)
def test_moments(text: str, expected: datetime | None) -> None:
    assert parse_instant(text) == expected
