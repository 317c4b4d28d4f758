"""The pages that people see for a second, between two sites, and those on which such a way ends: seen and read."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from orgs.models import Organization
from simulator import Tenant
from simulator.saml import logout
from sso.models import Configuration, Connection, SignIn, SignOut
from sso.selectors.keys import service_provider
from tests.browser.conftest import hold, shot, sign_in_with_password, stay_before
from tests.browser.test_single_logout import come_in
from tests.sso.conftest import upload

pytestmark = pytest.mark.browser
Look = Callable[[str], None]

# The page of a sign-out goes on after a second: at once would hide its one fact if the provider never answers.
RULES = {"rules": {"meta-refresh": {"enabled": False}}}


@pytest.fixture
def connected(contoso: Organization, entra: Tenant, site: str) -> Organization:
    """Contoso at the simulator, with single logout and a Logout URL."""
    us = service_provider(contoso.number)
    app = entra.register("Amplisso", us.entity_id, us.acs_url, name_id_source="user.mail")
    app.logout_url = us.slo_url
    upload(contoso, entra.metadata(app))
    Connection.objects.update(single_logout=True)
    return contoso


@pytest.fixture
def look(page: Page) -> Look:
    """Take the pictures of the page that is open, and have it read as a screen reader would."""

    def at(name: str) -> None:
        shot(page, name)
        found = Axe().run(page, options=RULES)
        assert found.violations_count == 0, found.generate_report()
        width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert width <= 0, "nothing to scroll sideways"

    return at


def test_on_the_way_to_the_provider(page: Page, connected: Organization, look: Look) -> None:
    connected.email_domains.create(domain="contoso.example", verified_at=connected.created_at)
    hold(page, r"/sign-in$")
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill("ada@contoso.example")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Taking you to your sign-in")).to_be_visible()
    look("going-to-provider")
    Configuration.objects.update(sso_redirect_url="")
    hold(page, r"/sso/\d+/start")
    page.goto(f"/sso/{connected.number}/start")
    expect(page.get_by_role("heading", name="Going to your identity provider")).to_be_visible()
    look("post-to-provider")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Pick an account")).to_be_visible()


def test_who_do_you_want_to_be(page: Page, connected: Organization, make_user, make_organization, look: Look) -> None:
    make_organization("Fabrikam", admin=make_user("viktoria.konstantinopolitanska@fabrikam.example"))
    sign_in_with_password(page, "viktoria.konstantinopolitanska@fabrikam.example")
    page.goto(f"/sso/{connected.number}/start")
    page.get_by_role("button", name=re.compile("Ada")).click()
    expect(page.get_by_role("heading", name="You are signed in as another user")).to_be_visible()
    look("switch")
    page.get_by_role("button", name=re.compile("^Stay")).click()
    expect(page).to_have_url(re.compile(r"^[^?]*/o/"))


def test_how_a_sign_out_ended(page: Page, connected: Organization, entra: Tenant, look: Look) -> None:
    come_in(page, connected)
    page.locator(".account-menu summary").click()
    with stay_before(page, entra):
        page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out here")).to_be_visible()
    look("signing-out-of-one")
    page.get_by_role("link", name="Continue now").click()
    page.wait_for_url("**/signed-out?**")
    page.reload()
    expect(page.get_by_role("heading", name="You are signed out", exact=True)).to_be_visible()
    assert SignOut.objects.get().state == "done"
    look("signed-out")
    SignOut.objects.update(state="asked")
    refused = "urn:oasis:names:tc:SAML:2.0:status:Responder"
    us = service_provider(connected.number)
    message = logout.response(entra.issuer, us.slo_url, SignOut.objects.get().message_id, status=refused)
    page.goto(logout.redirect_url(us.slo_url, message))
    expect(page.get_by_text("did not confirm it")).to_be_visible()
    look("signed-out-not-confirmed")
    page.goto(f"{urlsplit(us.slo_url).path}?SAMLRequest=junk")
    expect(page.get_by_role("heading", name="Nothing was changed")).to_be_visible()
    look("sign-out-refused")
    Configuration.objects.update(slo_url="", slo_response_url="")
    come_in(page, connected)
    app = entra.app_with_identifier(us.entity_id)
    page.goto(entra.logout_request_url(app, "ada"))
    expect(page.get_by_text("Your identity provider requested it")).to_be_visible()
    look("signed-out-by-provider")
    assert SignIn.objects.count() == 2


def test_one_provider_after_the_other(
    page: Page, connected: Organization, make_organization, entra: Tenant, look: Look
) -> None:
    other = make_organization("The Fabrikam Company for Household Appliances and Spare Parts")
    us = service_provider(other.number)
    app = entra.register("Other", us.entity_id, us.acs_url, name_id_source="user.mail")
    upload(other, entra.metadata(app))
    Connection.objects.update(single_logout=True)
    for each in (connected, other):
        come_in(page, each)
    page.locator(".account-menu summary").click()
    with stay_before(page, entra):
        page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out here")).to_be_visible()
    look("signing-out-of-several")
    hold(page, r"/sso/\d+/sign-out\?")  # or it would go on by itself while it is loaded again
    page.reload()
    page.reload()
    expect(page.get_by_text("No response").first).to_be_visible()
    look("signed-out-without-answers")
