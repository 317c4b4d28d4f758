"""What we ask identity providers, byte for byte enough to be understood by all of them."""

from __future__ import annotations

import base64
import zlib
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from lxml import etree

from sso.saml import (
    AuthnRequest,
    Binding,
    IdentityProvider,
    SAMLError,
    build_authn_request,
    build_sp_metadata,
    new_request_id,
    read_idp_metadata,
)
from sso.saml.errors import MetadataError
from tests.saml.metadata_files import SSO
from tests.saml.provider import ACS, ENTITY_ID, ISSUER, NOW, SP

SCHEMAS = "onelogin/saml2/schemas"


def request(url: str = SSO, post: str = "", **options: object) -> AuthnRequest:
    provider = IdentityProvider(ISSUER, (), url, post)
    options = {"request_id": "_1", "issue_instant": NOW, **options}
    return build_authn_request(SP, provider, **options)


def inflated(url: str) -> etree._Element:
    (value,) = parse_qs(urlsplit(url).query)["SAMLRequest"]
    return etree.fromstring(zlib.decompress(base64.b64decode(value, validate=True), -15))


def schema(name: str) -> etree.XMLSchema:
    from importlib.resources import files

    return etree.XMLSchema(etree.parse(str(files("onelogin.saml2") / "schemas" / name)))


def test_redirect() -> None:
    made = request(relay_state="a+b/c=", login_hint="adele@contoso.example")
    assert (made.id, made.binding, made.fields) == ("_1", Binding.REDIRECT, ())
    assert made.url.startswith(SSO + "?login_hint=adele%40contoso.example&SAMLRequest=")
    assert [name for name, _ in parse_qsl(urlsplit(made.url).query)] == ["login_hint", "SAMLRequest", "RelayState"]
    assert parse_qs(urlsplit(made.url).query)["RelayState"] == ["a+b/c="]
    document = inflated(made.url)
    assert dict(document.items()) == {
        "ID": "_1",
        "Version": "2.0",
        "IssueInstant": "2026-03-02T09:30:00Z",
        "Destination": SSO,
        "AssertionConsumerServiceURL": ACS,
        "ProtocolBinding": Binding.POST.value,
    }
    assert [(each.tag.rpartition("}")[2], each.text) for each in document] == [("Issuer", ENTITY_ID)]


def test_post() -> None:
    made = request("", "https://sso.example.test/saml?idp=1", relay_state="r", login_hint="a@b.test")
    assert made.binding is Binding.POST
    assert made.url == "https://sso.example.test/saml?idp=1&login_hint=a%40b.test"
    fields = dict(made.fields)
    assert list(fields) == ["SAMLRequest", "RelayState"]
    document = etree.fromstring(base64.b64decode(fields["SAMLRequest"], validate=True))
    assert document.get("Destination") == "https://sso.example.test/saml?idp=1"


def test_redirect_is_preferred() -> None:
    assert request(post="https://sso.example.test/post").binding is Binding.REDIRECT


def test_nothing_that_is_not_needed() -> None:
    made = request()
    assert list(parse_qs(urlsplit(made.url).query)) == ["SAMLRequest"]
    assert request("", SSO).fields[0][0] == "SAMLRequest"
    assert len(request("", SSO).fields) == 1
    assert inflated(made.url).get("ForceAuthn") is None


def test_force_authn() -> None:
    assert inflated(request(force_authn=True).url).get("ForceAuthn") == "true"


@pytest.mark.parametrize(
    ("address", "beginning"),
    [
        ("https://a.test/sso", "https://a.test/sso?SAMLRequest="),
        ("https://a.test/sso?", "https://a.test/sso?SAMLRequest="),
        ("https://a.test/sso?idpid=C1&x=%20", "https://a.test/sso?idpid=C1&x=%20&SAMLRequest="),
        ("https://a.test/sso?idpid=C1&", "https://a.test/sso?idpid=C1&SAMLRequest="),
    ],
)
def test_addresses_with_a_query_keep_it(address: str, beginning: str) -> None:
    assert request(address).url.startswith(beginning)


def test_other_time_zones_are_written_in_utc() -> None:
    east = datetime(2026, 3, 2, 11, 30, tzinfo=timezone(timedelta(hours=2)))
    assert inflated(request(issue_instant=east).url).get("IssueInstant") == "2026-03-02T09:30:00Z"


def test_a_provider_without_address() -> None:
    with pytest.raises(SAMLError):
        request("", "")


@pytest.mark.parametrize("options", [{}, {"force_authn": True}])
def test_requests_are_valid_by_the_schema(options: dict[str, bool]) -> None:
    schema("saml-schema-protocol-2.0.xsd").assertValid(inflated(request(**options).url))


def test_request_ids() -> None:
    made = {new_request_id() for _ in range(50)}
    assert len(made) == 50
    assert all(each[0] == "_" and len(each) == 41 for each in made)
    assert all(set(each[1:]) <= set("0123456789abcdef") for each in made)


def test_our_metadata() -> None:
    data = build_sp_metadata(SP)
    assert data == build_sp_metadata(SP)
    document = etree.fromstring(data)
    schema("saml-schema-metadata-2.0.xsd").assertValid(document)
    assert document.get("entityID") == ENTITY_ID
    service = document.find(".//{*}AssertionConsumerService")
    assert service is not None
    assert (service.get("Location"), service.get("Binding")) == (ACS, Binding.POST.value)
    assert document.find(".//{*}NameIDFormat") is None
    assert set(document.attrib) == {"entityID"}


def test_our_metadata_is_recognized_when_it_comes_back() -> None:
    with pytest.raises(MetadataError, match="Amplisso's own metadata"):
        read_idp_metadata(build_sp_metadata(SP), our_entity_id=ENTITY_ID, now=NOW)
