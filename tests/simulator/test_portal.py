"""The administrator's pages, walked as an administrator would."""

import io
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from lxml import html

from simulator import App, Tenant, create_app
from tests.simulator.conftest import IDENTIFIER, REPLY_URL
from tests.simulator.saml import decoded, found, verify

ACS = '<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" {}/>'
SP_METADATA = (
    '<?xml version="1.0"?>\n'
    '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sp.example/id">'
    '<md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
    + ACS.format('index="0" Location="https://sp.example/first"')
    + ACS.format('index="1" isDefault="true" Location="https://sp.example/acs"')
    + "</md:SPSSODescriptor></md:EntityDescriptor>"
)

BASIC = {"identifier": "https://sp.example/id", "reply_url": "https://sp.example/acs"}


def test_the_start_leads_everywhere(client: FlaskClient, tenant: Tenant) -> None:
    page = html.fromstring(client.get("/").text)
    for link in page.xpath("//a/@href"):
        assert client.get(link).status_code == 200
    assert tenant.issuer in page.text_content()


def test_every_page_says_that_it_is_a_simulator(client: FlaskClient, app: App) -> None:
    for path in ("/", "/apps", "/apps/new", f"/apps/{app.id}/sso", "/myapps", "/nowhere"):
        assert "This is not Microsoft." in client.get(path).text


def test_from_new_application_to_its_metadata(client: FlaskClient, tenant: Tenant) -> None:
    created = client.post("/apps/new", data={"name": "Héron"})
    assert created.status_code == 303
    page = created.headers["Location"]
    assert client.post(f"{page}/sso/basic", data=BASIC).status_code == 303
    new = tenant.app_with_identifier("https://sp.example/id")
    assert new is not None
    assert new.reply_urls == ["https://sp.example/acs"]
    download = client.get(f"{page}/metadata.xml")
    assert download.data == download.data.strip()
    assert "attachment" in download.headers["Content-Disposition"]
    assert "H%C3%A9ron.xml" in download.headers["Content-Disposition"]


def test_an_application_needs_a_name(client: FlaskClient, tenant: Tenant) -> None:
    answer = client.post("/apps/new", data={"name": " "})
    assert answer.status_code == 422
    assert "Give the application a name." in answer.text
    assert len(tenant.apps) == 1


def test_deleting(client: FlaskClient, tenant: Tenant, app: App) -> None:
    assert client.post(f"/apps/{app.id}/delete").status_code == 303
    assert not tenant.apps
    assert "No applications yet." in client.get("/apps").text


def test_every_field_has_a_label(client: FlaskClient, app: App) -> None:
    for path in ("/apps/new", f"/apps/{app.id}/sso"):
        page = html.fromstring(client.get(path).text)
        labelled = set(page.xpath("//label/@for"))
        fields = page.xpath("//input[not(@type='hidden')] | //select | //textarea")
        assert fields
        assert {field.get("id") for field in fields} == labelled


def test_the_labels_are_the_portals(client: FlaskClient, app: App) -> None:
    page = html.fromstring(client.get(f"/apps/{app.id}/sso").text).text_content()
    for label in (
        "Identifier (Entity ID)",
        "Reply URL (Assertion Consumer Service URL)",
        "Unique User Identifier (Name ID)",
        "App Federation Metadata Url",
        "Federation Metadata XML",
    ):
        assert label in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("identifier", "", "Enter the identifier"),
        ("identifier", IDENTIFIER, "already has the identifier"),
        ("reply_url", "", "must begin with https://"),
        ("reply_url", "http://sp.example/acs", "must begin with https://"),
        ("reply_url", "https://sp.example/a;b", "may not contain"),
        ("reply_url", "https://sp.example/" + "a" * 256, "256 characters"),
        ("more_reply_urls", "ftp://sp.example", "must begin with https://"),
        ("sign_on_url", "javascript:alert(1)", "must begin with https:// or http://"),
    ],
)
def test_what_cannot_be_saved_stands_at_its_field(
    client: FlaskClient, tenant: Tenant, field: str, value: str, words: str
) -> None:
    other = tenant.register("Other")
    answer = client.post(f"/apps/{other.id}/sso/basic", data=BASIC | {field: value})
    assert answer.status_code == 422
    page = html.fromstring(answer.text)
    wrong = page.get_element_by_id(field)
    described_by = page.get_element_by_id(wrong.get("aria-describedby"))
    assert words in described_by.text_content()
    assert other.identifier == ""


def test_loopback_may_go_without_https(client: FlaskClient, app: App) -> None:
    basic = {"identifier": IDENTIFIER, "reply_url": "http://localhost:8000/saml/2/acs/10001"}
    assert client.post(f"/apps/{app.id}/sso/basic", data=basic).status_code == 303
    assert app.reply_url == "http://localhost:8000/saml/2/acs/10001"


def upload(client: FlaskClient, app: App, data: bytes) -> html.HtmlElement:
    file = {"metadata": (io.BytesIO(data), "sp.xml")}
    return html.fromstring(client.post(f"/apps/{app.id}/sso/upload", data=file).text)


def test_uploading_metadata_fills_the_form_and_saves_nothing(client: FlaskClient, app: App) -> None:
    page = upload(client, app, SP_METADATA.encode())
    assert page.get_element_by_id("identifier").value == "https://sp.example/id"
    assert page.get_element_by_id("reply_url").value == "https://sp.example/acs"
    assert app.identifier == IDENTIFIER


@pytest.mark.parametrize("data", [b"", b"<x/>", b"hello", b"<!DOCTYPE x><x/>", SP_METADATA.encode("utf-16")])
def test_a_file_that_cannot_be_used(client: FlaskClient, app: App, data: bytes) -> None:
    page = upload(client, app, data)
    assert page.get_element_by_id("metadata-problem").text_content().startswith("T")
    assert page.get_element_by_id("identifier").value == IDENTIFIER


def test_choosing_the_name_id(client: FlaskClient, app: App) -> None:
    url = f"/apps/{app.id}/sso/claims"
    assert client.post(url, data={"name_id_source": "user.mail"}).status_code == 303
    assert app.name_id_source == "user.mail"
    assert client.post(url, data={"name_id_source": "user.shoesize"}).status_code == 400


def test_choosing_what_is_signed(client: FlaskClient, app: App) -> None:
    url = f"/apps/{app.id}/sso/signing"
    client.post(url, data={"signing": "both", "algorithm": "sha1"})
    assert (app.signing, app.algorithm) == ("both", "sha1")
    assert client.post(url, data={"signing": "none", "algorithm": "md5"}).status_code == 400
    assert (app.signing, app.algorithm) == ("both", "sha1")


def test_making_the_inactive_certificate_active(client: FlaskClient, tenant: Tenant, app: App) -> None:
    page = html.fromstring(client.get(f"/apps/{app.id}/sso").text)
    (form,) = page.xpath("//form[contains(@action, '/activate')]")
    before = app.signing_key()
    assert client.post(form.get("action")).status_code == 303
    assert app.signing_key() != before
    root = decoded(tenant.respond(app, "ada", signing="response"))
    verify(root, app.signing_key())
    assert client.post(f"/apps/{app.id}/sso/certificates/00/activate").status_code == 404


def test_a_new_certificate_is_inactive(client: FlaskClient, app: App) -> None:
    before = app.signing_key()
    client.post(f"/apps/{app.id}/sso/certificates")
    assert len(app.keys) == 3
    assert app.signing_key() == before


def test_assigning_people(client: FlaskClient, app: App) -> None:
    answer = client.post(f"/apps/{app.id}/users", data={"assigned": ["ivan", "stranger"]})
    assert answer.status_code == 303
    assert app.assigned == {"ivan"}


def test_the_test_button_posts_an_unsolicited_response(client: FlaskClient, app: App) -> None:
    app.relay_state = "/welcome"
    page = client.post(f"/apps/{app.id}/test", data={"account": "ada"})
    form = html.fromstring(page.text).forms[0]
    fields = dict(form.form_values())
    assert form.action == REPLY_URL
    assert fields["RelayState"] == "/welcome"
    assert not found(decoded(fields["SAMLResponse"]), "//@InResponseTo")


def test_forms_of_other_sites_are_refused(client: FlaskClient, tenant: Tenant, app: App) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert client.post(f"/apps/{app.id}/delete", headers=foreign).status_code == 403
    assert tenant.apps
    assert client.post(f"/{tenant.id}/saml2", headers=foreign).status_code == 400


def test_other_host_names_are_refused(client: FlaskClient) -> None:
    assert client.get("/", base_url="http://rebound.example").status_code == 400


def test_what_the_portal_changes_outlives_the_process(seed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    Tenant.load(seed).save(folder)
    app_id = next(iter(Tenant.load(folder).apps))
    create_app(folder).test_client().post(f"/apps/{app_id}/sso/claims", data={"name_id_source": "user.mail"})
    assert Tenant.load(folder).apps[app_id].name_id_source == "user.mail"
