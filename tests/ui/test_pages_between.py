"""Pages between Amplisso and an identity provider, and those on which such a way ends."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from lxml import html

from orgs.models import EmailDomain, User
from simulator.saml import logout
from sso.models import Configuration, Connection, SignOut
from sso.selectors.keys import service_provider
from tests.conftest import MakeOrganization, SignedIn
from tests.sso.conftest import Connect, Journey, new_browser
from tests.sso.sign_out.test_single_logout import at
from tests.ui.markup import heading, page_of


@pytest.fixture
def signing_out(journey: Journey) -> Journey:
    """Contoso, where people are signed out at the provider, too; Ada is in."""
    Connection.objects.update(single_logout=True)
    journey.app.logout_url = service_provider(journey.organization.number).slo_url
    journey.sign_in()
    return journey


def leave(journey: Journey) -> HttpResponse:
    return journey.browser.get(journey.browser.post("/account/logout/")["Location"])


def goes_to(page: html.HtmlElement) -> str:
    (content,) = page.xpath("//meta[@http-equiv='refresh']/@content")
    (link,) = page.xpath("//main//a[contains(@class, 'btn-primary')]/@href")
    assert content.endswith(f"url={link}"), "the link is for whoever does not want to wait"
    return link


def test_to_the_sign_in_of_an_organization(journey: Journey) -> None:
    EmailDomain.objects.create(
        organization=journey.organization, domain="contoso.example", verified_at=journey.organization.created_at
    )
    page = page_of(journey.browser.post("/sign-in", {"email": "ada@contoso.example"}))
    assert heading(page) == "Taking you to your sign-in…"
    assert goes_to(page).startswith(f"/sso/{journey.organization.number}/start?hint=")


def test_to_a_provider_by_a_form(journey: Journey) -> None:
    Configuration.objects.update(sso_redirect_url="")
    answer = journey.browser.get(f"/sso/{journey.organization.number}/start")
    page = page_of(answer)
    assert heading(page) == "Going to your identity provider"
    (form,) = page.forms
    assert (form.method, form.action) == ("POST", journey.tenant.sso_url)
    assert f"form-action 'self' {journey.tenant.base_url}" in answer["Content-Security-Policy"]


def test_who_do_you_want_to_be(journey: Journey, make_organization: MakeOrganization, client_of: SignedIn) -> None:
    victim: User = make_organization("Fabrikam").memberships.get().user
    journey.browser = client_of(victim)
    page = page_of(journey.browser.get(journey.sign_in()["Location"]))
    assert heading(page) == "You are signed in as another user"
    buttons = [" ".join(button.text_content().split()) for button in page.xpath("//main//form//button")]
    assert buttons == [f"Stay as {victim.email}", "Continue as ada@contoso.example"]


def test_to_the_provider_to_sign_out(signing_out: Journey) -> None:
    page = page_of(leave(signing_out))
    assert heading(page) == "You are signed out here"
    assert goes_to(page).startswith(signing_out.tenant.sso_url)
    assert "Microsoft Entra ID" in page.find(".//main").text_content()


def test_to_several_providers(signing_out: Journey, connect: Connect, make_organization: MakeOrganization) -> None:
    other = connect(make_organization("Fabrikam"))
    Connection.objects.update(single_logout=True)
    other.browser = signing_out.browser
    other.sign_in()
    page = page_of(leave(signing_out))
    rows = [" ".join(row.text_content().split()) for row in page.xpath("//ul[contains(@class, 'sign-outs')]/li")]
    assert rows == ["Fabrikam, Microsoft Entra ID Now", "Contoso, Microsoft Entra ID Next"]
    assert goes_to(page).startswith(other.tenant.sso_url)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("urn:oasis:names:tc:SAML:2.0:status:Success", "Here at Amplisso, and at your identity provider."),
        ("urn:oasis:names:tc:SAML:2.0:status:Responder", "sign out there or close the browser"),
    ],
)
def test_what_the_provider_said(signing_out: Journey, status: str, words: str) -> None:
    leave(signing_out)
    to = signing_out.app.logout_url
    message = logout.response(signing_out.tenant.issuer, to, SignOut.objects.get().message_id, status=status)
    page = page_of(new_browser().get(at(logout.redirect_url(to, message)), follow=True))
    assert heading(page) == "You are signed out"
    assert words in page.find(".//main").text_content()


def test_that_the_provider_said_nothing(signing_out: Journey) -> None:
    target = signing_out.browser.post("/account/logout/")["Location"]
    signing_out.browser.get(target)
    page = page_of(signing_out.browser.get(target))
    assert heading(page) == "You are signed out"
    assert "wherever it does not say" in page.find(".//main").text_content()


def test_that_the_provider_wanted_it(signing_out: Journey) -> None:
    Configuration.objects.update(slo_url="", slo_response_url="")
    url = signing_out.tenant.logout_request_url(signing_out.app, "ada")
    page = page_of(new_browser().get(at(url), follow=True))
    assert "Your identity provider requested it." in page.find(".//main").text_content()


def test_a_message_that_changes_nothing(journey: Journey) -> None:
    answer = new_browser().get(f"/saml/2/slo/{journey.organization.number}?SAMLRequest=junk")
    assert answer.status_code == 403
    assert heading(page_of(answer)) == "Nothing was changed"
