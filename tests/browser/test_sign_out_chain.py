"""Signing out of two organizations at once, in a real browser: under our policy, with another site in between."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from orgs.models import Organization, SessionGrant
from sso.models import Connection, SignOut
from sso.selectors.keys import service_provider
from tests.browser.conftest import shot, stay_before
from tests.browser.test_single_logout import come_in
from tests.sso.conftest import upload

pytestmark = pytest.mark.browser


@pytest.fixture
def both(contoso: Organization, make_organization, entra, site) -> list[Organization]:
    """Contoso and Fabrikam, each with an application of its own in the one directory, and single logout on."""
    organizations = [contoso, make_organization("Fabrikam")]
    for each in organizations:
        us = service_provider(each.number)
        app = entra.register(each.name, us.entity_id, us.acs_url, name_id_source="user.mail")
        app.logout_url = us.slo_url
        upload(each, entra.metadata(app))
    Connection.objects.update(single_logout=True)
    return organizations


def leave(page: Page, organization: Organization) -> None:
    page.goto(f"/o/{organization.slug}/")
    page.locator(".account-menu summary").click()
    page.get_by_role("button", name="Sign out").click()


def states(page: Page) -> dict[str, str]:
    """Organization → what the page says of it."""
    rows = [row.inner_text().split("\n") for row in page.locator(".sign-outs li").all()]
    return {row[0].partition(",")[0]: row[-1] for row in rows}


def test_one_after_the_other(page: Page, both: list[Organization], entra) -> None:
    for each in both:
        come_in(page, each)
    with stay_before(page, entra):
        leave(page, both[0])
    expect(page.get_by_role("heading", name="You are signed out here")).to_be_visible()
    assert states(page) == {"Fabrikam": "Now", "Contoso": "Next"}
    assert not SessionGrant.objects.filter(ended_at__isnull=True).exists()
    page.get_by_role("link", name="Continue now").click()
    expect(page.get_by_role("heading", name="You are signed out", exact=True)).to_be_visible()
    assert states(page) == {"Fabrikam": "Signed out", "Contoso": "Signed out"}
    assert list(SignOut.objects.values_list("state", flat=True)) == ["done", "done"]
    shot(page, "signed-out-at-providers")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_provider_that_keeps_the_browser(page: Page, both: list[Organization], entra) -> None:
    for each in both:
        come_in(page, each)
    entra.app_with_identifier(service_provider(both[1].number).entity_id).logout_url = ""  # Entra answers nothing then
    leave(page, both[0])
    page.wait_for_url(f"http://{urlsplit(entra.base_url).netloc}/**")
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    page.goto("/sign-in")
    shot(page, "sign-in-while-signing-out")
    page.get_by_role("link", name="continue").click()
    expect(page.get_by_text(re.compile("At the identity providers that you used"))).to_be_visible()
    assert states(page) == {"Fabrikam": "No response", "Contoso": "Signed out"}
    page.goto("/sign-in")
    expect(page.get_by_role("link", name="continue")).to_have_count(0)
