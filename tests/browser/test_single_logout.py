"""Certificates, encryption and single logout in a real browser, under our content security policy."""

from __future__ import annotations

import re
from ssl import DER_cert_to_PEM_cert

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from orgs.models import Organization, SessionGrant
from sso.models import SignIn, SignOut
from sso.selectors.keys import live_keys, service_provider
from tests.browser.conftest import shot, sign_in_with_password
from tests.sso.conftest import upload

pytestmark = pytest.mark.browser


@pytest.fixture
def app(contoso: Organization, entra, site):
    """Contoso's application at the simulator, which knows our Logout URL."""
    us = service_provider(contoso.number)
    app = entra.register("Amplisso", us.entity_id, us.acs_url, name_id_source="user.mail")
    app.logout_url = us.slo_url
    upload(contoso, entra.metadata(app))
    return app


def come_in(page: Page, contoso: Organization) -> None:
    """Sign in as Ada."""
    page.goto(f"/o/{contoso.slug}/sign-in")
    page.get_by_role("link", name=re.compile("Sign in with")).click()
    page.wait_for_url("http://127.0.0.1:*/**")
    page.get_by_role("button", name=re.compile("Ada")).click()
    page.wait_for_url("http://localhost:*/o/**")


def test_certificate_encryption_and_both_ways_out(page: Page, window, contoso: Organization, entra, app):
    sign_in_with_password(page, "pat@contoso.example")
    page.goto(f"/o/{contoso.slug}/settings/access")
    page.get_by_role("button", name="Create a certificate").click()
    expect(page.get_by_text("The certificate was created.")).to_be_visible()
    page.get_by_label("Sign out at the provider, too").check()
    page.get_by_label("Sign requests").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Sign out at the provider, too")).to_be_checked()
    page.get_by_role("button", name="Create a new certificate").click()
    expect(page.get_by_text("New, not in use yet")).to_be_visible()
    shot(page, "access-certificates")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()

    key = live_keys(contoso).get(state="current")
    app.encryption_certificate = DER_cert_to_PEM_cert(key.signing_certificate().der)
    ada = window.browser.new_context(base_url=page.evaluate("location.origin")).new_page()
    come_in(ada, contoso)
    assert any(each["name"] == "decryption" and each["received"].startswith("opened") for each in last_checks())

    ada.locator(".account-menu summary").click()
    ada.get_by_role("button", name="Sign out").click()
    ada.wait_for_url("**/signed-out?**")
    expect(ada.get_by_role("heading", name="You are signed out", exact=True)).to_be_visible()
    assert SignOut.objects.get().state == "done"

    come_in(ada, contoso)
    portal = ada.context.new_page()
    portal.goto(f"{entra.base_url}/apps/{app.id}/sso")
    portal.get_by_label("Sign in as").select_option("ada")
    portal.get_by_role("button", name="Sign out").click()
    expect(portal.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert not SessionGrant.objects.filter(kind="sso", ended_at__isnull=True).exists()
    ada.context.close()


def last_checks() -> list[dict[str, str]]:
    return SignIn.objects.latest("id").checks
