"""Uploaded metadata: every valid way to write it is read; everything else is refused with its reason in a sentence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sso.saml import (
    FindingCode,
    IdpMetadata,
    MetadataError,
    MetadataProblem,
    SeveralProviders,
    is_web_address,
    origin_of,
    read_idp_metadata,
)
from sso.saml.metadata.document import metadata_text
from tests.saml.metadata_files import (
    BOM,
    DECLARATION,
    ENTITY,
    NOT_METADATA,
    POST,
    REDIRECT,
    SOAP,
    SP_ROLE,
    SSO,
    WRITTEN,
    WS_FEDERATION,
    base64_of,
    certificate,
    endpoint,
    entities,
    entity,
    key,
    role,
    sso,
)
from tests.saml.provider import ENTITY_ID, NOW, key_pair


def read(data: bytes | str, **options: object) -> IdpMetadata:
    raw = data.encode() if isinstance(data, str) else data
    return read_idp_metadata(raw, our_entity_id=ENTITY_ID, now=NOW, **options)


def problem(data: bytes | str, **options: object) -> MetadataProblem:
    """Refused, with a sentence that an administrator can act on."""
    with pytest.raises(MetadataError) as caught:
        read(data, **options)
    message = str(caught.value)
    assert message[0].isupper()
    assert message.endswith(".")
    assert 20 < len(message) < 400
    return caught.value.code


def codes(metadata: IdpMetadata) -> list[FindingCode]:
    assert all(finding.message.endswith(".") for finding in metadata.findings)
    return [finding.code for finding in metadata.findings]


def test_what_is_read() -> None:
    sign_out = endpoint(
        "SingleLogoutService", REDIRECT, "https://idp.example.test/slo", "https://idp.example.test/slor"
    )
    metadata = read(entity(role(key() + sign_out + sso() + sso(SSO + "/post", POST), ' WantAuthnRequestsSigned="1"')))
    assert metadata.entity_id == ENTITY
    assert metadata.certificates == (key_pair().certificate,)
    assert (metadata.sso_redirect_url, metadata.sso_post_url) == (SSO, SSO + "/post")
    assert metadata.slo_url == "https://idp.example.test/slo"
    assert metadata.slo_response_url == "https://idp.example.test/slor"
    assert metadata.want_authn_requests_signed
    assert metadata.valid_until is None
    assert codes(metadata) == [FindingCode.SIGNED_REQUESTS_WANTED]


@pytest.mark.parametrize("data", WRITTEN.values(), ids=WRITTEN.keys())
def test_honest_ways_to_write_it(data: bytes) -> None:
    metadata = read(data)
    assert metadata.entity_id == ENTITY
    assert metadata.certificates == (key_pair().certificate,)
    assert metadata.sso_redirect_url == SSO
    assert codes(metadata) == []


@pytest.mark.parametrize(("data", "expected"), NOT_METADATA.values(), ids=NOT_METADATA.keys())
def test_everything_else_is_told_apart(data: bytes, expected: MetadataProblem) -> None:
    assert problem(data) is expected


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)//",
        "http://idp.example.test/sso",
        "ftp://idp.example.test/",
        "//idp.example.test/",
        "/sso",
        "https:///sso",
        "https://user:secret@idp.example.test/",
        "https://idp.example.test@evil.test/",
        "https://idp.example.test/#fragment",
        "https://idp.example.test:99999/",
        "https://[::1",
        "https://idp.example.test/ sso",
        "https://ïdp.example.test/",
        "https://idp.example.test/" + "a" * 2000,
        "http://127.0.0.1.evil.test/",
        "http://localhost.evil.test/",
        "http://10.0.0.1/",
        "https://idp.example.test;script-src/",
        "https://idp.example.test;script-src%20*.evil.test/",
        "https://idp.example.test,https://evil.test/",
        "https://idp.example.test'/",
        "https://&quot;idp.example.test&quot;/",
        "https://idp.example.test\\.evil.test/",
        "https://*.example.test/",
        "https://idp.example.test:443;/",
        "https://[::1];x/",
        "https://idp.example.test%3bx/",
    ],
)
@pytest.mark.parametrize("binding", [REDIRECT, POST])
def test_addresses_no_browser_is_sent_to(address: str, binding: str) -> None:
    data = entity(role(key() + sso(address, binding)))
    assert problem(data, allow_loopback_http=True) is MetadataProblem.UNSAFE_ADDRESS


@pytest.mark.parametrize("host", ["localhost:8001", "127.0.0.1:8001", "127.8.9.1", "[::1]:8001", "idp.localhost"])
def test_this_machine_needs_no_https_in_development(host: str) -> None:
    data = entity(role(key() + sso(f"http://{host}/saml2")))
    assert problem(data) is MetadataProblem.UNSAFE_ADDRESS
    assert read(data, allow_loopback_http=True).sso_redirect_url == f"http://{host}/saml2"


def test_post_only() -> None:
    metadata = read(entity(role(key() + sso(SSO, POST))))
    assert (metadata.sso_redirect_url, metadata.sso_post_url) == ("", SSO)
    assert codes(metadata) == []


@pytest.mark.parametrize("entity_id", ["IdP Entity ID", "localhost", "login.example", "urn:x:y", "a" * 1024])
def test_entity_ids_that_are_no_addresses(entity_id: str) -> None:
    assert read(entity(entity_id=entity_id)).entity_id == entity_id


def test_several_keys_are_all_trusted() -> None:
    first, second = certificate(2024, 2034), certificate(2023, 2033)
    metadata = read(entity(role(key(base64_of(first)) + key(base64_of(second)) + key(use="encryption") + sso())))
    assert metadata.certificates == (first.certificate, second.certificate)


def test_only_the_keys_of_the_role_count() -> None:
    """Entra and ADFS repeat theirs in other roles, and those of a service provider at the same address differ."""
    other = role(key(base64_of(certificate(2024, 2034))), name="SPSSODescriptor")
    assert read(entity(other + WS_FEDERATION + role())).certificates == (key_pair().certificate,)


FINDINGS = {
    "expired": (
        entity(role(key(base64_of(certificate(2015, 2020))) + key() + sso())),
        [FindingCode.CERTIFICATE_EXPIRED],
    ),
    "all expired": (
        entity(role(key(base64_of(certificate(2015, 2020))) + sso())),
        [FindingCode.CERTIFICATE_EXPIRED, FindingCode.NO_CERTIFICATE_VALID_NOW],
    ),
    "not yet valid": (
        entity(role(key() + key(base64_of(certificate(2027, 2030))) + sso())),
        [FindingCode.CERTIFICATE_NOT_YET_VALID],
    ),
    "one too weak": (
        entity(role(key() + key(base64_of(certificate(bits=1024))) + sso())),
        [FindingCode.CERTIFICATE_WEAK],
    ),
    "one unreadable": (entity(role(key() + key("PLACEHOLDER TEXT") + sso())), [FindingCode.CERTIFICATE_UNREADABLE]),
    "valid until 2020": (entity(attributes=' validUntil="2020-01-01T00:00:00Z"'), [FindingCode.METADATA_EXPIRED]),
    "valid until 2020 in Lisbon": (
        entity(attributes=' validUntil="2020-01-01T00:00:00+01:00"'),
        [FindingCode.METADATA_EXPIRED],
    ),
    "valid until 2020 without a zone": (
        entity(attributes=' validUntil="2020-01-01T00:00:00"'),
        [FindingCode.METADATA_EXPIRED],
    ),
    "valid until a day of 2020": (entity(attributes=' validUntil="2020-01-01"'), [FindingCode.METADATA_EXPIRED]),
    "valid until no day": (entity(attributes=' validUntil="2020-02-30"'), [FindingCode.VALID_UNTIL_UNREADABLE]),
    "valid until soon": (entity(attributes=' validUntil="soon"'), [FindingCode.VALID_UNTIL_UNREADABLE]),
    "role valid until 2020": (
        entity(role(attributes=' validUntil="2020-01-01T00:00:00.000Z"')),
        [FindingCode.METADATA_EXPIRED],
    ),
    "valid until 2099": (entity(attributes=' validUntil="2099-01-01T00:00:00Z"'), []),
    "blanks round the entityID": (entity(entity_id=f" {ENTITY}\n"), [FindingCode.ENTITY_ID_TRIMMED]),
    "wants signed requests": (
        entity(role(attributes=' WantAuthnRequestsSigned="true"')),
        [FindingCode.SIGNED_REQUESTS_WANTED],
    ),
    "wants none": (entity(role(attributes=' WantAuthnRequestsSigned="false"')), []),
    "internal number": (entity(role(key() + sso("https://10.1.2.3/sso"))), [FindingCode.INTERNAL_ADDRESS]),
    "internal name": (entity(role(key() + sso("https://adfs/sso"))), [FindingCode.INTERNAL_ADDRESS]),
    "internal domain": (entity(role(key() + sso("https://adfs.corp/s"))), [FindingCode.INTERNAL_ADDRESS]),
    "sign-out by SOAP": (entity(role(key() + endpoint("SingleLogoutService", SOAP, "http://x") + sso())), []),
    "sign-out without https": (
        entity(role(key() + endpoint("SingleLogoutService", REDIRECT, "http://idp.test/") + sso())),
        [FindingCode.SIGN_OUT_ADDRESS_IGNORED],
    ),
}


@pytest.mark.parametrize(("data", "expected"), FINDINGS.values(), ids=FINDINGS.keys())
def test_findings(data: str, expected: list[FindingCode]) -> None:
    assert codes(read(data)) == expected


def test_certificate_that_expires_soon() -> None:
    data = entity(role(key(base64_of(certificate(2025, 2027))) + sso()))
    november = datetime(2026, 11, 10, tzinfo=UTC)
    metadata = read_idp_metadata(data.encode(), our_entity_id=ENTITY_ID, now=november)
    assert codes(metadata) == [FindingCode.CERTIFICATE_EXPIRES_SOON]
    assert "1 January 2027" in metadata.findings[0].message


def test_the_earliest_valid_until_counts() -> None:
    data = entity(
        role(attributes=' validUntil="2031-01-01T00:00:00Z"'), attributes=' validUntil="2030-01-01T00:00:00Z"'
    )
    assert read(data).valid_until == datetime(2030, 1, 1, tzinfo=UTC)


def test_sign_out_answers_go_to_the_same_address_unless_told() -> None:
    address = "https://idp.example.test/slo"
    metadata = read(entity(role(key() + endpoint("SingleLogoutService", REDIRECT, address) + sso())))
    assert (metadata.slo_url, metadata.slo_response_url) == (address, address)


@pytest.mark.parametrize("host", ["idp.test;x", "idp.test,x", "idp.test'", "*.idp.test", "idp.test;x:443"])
def test_sign_out_addresses_with_such_hosts_are_left_out(host: str) -> None:
    address = f"https://{host}/slo"
    for endpoints in (
        endpoint("SingleLogoutService", REDIRECT, address),
        endpoint("SingleLogoutService", REDIRECT, "https://idp.test/slo", response=address),
    ):
        metadata = read(entity(role(key() + endpoints + sso())))
        assert (metadata.slo_url, metadata.slo_response_url) == ("", "")
        assert codes(metadata) == [FindingCode.SIGN_OUT_ADDRESS_IGNORED]
        assert "characters that no host name has" in metadata.findings[0].message


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://idp.example.test/saml2?a=;b,c", "https://idp.example.test"),
        ("https://idp_1.example.test:8443/", "https://idp_1.example.test:8443"),
        ("http://localhost:8001/saml2", "http://localhost:8001"),
        ("https://[2001:db8::1]/", "https://[2001:db8::1]"),
    ],
)
def test_the_origin_of_an_address(address: str, origin: str) -> None:
    assert origin_of(address) == origin
    assert is_web_address(address)


@pytest.mark.parametrize("address", ["https://idp.test;x/", "javascript:alert(1)//", "http://idp.test/", "", "/path"])
def test_other_addresses_have_no_origin(address: str) -> None:
    assert not is_web_address(address)
    with pytest.raises(ValueError, match="not a web address"):
        origin_of(address)


SEVERAL = entities(entity(entity_id="https://one.test/"), entity(SP_ROLE, "https://sp.test/"), entity(entity_id="two "))


def test_several_providers_are_a_question() -> None:
    with pytest.raises(SeveralProviders) as caught:
        read(SEVERAL)
    assert caught.value.entity_ids == ("https://one.test/", "two")
    assert caught.value.code is MetadataProblem.SEVERAL
    assert "2 identity providers" in str(caught.value)


def test_the_answer_to_it() -> None:
    assert read(SEVERAL, entity_id="two").entity_id == "two"
    assert read(SEVERAL, entity_id="https://one.test/").entity_id == "https://one.test/"
    assert read(entity(), entity_id=ENTITY).entity_id == ENTITY
    assert problem(SEVERAL, entity_id="https://sp.test/") is MetadataProblem.UNKNOWN_ENTITY
    assert problem(SEVERAL, entity_id="") is MetadataProblem.UNKNOWN_ENTITY


def test_several_that_can_not_be_used_are_no_question() -> None:
    unusable = [
        entity(role(key("PLACEHOLDER TEXT") + sso()), name) for name in ("https://one.test/", "https://two.test/")
    ]
    assert problem(entities(*unusable)) is MetadataProblem.UNREADABLE_KEY


def test_the_message_shows_where_the_mistake_is() -> None:
    with pytest.raises(MetadataError, match="line 5, near column") as caught:
        read("\n\n" + entity().replace("<IDPSSO", "\n\n<&IDPSSO", 1))
    assert caught.value.__cause__ is not None


def test_curly_quotes_are_named() -> None:
    with pytest.raises(MetadataError, match="curly quotation marks"):
        read(entity().replace('entityID="', "entityID=\u201d", 1))


def test_the_file_as_text_to_keep_and_show() -> None:
    assert metadata_text((BOM + DECLARATION + entity()).encode("utf-16-le")) == DECLARATION + entity()
    assert metadata_text(b"<a>\x00</a>") == "<a></a>"
