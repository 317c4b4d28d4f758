"""Many sign-ins started in one real browser, and several tabs that wait at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page

from orgs.models import Organization
from sso.selectors.keys import service_provider
from tests.browser.test_journeys import pick
from tests.sso.conftest import upload

pytestmark = pytest.mark.browser


def connect(organization: Organization, entra) -> Organization:
    us = service_provider(organization.number)
    app = entra.register(organization.name, us.entity_id, us.acs_url, name_id_source="user.mail")
    upload(organization, entra.metadata(app))
    return organization


def start(window: BrowserContext, organization: Organization) -> Page:
    """Open a tab that waits at the provider."""
    tab = window.new_page()
    tab.goto(f"/sso/{organization.number}/start")
    tab.wait_for_url("http://127.0.0.1:*/**")
    return tab


def test_two_hundred_starts_then_a_sign_in(window: BrowserContext, contoso: Organization, entra) -> None:
    connect(contoso, entra)
    # With the browser's cookies, but not by its fetch(): a start that is no navigation is refused.
    path = f"/sso/{contoso.number}/start"
    assert {window.request.get(path, max_redirects=0).status for _ in range(200)} == {302}
    ours = [cookie for cookie in window.cookies() if cookie["path"] != "/"]
    assert {cookie["path"] for cookie in ours} == {f"/saml/2/acs/{contoso.number}", path}
    assert len(ours) == 2
    tab = start(window, contoso)
    pick(tab, "Ada")
    assert tab.url.endswith(f"/o/{contoso.slug}/")


def test_tabs_of_two_organizations_finish_in_another_order(
    window: BrowserContext, contoso: Organization, make_organization, entra
) -> None:
    fabrikam = make_organization("Fabrikam")
    for organization in (contoso, fabrikam):
        connect(organization, entra)
    waiting = [(each, start(window, each)) for each in (contoso, fabrikam, contoso, contoso, fabrikam)]
    for organization, tab in reversed(waiting):
        tab.bring_to_front()
        pick(tab, "Ada")
        assert tab.url.endswith(f"/o/{organization.slug}/")
