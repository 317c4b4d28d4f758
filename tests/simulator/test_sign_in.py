"""The sign-in endpoint: what Entra refuses, the account picker, and the response it posts."""

import base64

import pytest
from flask.testing import FlaskClient
from lxml import etree, html
from werkzeug.test import TestResponse

from simulator import App, Tenant
from tests.simulator.conftest import IDENTIFIER, REPLY_URL
from tests.simulator.saml import authn_request, decoded, deflated, found, verify

CONTEXT = (
    "<samlp:RequestedAuthnContext Comparison='{}'><saml:AuthnContextClassRef>{}"
    "</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>"
)
CLASSES = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
SUBJECT = "<saml:Subject><saml:NameID>ada@contoso.example</saml:NameID></saml:Subject>"
POLICY = "<samlp:NameIDPolicy {}/>"
KERBEROS = "urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos"

REFUSED = {
    "issuer unknown": (authn_request("https://other.example"), 700016),
    "issuer with another last slash": (authn_request(IDENTIFIER + "/"), 700016),
    "issuer missing": (authn_request(""), 75005),
    "id begins with a digit": (authn_request(request_id="1abc"), 7500529),
    "id missing": (authn_request().replace('ID="_request"', ""), 75005),
    "version": (authn_request().replace('"2.0"', '"1.1"'), 75005),
    "issue instant missing": (authn_request().replace("IssueInstant", "Other"), 75005),
    "reply url unregistered": (
        authn_request(attributes='AssertionConsumerServiceURL="https://evil.example/"'),
        50011,
    ),
    "reply url in other case": (
        authn_request(attributes=f'AssertionConsumerServiceURL="{REPLY_URL.replace("acs", "ACS")}"'),
        50011,
    ),
    "class": (
        authn_request(inside=CONTEXT.format("exact", CLASSES + "PasswordProtectedTransport")),
        75011,
    ),
    "comparison": (authn_request(inside=CONTEXT.format("minimum", CLASSES + "Password")), 900236),
    "subject": (authn_request(inside=SUBJECT), 900236),
    "name id format": (authn_request(inside=POLICY.format(f'Format="{KERBEROS}"')), 75016),
    "qualifier": (authn_request(inside=POLICY.format('SPNameQualifier="x"')), 900236),
    "binding": (
        authn_request(attributes='ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"'),
        75003,
    ),
    "silent": (authn_request(attributes='IsPassive="true"'), 50058),
    "not a request": ("<x/>", 75005),
    "not xml": ("hello", 75005),
    "document type": ("<!DOCTYPE a [<!ENTITY b 'c'>]>" + authn_request(), 75005),
}


def ask(client: FlaskClient, tenant: Tenant, xml: str, **parameters: str) -> TestResponse:
    query = {"SAMLRequest": deflated(xml)} | parameters
    return client.get(f"/{tenant.id}/saml2", query_string=query)


def choose(client: FlaskClient, page: TestResponse, account: str | None) -> TestResponse:
    """Press the button of this account (None: Cancel) on the account picker."""
    form = html.fromstring(page.text).forms[0]
    chosen = {"cancel": "1"} if account is None else {"account": account}
    return client.post(form.action, data=dict(form.form_values()) | chosen)


def posted(page: TestResponse) -> tuple[str, dict[str, str]]:
    """Where the answering page posts to, and what."""
    form = html.fromstring(page.text).forms[0]
    return form.action, dict(form.form_values())


@pytest.mark.parametrize("case", REFUSED)
def test_a_request_that_entra_refuses(client: FlaskClient, tenant: Tenant, case: str) -> None:
    xml, code = REFUSED[case]
    answer = ask(client, tenant, xml)
    assert answer.status_code == 400
    assert f"AADSTS{code}</strong>" in answer.text


@pytest.mark.parametrize(
    "message",
    ["%%%", "aGVsbG8", base64.b64encode(b"not deflated").decode(), deflated(b" " * 5_000_000)],
    ids=["no base64", "bad padding", "not deflated", "a bomb"],
)
def test_a_message_that_cannot_be_read(client: FlaskClient, tenant: Tenant, message: str) -> None:
    answer = client.get(f"/{tenant.id}/saml2", query_string={"SAMLRequest": message})
    assert answer.status_code == 400
    assert "AADSTS75005" in answer.text


def test_no_request_at_all(client: FlaskClient, tenant: Tenant) -> None:
    for answer in (client.get(f"/{tenant.id}/saml2"), client.post(f"/{tenant.id}/saml2")):
        assert answer.status_code == 400
        assert "AADSTS750054" in answer.text


def test_another_tenant(client: FlaskClient, tenant: Tenant) -> None:
    assert "AADSTS90002" in client.get("/00000000-0000-0000-0000-000000000000/saml2").text


@pytest.mark.parametrize(
    "inside",
    [
        "",
        CONTEXT.format("exact", CLASSES + "Password"),
        POLICY.format('Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"'),
    ],
    ids=["nothing", "password class", "e-mail policy"],
)
def test_a_request_that_entra_accepts(client: FlaskClient, tenant: Tenant, inside: str) -> None:
    page = ask(client, tenant, authn_request(inside=inside))
    assert page.status_code == 200
    assert "Pick an account" in page.text
    for user in tenant.users.values():
        assert user.sign_in_name in html.fromstring(page.text).text_content()


def test_from_redirect_to_a_signed_answer(client: FlaskClient, tenant: Tenant, app: App) -> None:
    page = ask(client, tenant, authn_request(), RelayState="/a?b=c&d=<e>")
    target, fields = posted(choose(client, page, "grace"))
    root = decoded(fields["SAMLResponse"])
    assertion = root.find("{urn:oasis:names:tc:SAML:2.0:assertion}Assertion")
    assert assertion is not None
    verify(assertion, app.signing_key())
    assert target == REPLY_URL
    assert fields["RelayState"] == "/a?b=c&d=<e>"
    assert found(root, "//@InResponseTo") == ["_request", "_request"]
    assert found(root, "//saml:NameID") == ["grace@contoso.example"]


def test_from_post_to_an_answer(client: FlaskClient, tenant: Tenant) -> None:
    message = base64.b64encode(authn_request().encode()).decode()
    page = client.post(f"/{tenant.id}/saml2", data={"SAMLRequest": message})
    _, fields = posted(choose(client, page, "ada"))
    assert found(decoded(fields["SAMLResponse"]), "/*/@InResponseTo") == ["_request"]
    assert "RelayState" not in fields


def test_a_registered_reply_url_in_the_request_is_honoured(client: FlaskClient, tenant: Tenant, app: App) -> None:
    app.more_reply_urls = [f"{REPLY_URL}/"]
    xml = authn_request(attributes=f'AssertionConsumerServiceURL="{REPLY_URL}/"')
    target, fields = posted(choose(client, ask(client, tenant, xml), "ada"))
    assert target == f"{REPLY_URL}/"
    assert found(decoded(fields["SAMLResponse"]), "//@Destination") == [target]


@pytest.mark.parametrize("hint", ["grace@contoso.example", "GRACE@Contoso.example"])
def test_a_login_hint_puts_that_account_first(client: FlaskClient, tenant: Tenant, hint: str) -> None:
    page = ask(client, tenant, authn_request(), login_hint=hint)
    buttons = html.fromstring(page.text).xpath("//button[@name='account']")
    assert buttons[0].get("value") == "grace"
    assert buttons[0].get("autofocus") is not None
    assert len([button for button in buttons if button.get("autofocus") is not None]) == 1


def test_an_unknown_login_hint_changes_nothing(client: FlaskClient, tenant: Tenant) -> None:
    plain = ask(client, tenant, authn_request())
    hinted = ask(client, tenant, authn_request(), login_hint="nobody@contoso.example")
    assert hinted.text == plain.text


def test_cancelling_sends_a_refusal_to_the_application(client: FlaskClient, tenant: Tenant) -> None:
    page = ask(client, tenant, authn_request(), RelayState="state")
    target, fields = posted(choose(client, page, None))
    root = decoded(fields["SAMLResponse"])
    assert target == REPLY_URL
    assert fields["RelayState"] == "state"
    assert found(root, "//samlp:StatusMessage")[0].startswith("AADSTS65004: ")
    assert found(root, "/*/@InResponseTo") == ["_request"]


def test_someone_who_is_not_assigned(client: FlaskClient, tenant: Tenant) -> None:
    answer = choose(client, ask(client, tenant, authn_request()), "ivan")
    assert answer.status_code == 400
    assert "AADSTS50105" in answer.text


def test_someone_without_the_attribute_of_the_name_id(client: FlaskClient, tenant: Tenant, app: App) -> None:
    app.name_id_source = "user.mail"
    answer = choose(client, ask(client, tenant, authn_request()), "noor")
    assert answer.status_code == 400
    assert "AADSTS501241" in answer.text


def test_an_account_that_does_not_exist(client: FlaskClient, tenant: Tenant) -> None:
    assert choose(client, ask(client, tenant, authn_request()), "nobody").status_code == 404


def test_the_answering_page_goes_on_by_itself_and_by_a_button(client: FlaskClient, tenant: Tenant) -> None:
    page = choose(client, ask(client, tenant, authn_request()), "ada")
    document: etree._Element = html.fromstring(page.text)
    script = document.xpath("//script/@src")
    with client.get(script[0]) as static:
        assert static.status_code == 200
    assert document.xpath("//form//button/text()") == ["Continue"]
    assert page.headers["Cache-Control"] == "no-store"
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]


def test_sign_out(client: FlaskClient, tenant: Tenant) -> None:
    request = authn_request().replace("AuthnRequest", "LogoutRequest")
    for parameter in ({"SAMLRequest": deflated(request)}, {"SAMLResponse": "x"}):
        answer = client.get(f"/{tenant.id}/saml2", query_string=parameter)
        assert answer.status_code == 200
        assert "You are signed out" in answer.text
