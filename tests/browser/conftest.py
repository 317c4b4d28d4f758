"""Chromium, the product on localhost and the simulator on 127.0.0.1: two sites, as in real life."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

import simulator
from orgs.models import Organization
from simulator.server import running

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PASSWORD = "correct horse battery"
LONGEST = 30_000  # milliseconds, for a page on a busy machine
expect.set_options(timeout=LONGEST)


@pytest.fixture(scope="session")
def chromium(django_db_setup: None) -> Iterator[Browser]:
    """Debian's browser; CI fails without it, elsewhere the tests are skipped."""
    if not CHROMIUM:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing: .ci/run installs it")
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")
    # Playwright's synchronous face runs an event loop in this thread, and Django refuses queries beside one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    seeded = getattr(connection, "_test_serialized_contents", None)
    with sync_playwright() as playwright:
        # Beside a running loop Django gives this thread another connection; it too has to know what migrations seeded.
        connection._test_serialized_contents = seeded  # type: ignore[attr-defined]  # set by Django's test runner
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def site(live_server, settings) -> str:
    """The product's address, on localhost; the provider may speak http because this is a development machine."""
    settings.BASE_URL = f"http://localhost:{live_server.thread.port}"
    settings.HTTPS = False
    settings.DEBUG = True
    settings.SESSION_COOKIE_SECURE = False
    settings.CSRF_COOKIE_SECURE = False
    settings.ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http"
    return settings.BASE_URL


@pytest.fixture
def entra() -> Iterator[simulator.Tenant]:
    """The simulator, serving on its own site."""
    tenant = simulator.Tenant.create()
    with running(tenant):
        yield tenant


@pytest.fixture
def window(chromium: Browser, site: str) -> Iterator[BrowserContext]:
    """A fresh browser profile whose pages report every script error as a failed test."""
    context = chromium.new_context(
        base_url=site, viewport={"width": 1280, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )
    context.set_default_timeout(LONGEST)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("console", lambda message: errors.append(message.text) if _is_error(message) else None)
    yield context
    context.close()
    assert errors == []


def _is_error(message) -> bool:
    """Broken scripts and refused policies; a page that answers 4xx on purpose is none."""
    return message.type == "error" and "Failed to load resource" not in message.text


@pytest.fixture
def page(window: BrowserContext) -> Page:
    """A tab."""
    return window.new_page()


@pytest.fixture
def contoso(make_organization, make_user) -> Organization:
    """Contoso on Growth, whose admin is pat@contoso.example."""
    return make_organization("Contoso", admin=make_user("pat@contoso.example"))


def sign_in_with_password(
    page: Page, address: str, password: str = PASSWORD, *, provider_first: bool = False, lands: str = "/o/.*"
) -> None:
    """E-mail first, then the password; where the address's domain leads to a provider, by the password page itself."""
    if provider_first:
        page.goto("/account/login/")
        page.get_by_label("E-mail").fill(address)
    else:
        page.goto("/sign-in")
        page.get_by_label("E-mail").fill(address)
        page.get_by_role("button", name="Continue").click()
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    wait_for_path(page, lands)


def wait_for_path(page: Page, pattern: str) -> None:
    """Wait until a page with this path is loaded; what follows a "?", such as `next`, has the path long before."""
    page.wait_for_url(lambda address: bool(re.fullmatch(pattern, urlsplit(address).path)))


def hold(page: Page, pattern: str) -> None:
    """Have pages stay that would go on by themselves, so that they can be looked at."""

    def stay(route: Route) -> None:
        answer = route.fetch(max_redirects=0)
        goes_on = r'<meta http-equiv="refresh"[^>]*>|<script src="[^"]*submit_at_once[^"]*" defer></script>'
        route.fulfill(response=answer, body=re.sub(goes_on, "", answer.text()))

    page.route(re.compile(pattern), stay)


@contextmanager
def stay_before(page: Page, provider: simulator.Tenant) -> Iterator[None]:
    """Have the browser stay on the page of a sign-out that leads to this provider, and that goes on once by itself.

    That page comes by a redirect, and Playwright's routes don't see those.
    """
    pattern = re.compile(re.escape(provider.sso_url))
    page.route(pattern, lambda route: route.fulfill(status=204))
    with page.expect_response(pattern):
        yield
    page.unroute(pattern)


def shot(page: Page, name: str) -> None:
    """Keep pictures of a page, wide and narrow, light and dark, where SCREENSHOTS says."""
    folder = os.environ.get("SCREENSHOTS")
    if not folder:
        return
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=str(Path(folder) / f"{name}-{width}-{scheme}.png"), full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
