"""An impatient click, Back and Reload, in a real browser: the user gets in, and a signed-out one does not."""

from __future__ import annotations

import re
import threading
from wsgiref.simple_server import WSGIServer

import pytest
from django.db import connection
from playwright.sync_api import BrowserContext, Error, Page, Route, expect

from orgs.models import Organization, SessionGrant
from simulator import Tenant
from sso.models import SignIn, SignInState
from tests.browser.conftest import wait_for_path
from tests.browser.test_parallel_starts import connect

pytestmark = pytest.mark.browser
SIMULATORS_ACCOUNT = r"/saml2/account$"


@pytest.fixture
def connected(contoso: Organization, entra: Tenant, site: str, live_server) -> Organization:
    """Contoso at the simulator."""
    if connection.vendor == "sqlite":
        one_at_a_time(live_server.thread.httpd)
    return connect(contoso, entra)


def one_at_a_time(server: WSGIServer) -> None:
    """Serve requests one after the other: with SQLite in memory all threads share one connection and transaction."""
    app, lock = server.get_app(), threading.Lock()
    assert app is not None

    def locked(environ, start_response):
        with lock:
            return app(environ, start_response)

    server.set_app(locked)


def back_to_the_provider(page: Page) -> None:
    """Go back to the provider's page with the response, and agree when Chromium asks whether to send its form again.

    By the browser's own button: a script of ours may not go back to another site's form.
    """
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        _go_back(page, times=5)
    expect(page.get_by_text("ERR_CACHE_MISS")).to_be_visible()
    with page.expect_request(re.compile("/start/repeated/")):
        page.reload(wait_until="commit")


def _go_back(page: Page, *, times: int) -> None:
    for _ in range(times):
        page.go_back()


def to_the_response(page: Page, organization: Organization) -> None:
    """Walk to the provider's page that holds the response, and have it wait there instead of posting it at once."""
    page.route(re.compile(SIMULATORS_ACCOUNT), _without_script)
    page.goto(f"/sso/{organization.number}/start")
    page.get_by_role("button", name=re.compile("Ada")).click()
    expect(page.get_by_role("heading", name="Signing you in")).to_be_visible()
    page.unroute(re.compile(SIMULATORS_ACCOUNT))


def _without_script(route: Route) -> None:
    answer = route.fetch(max_redirects=0)
    route.fulfill(response=answer, body=re.sub(r'<script src="[^"]*post.js[^"]*" defer></script>', "", answer.text()))


def submit_twice(page: Page, milliseconds: int) -> None:
    """Post the response, and once more before the browser has left the page."""
    page.evaluate(
        """pause => {
            const form = document.getElementById("response");
            form.submit();
            setTimeout(() => form.submit(), pause);
        }""",
        milliseconds,
    )


def slow_down(window: BrowserContext, page: Page, latency: int) -> None:
    """Have every response take this many milliseconds longer on its way."""
    network = {"offline": False, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1}
    window.new_cdp_session(page).send("Network.emulateNetworkConditions", network)


def come_home(page: Page, organization: Organization) -> None:
    """Wait for the organization's page; a restart asks at the simulator, whose page wants a click."""
    # Not wait_for_url, which gives up when the second submit cuts the first navigation off.
    expect(page).to_have_url(re.compile(r"/o/contoso/$|/saml2\?"))
    if "/saml2?" in page.url:
        page.get_by_role("button", name=re.compile("Ada")).click()
    wait_for_path(page, f"/o/{organization.slug}/")
    expect(page.get_by_role("heading", name=organization.name).first).to_be_visible()


@pytest.mark.parametrize("latency", [0, 300])
@pytest.mark.parametrize("pause", [10, 40, 80, 150])
def test_a_second_submit_signs_in_all_the_same(
    window: BrowserContext, page: Page, connected: Organization, pause: int, latency: int
) -> None:
    to_the_response(page, connected)
    slow_down(window, page, latency)
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if "/saml/2/acs/" in request.url else None)
    submit_twice(page, pause)
    come_home(page, connected)
    assert page.evaluate("fetch('/session').then(answer => answer.status)") == 200
    first = SignIn.objects.order_by("id").first()
    assert first.state == SignInState.SUCCEEDED
    assert first.repeat_restarts <= 1
    assert SignIn.objects.count() == 1 + first.repeat_restarts, "one restart at most"
    assert not SignIn.objects.exclude(state=SignInState.SUCCEEDED).exists()
    if latency:
        assert len(posts) > 1, "the first one was still on its way"


def test_back_and_reload_lead_on_while_signed_in(page: Page, connected: Organization) -> None:
    to_the_response(page, connected)
    page.get_by_role("button", name="Continue").click()
    wait_for_path(page, f"/o/{connected.slug}/")
    back_to_the_provider(page)
    expect(page).to_have_url(re.compile(f"/o/{connected.slug}/$"))
    page.reload()
    expect(page).to_have_url(re.compile(f"/o/{connected.slug}/$"))
    assert SignIn.objects.count() == SessionGrant.objects.count() == 1
    assert SessionGrant.objects.filter(ended_at__isnull=True).count() == 1


def test_signed_out_then_back_then_reload_is_not_signed_in(page: Page, connected: Organization) -> None:
    to_the_response(page, connected)
    page.get_by_role("button", name="Continue").click()
    wait_for_path(page, f"/o/{connected.slug}/")
    page.locator(".account-menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    wait_for_path(page, "/signed-out|/sign-in|/")
    back_to_the_provider(page)
    expect(page).to_have_url(re.compile(f"/o/{connected.slug}/sign-in$"))
    for _ in range(2):
        expect(page.get_by_role("link", name=re.compile("Sign in with"))).to_be_visible()
        assert page.evaluate("fetch('/session').then(answer => answer.status)") == 401
        page.reload()
    assert SignIn.objects.count() == 1
    assert not SessionGrant.objects.filter(ended_at__isnull=True).exists()
