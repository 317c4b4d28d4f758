"""A provider that verifies our requests: with our certificate from the settings page, and through a rollover."""

from __future__ import annotations

import io
from urllib.parse import urlsplit

import pytest
from lxml import html

from audit.actors import COMMAND_LINE
from simulator import create_app
from sso.models import Configuration
from sso.selectors.keys import live_keys
from sso.services import keys
from tests.sso.conftest import new_browser
from tests.sso.keys.test_signed_requests import save


@pytest.fixture
def portal(journey):
    """The provider's pages; what is set on the application there is this test's only."""
    yield create_app(journey.tenant).test_client()
    journey.app.requires_signed_requests = False
    journey.app.verification_certificates = []


@pytest.fixture
def upload_certificate(journey, organization, portal, client_of, admin):
    """Take a certificate from Access & SSO Settings to the provider's page, as the admin would."""

    def take(key) -> None:
        path = f"/o/{organization.slug}/settings/access/keys/{key.public_id}/certificate.cer"
        file = io.BytesIO(client_of(admin).get(path).content)
        page = f"/apps/{journey.app.id}/sso/verification/certificates"
        assert portal.post(page, data={"certificate": (file, "amplisso.cer")}).status_code == 303

    return take


@pytest.fixture
def required(journey, organization, portal, upload_certificate):
    """Our requests are signed, and the provider takes no others."""
    save(organization, sign_requests=True)
    key = live_keys(organization).get()
    upload_certificate(key)
    assert portal.post(f"/apps/{journey.app.id}/sso/verification", data={"required": "on"}).status_code == 303
    return key


def address(organization, **query: str) -> str:
    """Where a sign-in begins."""
    return new_browser().get(f"/sso/{organization.number}/start", query)["Location"]


def ask(portal, location: str) -> str:
    """What the provider says: its page's heading, or the number of its refusal."""
    parts = urlsplit(location)
    return said(portal.get(f"{parts.path}?{parts.query}"))


def said(answer) -> str:
    page = html.fromstring(answer.text)
    return (page.xpath("//p[@class='refusal']/strong/text()") or page.xpath("//h1/text()"))[0]


def test_signed_unsigned_and_tampered_with(journey, organization, portal, required):
    signed = address(organization, hint="", next="/o/contoso/")
    assert ask(portal, signed) == "Pick an account"
    assert ask(portal, signed.partition("&SigAlg=")[0]) == "AADSTS76021"
    assert ask(portal, signed.replace("RelayState=", "RelayState=x")) == "AADSTS50006"
    save(organization, sign_requests=False)
    assert ask(portal, address(organization)) == "AADSTS76021"


def test_all_the_way_in(journey, organization, portal, required):
    location = urlsplit(journey.browser.get(f"/sso/{organization.number}/start")["Location"])
    page = html.fromstring(portal.get(f"{location.path}?{location.query}").text)
    chosen = dict(page.forms[0].form_values()) | {"account": "ada"}
    answer = html.fromstring(portal.post(page.forms[0].action, data=chosen).text).forms[0]
    entered = journey.browser.post(urlsplit(answer.action).path, dict(answer.form_values()))
    assert (entered.status_code, entered["Location"]) == (303, f"/o/{organization.slug}/")


def test_by_post(journey, organization, portal, required):
    Configuration.objects.update(sso_redirect_url="")
    form = html.fromstring(new_browser().get(f"/sso/{organization.number}/start").content.decode()).forms[0]
    fields, path = dict(form.form_values()), urlsplit(form.action).path
    assert said(portal.post(path, data=fields)) == "Pick an account"
    other = keys.create_key(organization=organization, actor=COMMAND_LINE)
    keys.promote_key(organization=organization, actor=COMMAND_LINE)
    assert live_keys(organization)[0] == other
    form = html.fromstring(new_browser().get(f"/sso/{organization.number}/start").content.decode()).forms[0]
    assert said(portal.post(path, data=dict(form.form_values()))) == "AADSTS50006"


def test_a_rollover_refuses_nobody(journey, organization, portal, required, upload_certificate):
    successor = keys.create_key(organization=organization, actor=COMMAND_LINE)
    upload_certificate(successor)
    assert ask(portal, address(organization)) == "Pick an account", "signed by the first, and both are known"
    keys.promote_key(organization=organization, actor=COMMAND_LINE)
    signed_by_successor = address(organization)
    assert ask(portal, signed_by_successor) == "Pick an account"
    required.refresh_from_db()
    keys.retire_key(key=required, actor=COMMAND_LINE)
    first = journey.app.verification_certificates[0]
    page = f"/apps/{journey.app.id}/sso/verification/certificates"
    assert portal.post(f"{page}/{first.thumbprint}/remove").status_code == 303
    assert ask(portal, address(organization)) == "Pick an account"


def test_a_rollover_without_the_new_certificate(journey, organization, portal, required):
    keys.create_key(organization=organization, actor=COMMAND_LINE)
    keys.promote_key(organization=organization, actor=COMMAND_LINE)
    assert ask(portal, address(organization)) == "AADSTS50006"
