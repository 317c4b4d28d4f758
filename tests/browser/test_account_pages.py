"""The account pages in a real browser: accessible in both themes, passkeys under the strict policy."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import PASSWORD, shot, wait_for_path
from tests.conftest import MakeUser

pytestmark = pytest.mark.browser

ADDRESS = "ada@contoso.example"
FOR_VISITORS = [
    "/sign-in",
    "/account/login/",
    "/account/signup/",
    "/account/password/reset/",
    "/account/password/reset/done/",
    "/account/password/reset/key/1-over/",
    "/account/confirm-email/over/",
    "/o/contoso/settings/access",
]
FOR_ADA = [
    "/account/password/change/",
    "/account/2fa/",
    "/account/2fa/totp/activate/",
    "/account/2fa/webauthn/",
    "/account/2fa/webauthn/add/",
    "/account/sessions/",
    "/account/email/",
    "/account/logout/",
]


@pytest.fixture
def ada(make_user: MakeUser) -> None:
    """Make a user who has only a password."""
    make_user(ADDRESS, PASSWORD)


@pytest.fixture
def device(page: Page, settings) -> CDPSession:
    """A virtual device that holds passkeys and whose owner always says yes."""
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def sign_in(page: Page) -> None:
    """By password, and once more as the pages that change a second factor ask."""
    page.goto("/account/login/?next=/account/reauthenticate/%3Fnext=/account/2fa/")
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    wait_for_path(page, "/account/reauthenticate/")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    wait_for_path(page, "/account/2fa/")


def hurdles(page: Page) -> list[str]:
    """What axe finds wrong: wide in light and in dark, narrow with its menus open."""
    page.wait_for_load_state()  # a click returns before the next page is whole
    found = []
    for width, scheme in [(1280, "light"), (1280, "dark"), (390, "light")]:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        if width == 390:
            page.locator("details.menu:visible").evaluate_all("menus => menus.forEach(menu => menu.open = true)")
        found += [f"{page.url} {width} {scheme}: {rule}" for rule in violations(page)]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    return found


def violations(page: Page) -> list[str]:
    """The broken rules with the elements that break them."""
    result = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html']} {node['failureSummary']}" for rule in result for node in rule["nodes"]]


@pytest.mark.parametrize("path", FOR_VISITORS)
def test_page_of_a_visitor_has_no_hurdles(page: Page, path: str) -> None:
    page.goto(path)
    shot(page, "visitor" + path.replace("/", "-"))
    assert hurdles(page) == []


@pytest.mark.usefixtures("ada")
def test_pages_of_a_person_have_no_hurdles(page: Page) -> None:
    sign_in(page)
    for path in FOR_ADA:
        page.goto(path)
        shot(page, path.strip("/").replace("/", "-"))
        assert hurdles(page) == []


@pytest.mark.usefixtures("ada")
def test_passkey_is_added_and_signs_in(page: Page, device: CDPSession) -> None:
    sign_in(page)
    page.get_by_role("link", name="Add", exact=True).click()
    page.get_by_label("Name").fill("Work laptop")
    page.get_by_label("Sign in without a password").check()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="Recovery codes", level=1)).to_be_visible()
    page.goto("/account/2fa/webauthn/")
    expect(page.get_by_role("heading", name="Work laptop")).to_be_visible()
    assert hurdles(page) == []
    page.goto("/account/2fa/recovery-codes/")
    assert hurdles(page) == []
    page.context.clear_cookies()
    page.goto("/account/login/?next=/account/sessions/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    wait_for_path(page, "/account/sessions/")
    expect(page.get_by_text("This browser")).to_be_visible()


@pytest.mark.usefixtures("ada")
def test_key_is_the_second_step(page: Page, device: CDPSession) -> None:
    sign_in(page)
    page.get_by_role("link", name="Add", exact=True).click()
    page.get_by_role("button", name="Add", exact=True).click()
    wait_for_path(page, "/account/2fa/recovery-codes/")
    page.context.clear_cookies()
    page.goto("/account/login/?next=/account/sessions/")
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    assert hurdles(page) == []
    page.get_by_role("button", name="Use a passkey or security key").click()
    wait_for_path(page, "/account/sessions/")


def test_passkey_that_is_not_there_is_told_in_the_page(page: Page, device: CDPSession) -> None:
    page.goto("/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("choose another way")


@pytest.mark.usefixtures("ada")
def test_menu_closes_on_escape_and_elsewhere(page: Page) -> None:
    sign_in(page)
    menu = page.locator("details.account-menu")
    menu.locator("summary").click()
    expect(menu.get_by_role("link", name="Sessions")).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu.get_by_role("link", name="Sessions")).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()
    menu.locator("summary").click()
    page.get_by_role("heading", level=1).click()
    expect(menu.get_by_role("link", name="Sessions")).to_be_hidden()


def test_keyboard_reaches_the_content_first(page: Page) -> None:
    page.goto("/sign-in")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
