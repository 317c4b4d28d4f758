"""Nothing but the key and the dates may refuse a certificate, whatever its names look like."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from sso.saml import MetadataError, SigningCertificate
from sso.saml.keys import certificates
from sso.saml.keys.der import SEQUENCE, children, object_identifier, only
from tests.saml.der_certificates import (
    BEGIN,
    BMP,
    COMMON_NAME,
    COUNTRY,
    EMAIL,
    END,
    GENERALIZED_TIME,
    IA5,
    PRINTABLE,
    T61,
    UTC_TIME,
    UTF8,
    built,
    name,
    pair_of,
    part,
    text_of,
    tlv,
)
from tests.saml.judging import judge
from tests.saml.metadata.test_metadata import codes, read
from tests.saml.metadata_files import base64_of, certificate, entity, key, role, sso
from tests.saml.provider import SamlResponse, idp

NAMES = {
    "an asterisk": (part(COMMON_NAME, PRINTABLE, b"*.contoso.com"), "CN=*.contoso.com"),
    "an underscore": (part(COMMON_NAME, PRINTABLE, b"adfs_signing"), "CN=adfs_signing"),
    "an ampersand": (part(COMMON_NAME, PRINTABLE, b"Smith & Sons"), "CN=Smith & Sons"),
    "an address": (part(EMAIL, PRINTABLE, b"it@contoso.com"), "emailAddress=it@contoso.com"),
    "T61": (part(COMMON_NAME, T61, b"M\xfcnchen"), "CN=M\u00fcnchen"),
    "Latin-1 as ASCII": (part(EMAIL, IA5, b"j\xfcrgen@contoso.com"), "emailAddress=j\u00fcrgen@contoso.com"),
    "Latin-1 as UTF-8": (part(COMMON_NAME, UTF8, b"M\xfcnchen"), "CN=M\u00fcnchen"),
    "UTF-16": (part(COMMON_NAME, BMP, "M\u00fcnchen".encode("utf-16-be")), "CN=M\u00fcnchen"),
    "a country of three letters": (part(COUNTRY, PRINTABLE, b"GER"), "C=GER"),
    "letters with a meaning": (part(COMMON_NAME, UTF8, b' a,b+c"d '), 'CN=\\ a\\,b\\+c\\"d\\ '),
    "letters that turn text": (part(COMMON_NAME, UTF8, "a\u202eb".encode()), "CN=a b"),
    "a kind without a name": (part(b"\x55\x04\x41", UTF8, b"x"), "2.5.4.65=x"),
    "nothing": (b"", ""),
    "a part that is none": (tlv(0x31, tlv(0x30, tlv(0x06, COMMON_NAME))), ""),
    "no part at all": (tlv(0x02, b"\x01"), ""),
}


@pytest.mark.parametrize(("inside", "shown"), NAMES.values(), ids=NAMES.keys())
def test_any_name_will_do(inside: bytes, shown: str) -> None:
    der = built(name(inside))
    metadata = read(entity(role(key(text_of(der)) + sso())))
    assert [each.subject for each in metadata.certificates] == [shown]
    assert codes(metadata) == []


@pytest.mark.parametrize("inside", [inside for inside, _ in NAMES.values()], ids=NAMES.keys())
def test_people_sign_in_with_such_a_certificate(inside: bytes) -> None:
    pair = pair_of(built(name(inside)))
    assert judge(SamlResponse(pair=pair), idp(pair)).accepted


@pytest.mark.parametrize("serial", [b"\x00", b"\xff", b"", b"\x01" * 40], ids=["zero", "negative", "none", "long"])
def test_any_number_will_do_and_nothing_is_warned_of(serial: bytes) -> None:
    assert SigningCertificate.from_der(built(serial=serial)).subject == "CN=idp"


def test_version_1_has_no_version_and_no_extensions() -> None:
    assert SigningCertificate.from_der(built(version=b"")).key == "RSA 2048"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ((UTC_TIME, b"250101000000Z"), datetime(2025, 1, 1, tzinfo=UTC)),
        ((UTC_TIME, b"490101000000Z"), datetime(2049, 1, 1, tzinfo=UTC)),
        ((UTC_TIME, b"500101000000Z"), datetime(1950, 1, 1, tzinfo=UTC)),
        ((UTC_TIME, b"2501010000Z"), datetime(2025, 1, 1, tzinfo=UTC)),
        ((UTC_TIME, b"250101000000+0130"), datetime(2024, 12, 31, 22, 30, tzinfo=UTC)),
        ((UTC_TIME, b"250101000000-0130"), datetime(2025, 1, 1, 1, 30, tzinfo=UTC)),
        ((GENERALIZED_TIME, b"20250101000000Z"), datetime(2025, 1, 1, tzinfo=UTC)),
        ((GENERALIZED_TIME, b"99991231235959Z"), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_dates(written: tuple[int, bytes], expected: datetime) -> None:
    assert SigningCertificate.from_der(built(dates=(written, END))).not_before == expected


def without_algorithm() -> bytes:
    signed, _, signature = children(only(built()), SEQUENCE)
    return tlv(0x30, signed.encoded, tlv(0x30), signature.encoded)


@pytest.mark.parametrize(
    "der",
    [
        without_algorithm(),
        built(dates=((UTC_TIME, b"20250101000000Z"), END)),
        built(dates=((GENERALIZED_TIME, b"250101000000Z"), END)),
        built(dates=((UTF8, b"250101000000Z"), END)),
        built(dates=((UTC_TIME, b"250230000000Z"), END)),
        built(dates=((UTC_TIME, b"soon"), END)),
        built(dates=((GENERALIZED_TIME, b"00010101000000+0100"), END)),
        built(dates=(BEGIN,)),
        built(public_key=tlv(0x30, b"")),
        built(public_key=tlv(0x02, b"\x01")),
        built() + b"\x00",
        built()[:-1],
        built() + built(),
        tlv(0x30, built()),
        tlv(0x30, built(), tlv(0x30, tlv(0x05, b"")), tlv(0x03, b"\x00")),
        b"\x30\x80" + built(),
        b"\x30\x85" + built(),
        b"\x30\x84\x01",
        b"\x30",
        b"\x3f\x81\x01\x00",
        tlv(0x30, *([b"\x05\x00"] * 300)),
    ],
)
def test_what_no_key_and_no_dates_can_be_read_from(der: bytes) -> None:
    with pytest.raises(MetadataError):
        SigningCertificate.from_der(der)


BASIC_CONSTRAINTS = tlv(0x06, b"\x55\x1d\x13")
CRITICAL = tlv(0x01, b"\xff")


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        (tlv(0x30, BASIC_CONSTRAINTS, CRITICAL, tlv(0x04, tlv(0x30, tlv(0x01, b"\xff")))), True),
        (tlv(0x30, BASIC_CONSTRAINTS, tlv(0x04, tlv(0x30, tlv(0x01, b"\xff"), tlv(0x02, b"\x00")))), True),
        (tlv(0x30, BASIC_CONSTRAINTS, tlv(0x04, tlv(0x30))), False),
        (tlv(0x30, BASIC_CONSTRAINTS, tlv(0x04, tlv(0x30, tlv(0x01, b"\x00")))), False),
        (tlv(0x30, tlv(0x06, b"\x55\x1d\x0f"), tlv(0x04, tlv(0x03, b"\x07\x80"))), False),
        (tlv(0x30, BASIC_CONSTRAINTS), False),
        (tlv(0x30, BASIC_CONSTRAINTS, tlv(0x04, b"\xff")), False),
        (b"\xff", False),
    ],
)
def test_who_may_issue_certificates(extension: bytes, expected: bool) -> None:
    rest = tlv(0xA3, tlv(0x30, extension))
    assert SigningCertificate.from_der(built(rest=rest)).is_authority is expected
    assert SigningCertificate.from_der(built(rest=tlv(0xA1, b"\x00") + rest)).is_authority is expected


def test_object_identifiers() -> None:
    assert object_identifier(b"\x55\x04\x03") == "2.5.4.3"
    assert object_identifier(b"\x2a\x86\x48") == "1.2.840"
    assert object_identifier(b"\x88\x37\x01") == "2.999.1"
    assert object_identifier(b"") == "0.0"


# --- A certificate that says that its own key signed it


def changed(der: bytes) -> bytes:
    return der[:-1] + bytes([der[-1] ^ 1])


def self_signed(signing_key: object, **options: object) -> bytes:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp")])
    public = signing_key.public_key()  # type: ignore[attr-defined]
    builder = x509.CertificateBuilder(subject, subject, public, 1, datetime(2025, 1, 1), datetime(2035, 1, 1))  # noqa: DTZ001
    return builder.sign(signing_key, **options).public_bytes(serialization.Encoding.DER)


RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
WHOLE = {
    "RSA": built(),
    "RSA with SHA-512": self_signed(RSA_KEY, algorithm=hashes.SHA512()),
    "ECDSA": self_signed(ec.generate_private_key(ec.SECP256R1()), algorithm=hashes.SHA256()),
    "ECDSA with SHA-384": self_signed(ec.generate_private_key(ec.SECP384R1()), algorithm=hashes.SHA384()),
}


@pytest.mark.parametrize("der", WHOLE.values(), ids=WHOLE.keys())
def test_a_changed_letter_is_told(der: bytes) -> None:
    assert not SigningCertificate(der).is_damaged
    assert SigningCertificate(changed(der)).is_damaged
    metadata = read(entity(role(key(text_of(changed(der))) + sso())))
    assert codes(metadata) == ["certificate_damaged"]
    assert "Download the file again" in metadata.findings[0].message


@pytest.mark.parametrize(
    "der",
    [
        built(issuer=name(part(COMMON_NAME, UTF8, b"an authority"))),
        self_signed(RSA_KEY, algorithm=hashes.SHA256(), rsa_padding=PSS),
        self_signed(ed25519.Ed25519PrivateKey.generate(), algorithm=None),
    ],
    ids=["issued by an authority", "PSS", "Ed25519"],
)
def test_what_can_not_be_told_is_not_said(der: bytes) -> None:
    assert not SigningCertificate(changed(der)).is_damaged


def test_a_key_of_another_kind_than_its_signature_is_not_judged() -> None:
    """The certificate says RSA with SHA-256, and its key is one of Ed25519."""
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert not SigningCertificate(built(public_key=spki)).is_damaged


def test_a_machine_that_forbids_a_digest_does_not_judge_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unknown(hashes.SHA256):
        name = "unknown"

    monkeypatch.setitem(certificates._SIGNED_WITH, "1.2.840.113549.1.1.11", Unknown())
    assert not SigningCertificate(changed(built())).is_damaged


def test_a_key_that_costs_much_is_not_tried() -> None:
    numbers = rsa.RSAPublicNumbers(2**64 + 13, RSA_KEY.public_key().public_numbers().n)
    spki = numbers.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert not SigningCertificate(built(public_key=spki)).is_damaged


def test_a_changed_letter_in_the_key_is_no_weak_key() -> None:
    """It makes the modulus another number, which has small factors nearly always."""
    der = built()
    modulus = SigningCertificate(der).public_key.public_numbers().n.to_bytes(256, "big")
    damaged = der.replace(modulus, modulus[:-1] + b"\x00")
    with pytest.raises(MetadataError, match="it is damaged: it says that its own key signed it") as caught:
        read(entity(role(key(text_of(damaged)) + sso())))
    assert "Create" not in str(caught.value)


def test_a_weak_key_that_is_whole_is_called_weak() -> None:
    weak = base64_of(certificate(bits=1024))
    with pytest.raises(MetadataError, match=r"RSA 1024 is too weak.*Create a new signing certificate"):
        read(entity(role(key(weak) + sso())))
