"""Responses: signed for real, in Entra's shape, and breakable in one place at a time."""

import datetime as dt
from collections.abc import Callable

import pytest
import xmlsec
from lxml import etree

from simulator import App, Refusal, SamlRequest, SigningKey, Tenant
from simulator.apps import SOURCES
from simulator.saml.claims import PERSISTENT_FORMAT, TRANSIENT_FORMAT, source_values
from simulator.saml.responses import Twists
from tests.simulator.saml import decoded, found, schema, verify

IDENTITY = "http://schemas.microsoft.com/identity/claims/"
WS2005 = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
NOW = dt.datetime(2026, 3, 4, 5, 6, 7, 891000, tzinfo=dt.UTC)
ASSERTION = "/samlp:Response/saml:Assertion"


def claims_of(root: etree._Element) -> dict[str, list[str]]:
    names = found(root, "//saml:Attribute/@Name")
    return {name: found(root, f"//saml:Attribute[@Name='{name}']/*") for name in names}


def assertion_of(root: etree._Element) -> etree._Element:
    assertion = root.find("{urn:oasis:names:tc:SAML:2.0:assertion}Assertion")
    assert assertion is not None
    return assertion


@pytest.mark.parametrize("alias", ["ada", "alan", "noor", "petra", "oscar"])
def test_valid_by_the_standards_schema(tenant: Tenant, app: App, alias: str) -> None:
    schema("protocol").assertValid(decoded(tenant.respond(app, alias, in_response_to="_r")))


def test_by_default_only_the_assertion_is_signed(tenant: Tenant, app: App) -> None:
    root = decoded(tenant.respond(app, "ada"))
    verify(assertion_of(root), app.signing_key())
    assert root.find("{http://www.w3.org/2000/09/xmldsig#}Signature") is None


def test_signing_the_response_leaves_the_assertion_bare(tenant: Tenant, app: App) -> None:
    app.signing = "response"
    root = decoded(tenant.respond(app, "ada"))
    verify(root, app.signing_key())
    assert len(found(root, "//ds:Signature")) == 1


def test_signing_both_verifies_on_both(tenant: Tenant, app: App) -> None:
    root = decoded(tenant.respond(app, "ada", signing="both"))
    verify(root, app.signing_key())
    verify(assertion_of(root), app.signing_key())


def test_not_signing_at_all(tenant: Tenant, app: App) -> None:
    assert not found(decoded(tenant.respond(app, "ada", signing="none")), "//ds:Signature")


@pytest.mark.parametrize("signing", ["response", "both"])
def test_signed_responses_are_valid_by_the_schema(tenant: Tenant, app: App, signing: str) -> None:
    app.signing = "response" if signing == "response" else "both"
    schema("protocol").assertValid(decoded(tenant.respond(app, "ada")))


def test_a_changed_assertion_no_longer_verifies(tenant: Tenant, app: App) -> None:
    root = decoded(tenant.respond(app, "ada"))
    name_id = root.find(".//{urn:oasis:names:tc:SAML:2.0:assertion}NameID")
    assert name_id is not None
    name_id.text = "grace@contoso.example"
    with pytest.raises(xmlsec.Error):
        verify(assertion_of(root), app.signing_key())


def test_algorithms_and_certificate(tenant: Tenant, app: App) -> None:
    root = decoded(tenant.respond(app, "ada"))
    assert found(root, "//ds:SignatureMethod/@Algorithm") == ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]
    assert found(root, "//ds:X509Certificate") == [app.signing_key().certificate_base64]


def test_sha1_can_be_chosen_and_still_verifies(tenant: Tenant, app: App) -> None:
    app.algorithm = "sha1"
    root = decoded(tenant.respond(app, "ada"))
    verify(assertion_of(root), app.signing_key())
    assert found(root, "//ds:DigestMethod/@Algorithm") == ["http://www.w3.org/2000/09/xmldsig#sha1"]


def test_times_follow_now(tenant: Tenant, app: App) -> None:
    root = decoded(tenant.respond(app, "ada", now=NOW))
    assert found(root, "//@IssueInstant") == ["2026-03-04T05:06:07.891Z"] * 2
    assert found(root, "//@NotBefore") == ["2026-03-04T05:01:07.891Z"]
    assert found(root, "//@NotOnOrAfter") == ["2026-03-04T06:06:07.891Z"] * 2
    assert found(root, "//@AuthnInstant")[0] < "2026-03-04T05:06:07.891Z"


def test_a_fresh_sign_in_when_the_request_forces_one(tenant: Tenant, app: App) -> None:
    asked = SamlRequest("_r", app.identifier, force_authn=True)
    root = decoded(tenant.respond(app, "ada", request=asked, now=NOW))
    assert found(root, "//@AuthnInstant") == ["2026-03-04T05:06:07.891Z"]


def test_session_index_is_the_assertions_id(tenant: Tenant, app: App) -> None:
    root = decoded(tenant.respond(app, "ada"))
    assert found(root, "//@SessionIndex") == found(root, f"{ASSERTION}/@ID")


def test_the_issuer_is_lower_case_with_a_last_slash(tenant: Tenant, app: App) -> None:
    root = decoded(tenant.respond(app, "ada"))
    assert found(root, "//saml:Issuer") == [f"http://127.0.0.1:8001/{tenant.id}/"] * 2


def test_an_answer_names_the_request_and_the_asked_reply_url(tenant: Tenant, app: App) -> None:
    asked = SamlRequest("_asked", app.identifier, acs_url=f"{app.reply_url}/")
    root = decoded(tenant.respond(app, "ada", request=asked))
    assert found(root, "//@InResponseTo") == ["_asked", "_asked"]
    assert found(root, "//@Destination | //@Recipient") == [f"{app.reply_url}/"] * 2


def test_an_unsolicited_response_answers_nothing(tenant: Tenant, app: App) -> None:
    root = decoded(tenant.respond(app, "ada"))
    assert not found(root, "//@InResponseTo")
    assert found(root, "//@Destination | //@Recipient") == [app.reply_url] * 2


def test_an_identifier_that_is_no_uri_gets_a_prefix(tenant: Tenant, app: App) -> None:
    app.identifier = "amplisso"
    assert found(decoded(tenant.respond(app, "ada")), "//saml:Audience") == ["spn:amplisso"]


def test_default_claims_of_a_member(tenant: Tenant, app: App) -> None:
    root = decoded(tenant.respond(app, "alan"))
    assert claims_of(root) == {
        f"{IDENTITY}tenantid": [tenant.id],
        f"{IDENTITY}objectidentifier": [tenant.users["alan"].object_id],
        f"{IDENTITY}displayname": ["Alan Ferreira"],
        f"{IDENTITY}identityprovider": [tenant.issuer],
        "http://schemas.microsoft.com/claims/authnmethodsreferences": [
            "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password"
        ],
        f"{WS2005}givenname": ["Alan"],
        f"{WS2005}surname": ["Ferreira"],
        f"{WS2005}emailaddress": ["alan.ferreira@contoso.example"],
        f"{WS2005}name": ["alan@contoso.onmicrosoft.example"],
    }
    assert found(root, "//saml:NameID") == ["alan@contoso.onmicrosoft.example"]


def test_attributes_carry_no_name_format_and_no_type(tenant: Tenant, app: App) -> None:
    root = decoded(tenant.respond(app, "ada"))
    assert not found(root, "//@NameFormat | //@xsi:type")


def test_a_second_factor_shows_in_the_methods(tenant: Tenant, app: App) -> None:
    methods = claims_of(decoded(tenant.respond(app, "ada")))[
        "http://schemas.microsoft.com/claims/authnmethodsreferences"
    ]
    assert "http://schemas.microsoft.com/claims/multipleauthn" in methods


def test_no_mail_means_no_emailaddress_claim(tenant: Tenant, app: App) -> None:
    assert f"{WS2005}emailaddress" not in claims_of(decoded(tenant.respond(app, "noor")))


def test_a_guest_from_another_tenant_goes_by_mail(tenant: Tenant, app: App) -> None:
    root = decoded(tenant.respond(app, "petra"))
    provider = claims_of(root)[f"{IDENTITY}identityprovider"][0]
    assert found(root, "//saml:NameID") == ["petra@northwind.example"]
    assert provider == f"http://127.0.0.1:8001/{tenant.users['petra'].home_tenant_id}/"
    assert provider != tenant.issuer


def test_a_guest_with_a_microsoft_account_goes_by_the_ext_name(tenant: Tenant, app: App) -> None:
    root = decoded(tenant.respond(app, "oscar"))
    told = claims_of(root)
    ext = "oscar_outlook.example#EXT#@contoso.onmicrosoft.example"
    assert found(root, "//saml:NameID") == [ext]
    assert told[f"{WS2005}name"] == [ext]
    assert told[f"{WS2005}emailaddress"] == ["oscar@outlook.example"]
    assert told[f"{IDENTITY}identityprovider"] == ["live.com"]


def test_every_source_of_the_portal_has_a_value(tenant: Tenant) -> None:
    assert tuple(source_values(tenant.users["ada"])) == SOURCES


def test_the_name_id_follows_its_source(tenant: Tenant, app: App) -> None:
    app.name_id_source = "user.mail"
    assert found(decoded(tenant.respond(app, "alan")), "//saml:NameID") == ["alan.ferreira@contoso.example"]


def test_an_empty_source_is_refused(tenant: Tenant, app: App) -> None:
    app.name_id_source = "user.mail"
    with pytest.raises(Refusal, match=r"AADSTS501241.*user\.mail"):
        tenant.respond(app, "noor")


def test_a_persistent_name_id_is_pairwise_and_stays(tenant: Tenant, app: App) -> None:
    asked = SamlRequest("_r", app.identifier, name_id_format=PERSISTENT_FORMAT)
    first, second = (found(decoded(tenant.respond(app, "ada", request=asked)), "//saml:NameID") for _ in range(2))
    assert first == second
    assert first != ["ada@contoso.example"]


def test_a_transient_name_id_never_comes_twice(tenant: Tenant, app: App) -> None:
    asked = SamlRequest("_r", app.identifier, name_id_format=TRANSIENT_FORMAT)
    values = {found(decoded(tenant.respond(app, "ada", request=asked)), "//saml:NameID")[0] for _ in range(2)}
    assert len(values) == 2


HOUR_AGO = NOW - dt.timedelta(hours=1)
TWISTS: list[tuple[Twists, str, list[str]]] = [
    ({"audience": "https://other.example"}, "//saml:Audience", ["https://other.example"]),
    ({"audience": ["a:1", "a:2"]}, "//saml:Audience", ["a:1", "a:2"]),
    ({"recipient": "https://other.example"}, "//@Recipient", ["https://other.example"]),
    ({"recipient": None}, "//@Recipient", []),
    ({"destination": "https://other.example"}, "//@Destination", ["https://other.example"]),
    ({"issuer": "https://other.example/"}, "//saml:Issuer", ["https://other.example/"] * 2),
    (
        {"not_on_or_after": HOUR_AGO},
        "//saml:Conditions/@NotOnOrAfter",
        ["2026-03-04T04:06:07.891Z"],
    ),
    (
        {"confirmation_not_on_or_after": None},
        "//saml:SubjectConfirmationData/@NotOnOrAfter",
        [],
    ),
    ({"not_before": NOW}, "//@NotBefore", ["2026-03-04T05:06:07.891Z"]),
    ({"issue_instant": HOUR_AGO}, "//@IssueInstant", ["2026-03-04T04:06:07.891Z"] * 2),
    ({"name_id": "eve@evil.example"}, "//saml:NameID", ["eve@evil.example"]),
    ({"name_id_format": "urn:x"}, "//saml:NameID/@Format", ["urn:x"]),
    (
        {"subject_confirmation_in_response_to": "_other"},
        "//saml:SubjectConfirmationData/@InResponseTo",
        ["_other"],
    ),
    ({"assertion_id": "_one"}, "//@SessionIndex", ["_one"]),
    ({"session_index": None}, "//@SessionIndex", []),
    ({"status": "urn:x:failed"}, "//samlp:StatusCode/@Value", ["urn:x:failed"]),
    ({"status_message": "no"}, "//samlp:StatusMessage", ["no"]),
    ({"drop": ["AudienceRestriction"]}, "//saml:Audience", []),
    ({"drop": ["NameID", "AuthnStatement"]}, "//saml:NameID | //saml:AuthnStatement", []),
    ({"drop": ["KeyInfo"]}, "//ds:KeyInfo", []),
    ({"claims": {f"{WS2005}surname": "X"}}, f"//*[@Name='{WS2005}surname']/*", ["X"]),
    ({"claims": {f"{WS2005}surname": None}}, f"//*[@Name='{WS2005}surname']", []),
    ({"claims": {"email": ["a@b.example"]}}, "//*[@Name='email']/*", ["a@b.example"]),
]


@pytest.mark.parametrize(("twist", "path", "expected"), TWISTS, ids=lambda value: str(value)[:60])
def test_a_twist_changes_one_thing_and_signs_it(
    tenant: Tenant, app: App, twist: Twists, path: str, expected: list[str]
) -> None:
    root = decoded(tenant.respond(app, "ada", in_response_to="_r", now=NOW, **twist))
    assert found(root, path) == expected
    verify(assertion_of(root), app.signing_key())


def test_another_key_signs_and_shows_its_own_certificate(tenant: Tenant, app: App, other_key: SigningKey) -> None:
    root = decoded(tenant.respond(app, "ada", key=other_key))
    verify(assertion_of(root), other_key)
    assert found(root, "//ds:X509Certificate") == [other_key.certificate_base64]


def test_a_stranger_may_show_the_certificate_of_the_application(
    tenant: Tenant, app: App, other_key: SigningKey
) -> None:
    root = decoded(tenant.respond(app, "ada", key=other_key, certificate=app.signing_key()))
    verify(assertion_of(root), other_key)
    assert found(root, "//ds:X509Certificate") == [app.signing_key().certificate_base64]


@pytest.fixture
def other_key(app: App) -> SigningKey:
    return next(key for key in app.keys if key != app.signing_key())


def _rename(response: etree._Element) -> None:
    response.set("ID", "_edited")


def test_editing_before_signing_is_covered_by_the_signature(tenant: Tenant, app: App) -> None:
    root = decoded(tenant.respond(app, "ada", signing="response", before_signing=_rename))
    verify(root, app.signing_key())
    assert root.get("ID") == "_edited"


def test_editing_after_signing_breaks_it(tenant: Tenant, app: App) -> None:
    edit: Callable[[etree._Element], None] = lambda root: root.set("Version", "2.1")  # noqa: E731
    root = decoded(tenant.respond(app, "ada", signing="response", after_signing=edit))
    with pytest.raises(xmlsec.Error):
        verify(root, app.signing_key())


def test_declining_carries_the_number_and_no_assertion(tenant: Tenant, app: App) -> None:
    root = decoded(tenant.decline(app, 65004, "The user declined.", in_response_to="_r", now=NOW))
    schema("protocol").assertValid(root)
    message = found(root, "//samlp:StatusMessage")[0].splitlines()
    assert message[0] == "AADSTS65004: The user declined."
    assert message[1].startswith("Trace ID: ")
    assert message[2] == "Timestamp: 2026-03-04 05:06:07Z"
    assert found(root, "//samlp:StatusCode/samlp:StatusCode/@Value")
    assert found(root, "/*/@InResponseTo") == ["_r"]
    assert not found(root, "//saml:Assertion")


def test_an_expired_active_key_gives_way_to_a_valid_inactive_one(tenant: Tenant, app: App) -> None:
    year = dt.timedelta(days=365)
    expired = SigningKey.create(valid_from=NOW - 2 * year, valid_until=NOW - year)
    valid = app.signing_key()
    app.keys, app.active = [expired, valid], 0
    verify(assertion_of(decoded(tenant.respond(app, "ada", now=NOW))), valid)
    app.keys = [expired]
    verify(assertion_of(decoded(tenant.respond(app, "ada", now=NOW))), expired)
