"""Addresses, keys and attributes that are read although something is odd: each finding says what has to be done."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from sso.saml import FindingCode as F
from sso.saml import MetadataError, provider_document, read_idp_metadata
from sso.saml import MetadataProblem as P
from tests.saml.der_certificates import built, tlv
from tests.saml.der_certificates import key as private_key
from tests.saml.metadata.test_aggregates import offered, stream
from tests.saml.metadata.test_metadata import codes, problem, read
from tests.saml.metadata_files import (
    DS,
    ENTITY,
    ENTRA,
    ENTRA_SSO,
    POST,
    REDIRECT,
    SSO,
    base64_of,
    certificate,
    endpoint,
    entities,
    entity,
    key,
    role,
    sso,
)
from tests.saml.provider import ENTITY_ID, key_pair

NOTHING = "You don't need to do anything."
SLO = "SingleLogoutService"
CERTIFICATE = base64_of(key_pair())
PEM = f"-----BEGIN CERTIFICATE-----\n{CERTIFICATE}\n-----END CERTIFICATE-----\n"


def at(address: str, entity_id: str = ENTITY) -> str:
    return entity(role(key() + sso(address)), entity_id)


FINDINGS = {
    "a name of a test": (at("https://adfs.contoso.test/"), F.INTERNAL_ADDRESS, "users can sign in only from there"),
    "a name of a home": (at("https://idp.home.arpa/"), F.INTERNAL_ADDRESS, "If this is intended, you don't need"),
    "a dot behind it": (at("https://adfs.contoso.local./"), F.INTERNAL_ADDRESS, "set the public address"),
    "this machine": (
        at("https://localhost:8443/"),
        F.LOOPBACK_ADDRESS,
        "to the visitor's own computer: no user can sign in.",
    ),
    "its number": (at("https://127.0.0.1/"), F.LOOPBACK_ADDRESS, "set the address that your members use"),
    "a name that is none": (at("https://idp.contoso.invalid/"), F.RESERVED_ADDRESS, "is an example"),
    "an example": (at("https://sso.example.com/"), F.RESERVED_ADDRESS, "set the address that your members use"),
    "Safe Links": (
        at("https://eur01.safelinks.protection.outlook.com/?url=x", ENTRA),
        F.REWRITTEN_ADDRESS,
        "without sending it by mail",
    ),
    "URL Defense": (at("https://urldefense.com/v3/__x__"), F.REWRITTEN_ADDRESS, "a mail program replaced it"),
    "Entra elsewhere": (at(SSO, ENTRA), F.ADDRESS_OF_OTHER_PROVIDER, "Unless you know why, download"),
    "http beside https": (
        entity(role(key() + sso("http://idp.contoso.com/") + sso(SSO, POST))),
        F.SIGN_IN_ADDRESS_IGNORED,
        f"because it is not https. {SSO} is used. {NOTHING}",
    ),
    "http before https": (
        entity(role(key() + sso("http://idp.contoso.com/") + sso())),
        F.SIGN_IN_ADDRESS_IGNORED,
        f"{SSO} is used.",
    ),
    "sign-out by http": (
        entity(role(key() + endpoint(SLO, REDIRECT, "http://idp.contoso.com/") + sso())),
        F.SIGN_OUT_ADDRESS_IGNORED,
        "because it is not https, so members are signed out here only. To sign them out there, too: ask",
    ),
    "sign-out answers to a script": (
        entity(role(key() + endpoint(SLO, REDIRECT, SSO, "javascript:x") + sso())),
        F.SIGN_OUT_ADDRESS_IGNORED,
        "javascript:x was left out, because it is not a web address",
    ),
    "two entries": (entities(entity(), entity()), F.ENTITY_LISTED_TWICE, "2 entries for this entityID"),
    "two roles": (entity(role() + role()), F.SECOND_ROLE, "the first one was read"),
    "blanks": (entity(entity_id=f" {ENTITY}"), F.ENTITY_ID_TRIMMED, NOTHING),
    "signed, perhaps": (
        entity(role(attributes=' WantAuthnRequestsSigned="yes"')),
        F.SIGNED_REQUESTS_UNCLEAR,
        "turn Sign requests on",
    ),
    "signed, in capitals": (
        entity(role(attributes=' WantAuthnRequestsSigned="TRUE"')),
        F.SIGNED_REQUESTS_WANTED,
        "Give",
    ),
    "another use": (
        entity(role(key(use="sealing") + key() + sso())),
        F.KEY_USE_UNKNOWN,
        "its use is \u201csealing\u201d",
    ),
    "a key without certificate": (
        entity(
            role(f'<KeyDescriptor><KeyInfo xmlns="{DS}"><KeyName>a</KeyName></KeyInfo></KeyDescriptor>{key()}{sso()}')
        ),
        F.CERTIFICATE_MISSING,
        "let it add the certificate",
    ),
    "a weak key": (
        entity(role(key(base64_of(certificate(bits=1024))) + key() + sso())),
        F.CERTIFICATE_WEAK,
        "create a new",
    ),
    "no key": (entity(role(key("TODO") + key() + sso())), F.CERTIFICATE_UNREADABLE, "Download the file"),
    "no date": (entity(attributes=' validUntil="soon"'), F.VALID_UNTIL_UNREADABLE, f"which is no date. {NOTHING}"),
    "a past date": (entity(attributes=' validUntil="2020-01-01"'), F.METADATA_EXPIRED, "download a fresh one"),
}


@pytest.mark.parametrize(("data", "code", "says"), FINDINGS.values(), ids=FINDINGS.keys())
def test_what_is_odd_is_said_with_what_to_do(data: str, code: F, says: str) -> None:
    metadata = read(data)
    assert codes(metadata) == [code]
    assert says in metadata.findings[0].message
    assert read(provider_document(stream(data), our_entity_id=ENTITY_ID)) == metadata


@pytest.mark.parametrize(
    "data",
    [
        at("https://adfs.contoso.ads/"),
        at("https://myexample.com/"),
        at(ENTRA_SSO, ENTRA),
        at("https://login.microsoftonline.us/x/saml2", ENTRA),
        at("https://login.partner.microsoftonline.cn/x/saml2", "https://sts.chinacloudapi.cn/x/"),
        at("https://sso.contoso.com/common/saml2"),
        entity(role(key(use="Signing") + sso())),
        entity(role(key(use="") + sso())),
        entity(role(attributes=' WantAuthnRequestsSigned="False"')),
        entity(role(key(base64.b64encode(PEM.encode()).decode()) + sso())),
        entity(role(key(CERTIFICATE.replace("A", "\\r\\nA", 1)) + sso())),
        entity(
            role(
                key(f"\u2014\u2013-BEGIN CERTIFICATE\u2014\u2013-\n{CERTIFICATE}\n\u2014-END CERTIFICATE\u2014-")
                + sso()
            )
        ),
        entity(role(key(CERTIFICATE.rstrip("=")) + sso())),
    ],
)
def test_what_is_obvious_is_read_without_a_word(data: str) -> None:
    metadata = read(data)
    assert metadata.certificates == (key_pair().certificate,)
    assert codes(metadata) == []


def test_loopback_is_meant_in_development() -> None:
    assert codes(read(at("https://localhost:8443/"), allow_loopback_http=True)) == []


FLAWS = {
    "http://localhost:8080/saml": "leads to the visitor's own computer",
    "https:// login.contoso.com/": "has a blank or the marks of a link",
    "[https://login.contoso.com](https://login.contoso.com)": "Download the file again",
    "https://m\u00fcnchen.example/": "must write in ASCII",
    "https://user@idp.contoso.com/": "has a user name in it",
    "https://idp.contoso.com/#a": "has a part behind #",
    "sso.contoso.com/saml": "is not a web address",
    "http://sso.contoso.com/saml": "Ask the operator of your identity provider for metadata with https",
    "https://idp.contoso.com/" + "a" * 2000: "is longer than 2,000 characters",
}


@pytest.mark.parametrize(("address", "says"), FLAWS.items())
def test_what_is_wrong_with_an_address(address: str, says: str) -> None:
    with pytest.raises(MetadataError) as caught:
        read(at(address))
    assert caught.value.code is P.UNSAFE_ADDRESS
    assert says in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("path", ["common", "organizations", "consumers"])
@pytest.mark.parametrize(
    "host",
    [
        "login.microsoftonline.com",
        "login.microsoftonline.us",
        "login.partner.microsoftonline.cn",
        "login.chinacloudapi.cn",
        "login.microsoftonline.de",
    ],
)
def test_documents_for_every_tenant_of_every_cloud(host: str, path: str) -> None:
    assert problem(at(f"https://{host}/{path}/saml2")) is P.ENTRA_COMMON


@pytest.mark.parametrize(
    "cn",
    [
        "accounts.accesscontrol.windows.net",
        "accounts.accesscontrol.chinacloudapi.cn",
        "login.microsoftonline.us",
        "login.microsoftonline.de",
    ],
)
def test_platform_keys_of_every_cloud(cn: str) -> None:
    platform = key(base64_of(certificate(cn=cn)))
    assert problem(entity(role(platform + sso(ENTRA_SSO)), ENTRA)) is P.ENTRA_TENANT
    assert problem(entity(role(platform + sso(ENTRA_SSO)))) is P.ENTRA_TENANT
    assert codes(read(entity(role(platform + key() + sso(ENTRA_SSO)), ENTRA))) == []
    assert codes(read(entity(role(platform + sso())))) == []


def der_text(der: bytes) -> str:
    return base64.b64encode(der).decode()


PUBLIC = (
    private_key().public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
)
REQUEST = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(private_key(), hashes.SHA256())
OPEN = serialization.NoEncryption()
PRIVATE = private_key().private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, OPEN)
PRIVATE_PEM = private_key().private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, OPEN).decode()
SIGNED_DATA = tlv(0x06, bytes.fromhex("2a864886f70d010702"))
UNREADABLE = {
    "nothing": (" ", "its element is empty"),
    "dots": ("...", "a browser folded it away"),
    "a placeholder": ("{{ certificate }}", "in its place stands only \u201c{{ certificate }}\u201d. Download the file"),
    "a long placeholder": ("{" + "x" * 200, "xxx\u2026\u201d"),
    "a letter that base64 has not": ("!" + CERTIFICATE, "\u201c!\u201d is no letter of base64"),
    "one letter less": (CERTIFICATE[:400] + CERTIFICATE[401:], "it is damaged: a part of it"),
    "letters that became blanks": (CERTIFICATE.rstrip("=")[:-3], "is missing. Download the file again"),
    "the first half": (CERTIFICATE[:400], "it is damaged: a part of it is missing"),
    "small letters": (CERTIFICATE.lower(), "these bytes are no certificate, or no longer one"),
    "a public key": (der_text(PUBLIC), "it is a bare public key, without the certificate of that key"),
    "a request": (der_text(REQUEST.public_bytes(serialization.Encoding.DER)), "it is a request for a certificate"),
    "a key of no kind": (der_text(built(public_key=tlv(0x30, tlv(0x30, tlv(0x06, b"\x2a\x03")), b"\x03\x02\x00\x00"))),
                         "its key can't be read"),
    "a broken PKCS 7": (der_text(tlv(0x30, SIGNED_DATA, tlv(0xA0, bytes(100)))), "it is a damaged PKCS #7 file"),
    "an empty PKCS 7": (
        der_text(tlv(0x30, SIGNED_DATA, tlv(0xA0, tlv(0x30, tlv(0x04, bytes(100)))))),
        "a PKCS #7 file without a certificate",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "says"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_stands_in_the_place_of_a_certificate(text: str, says: str) -> None:
    # Not by `key`, which writes a certificate where the text is empty.
    data = f"<X509Data><X509Certificate>{text}</X509Certificate></X509Data>"
    written = f'<KeyDescriptor><KeyInfo xmlns="{DS}">{data}</KeyInfo></KeyDescriptor>'
    with pytest.raises(MetadataError) as caught:
        read(entity(role(written + sso())))
    assert caught.value.code is P.UNREADABLE_KEY
    assert says in str(caught.value)
    assert "Create a new" not in str(caught.value)
    beside_another = read(entity(role(written + key() + sso())))
    assert codes(beside_another) == [F.CERTIFICATE_UNREADABLE]


PRIVATE_PEMS = (PRIVATE_PEM, PRIVATE_PEM.replace("-----", "\u2014-"), f"&#45;{PRIVATE_PEM[1:]}")


@pytest.mark.parametrize("text", [*PRIVATE_PEMS, der_text(PRIVATE), der_text(PRIVATE_PEM.encode())])
def test_a_private_key_is_refused_even_beside_a_certificate(text: str) -> None:
    with pytest.raises(MetadataError, match="This file holds a private key") as caught:
        read(entity(role(key(text) + key() + sso())))
    assert caught.value.code is P.PRIVATE_KEY


def test_a_folded_key() -> None:
    with pytest.raises(MetadataError, match="Save the file from your identity provider instead of copying its text"):
        read(entity(role('<KeyDescriptor use="signing">...</KeyDescriptor>' + sso())))


def test_pkcs7_is_read_like_the_certificates_of_one_key() -> None:
    bundle = pkcs7.serialize_certificates([x509.load_der_x509_certificate(built())], serialization.Encoding.DER)
    assert [each.der for each in read(entity(role(key(der_text(bundle)) + sso()))).certificates] == [built()]


def test_no_signing_key_says_what_there_is_instead() -> None:
    for inside, says in (
        (key(use="encryption"), "What it holds is for encryption"),
        (key(use="sealing"), "has the use \u201csealing\u201d"),
        ("", "Download the file again"),
    ):
        with pytest.raises(MetadataError) as caught:
            read(entity(role(inside + sso())))
        assert caught.value.code is P.NO_SIGNING_KEY
        assert says in str(caught.value)


def test_certificates_that_are_not_valid_yet_get_their_own_sentence() -> None:
    data = entity(role(key(base64_of(certificate(2030, 2040))) + key(base64_of(certificate(2015, 2020))) + sso()))
    metadata = read(data)
    assert codes(metadata) == [F.CERTIFICATE_NOT_YET_VALID, F.CERTIFICATE_EXPIRED, F.NO_CERTIFICATE_VALID_NOW]
    assert (
        "valid yet, so sign-ins are refused before 1 January 2030. Wait for that day" in metadata.findings[-1].message
    )


def test_a_stream_tells_entries_of_one_entity_apart() -> None:
    assert [each.names for each in offered(entities(entity(), entity(), entity(entity_id="b")))] == [
        (),
        (f"{ENTITY} (entry 2 of this entityID)",),
        (),
    ]


def test_entities_of_which_none_has_a_certificate_are_no_question() -> None:
    data = entities(*(entity(role(key("TODO") + sso()), name) for name in ("a", "b")))
    document = provider_document(stream(data), our_entity_id=ENTITY_ID)
    with pytest.raises(MetadataError, match="stands only"):
        read_idp_metadata(document, our_entity_id=ENTITY_ID, now=datetime(2026, 3, 2, tzinfo=UTC))
