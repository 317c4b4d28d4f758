"""Access & SSO Settings, the log and the sign-in pages in a real browser: what scripts do, and no hurdles."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from orgs.models import Organization
from tests.browser.conftest import hold, shot, sign_in_with_password
from tests.browser.test_account_pages import hurdles
from tests.sso.views.files import certificate, descriptor
from tests.sso.views.rows import save, sign_in_row, upload

pytestmark = pytest.mark.browser

_FAILED = {
    "name": "signature",
    "outcome": "failed",
    "expected": "by one of 2 certificates: 1f2e3d4c, 99aa88bb",
    "received": "not signed by any of them",
    "clause": "SAML core 5.4",
}


@pytest.fixture
def access(page: Page, contoso: Organization) -> Page:
    """The settings page of Contoso, before anything is connected."""
    sign_in_with_password(page, "pat@contoso.example")
    page.goto(f"/o/{contoso.slug}/settings/access")
    return page


def drop(page: Page, name: str, text: str) -> None:
    """Drop a file on the row of the upload."""
    transfer = page.evaluate_handle(
        """([name, text]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([text], name, {type: "text/xml"}));
          return transfer;
        }""",
        [name, text],
    )
    for kind in ("dragover", "drop"):
        page.dispatch_event("[data-drop]", kind, {"dataTransfer": transfer})


def test_save_and_cancel_sleep_until_the_first_change(access: Page) -> None:
    save_button, cancel = access.get_by_role("button", name="Save"), access.get_by_text("Cancel", exact=True)
    expect(save_button).to_be_disabled()
    expect(cancel).to_have_attribute("aria-disabled", "")
    access.get_by_label("Just-in-time provisioning").select_option(label="Viewer")
    expect(save_button).to_be_enabled()
    cancel.click()
    expect(access.get_by_label("Just-in-time provisioning")).to_have_value("20")
    expect(save_button).to_be_disabled()


def test_a_long_address_in_an_error_stays_in_its_card(access: Page) -> None:
    address = "https://login.microsoftonline.com/11394d0f-b180-4b91-86c3-bda58288ece0/saml2"
    drop(access, "metadata.xml", descriptor(sign_in=f"[{address}]({address})"))
    access.get_by_role("button", name="Save").click()
    error = access.locator("#id_metadata_file_error")
    expect(error).to_contain_text("has a blank or the marks of a link in it")
    shot(access, "long-error")
    access.set_viewport_size({"width": 390, "height": 900})
    right = "each => each.getBoundingClientRect().right"
    assert error.evaluate(right) < access.locator(".card", has=error).evaluate(right)


def test_nothing_is_cut_off_and_nothing_gapes(access: Page) -> None:
    """The longest provider's name fits into its control; on a phone controls stand right under their words."""
    chosen = (
        "select => { const ruler = document.createElement('canvas').getContext('2d');"
        "ruler.font = getComputedStyle(select).font;"
        "const style = getComputedStyle(select);"
        "return select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)"
        " - ruler.measureText(select.selectedOptions[0].text).width; }"
    )
    provider = access.get_by_label("Identity Provider", exact=True)
    assert provider.evaluate(chosen) >= 0
    widths = [
        access.get_by_label(name, exact=True).bounding_box()["width"]
        for name in ("Identity Provider", "Upload Metadata XML")
    ]
    assert widths[0] == widths[1]
    words = access.locator(".access-form .setting > :first-child").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect().height)"
    )
    assert words[-1] < 130, "the words about provisioning stand above their control"
    expect(access.get_by_role("link", name="Go to the guide")).to_be_hidden()
    access.set_viewport_size({"width": 390, "height": 844})
    gaps = access.locator(".access-form .setting").evaluate_all(
        "rows => rows.map(row => row.lastElementChild.getBoundingClientRect().top"
        " - row.firstElementChild.lastElementChild.getBoundingClientRect().bottom)"
    )
    assert max(gaps) < 24, gaps
    access.get_by_role("link", name="Go to the guide").click()
    expect(access.get_by_role("heading", name="How to connect Microsoft Entra ID")).to_be_in_viewport()


def test_the_browser_goes_to_what_is_wrong(access: Page) -> None:
    access.get_by_text("Paste the XML instead").click()
    access.get_by_label("Metadata XML as text").fill("<html/>")
    access.get_by_role("button", name="Save").click()
    expect(access.get_by_text("Nothing was saved.")).to_be_visible()
    expect(access.get_by_label("Metadata XML as text")).to_be_focused()
    (colour,) = set(
        access.locator(".field-errors p").evaluate_all("all => all.map(each => getComputedStyle(each).color)")
    )
    assert colour == "rgb(179, 38, 30)"
    access.get_by_role("alert").get_by_role("link", name="Metadata XML as text").click()
    expect(access.get_by_label("Metadata XML as text")).to_be_in_viewport()


def test_the_guide_follows_the_drop_down(access: Page) -> None:
    expect(access.get_by_role("heading", name="How to connect Microsoft Entra ID")).to_be_visible()
    access.get_by_label("Identity Provider", exact=True).select_option("okta")
    expect(access.get_by_role("heading", name="How to connect Okta")).to_be_visible()
    expect(access.get_by_role("heading", name="How to connect Microsoft Entra ID")).to_be_hidden()


def test_a_dropped_file_is_saved(access: Page, contoso: Organization) -> None:
    drop(access, "contoso.xml", descriptor())
    assert access.get_by_label("Upload Metadata XML").input_value().endswith("contoso.xml")
    access.get_by_role("button", name="Save").click()
    expect(access.get_by_text("Single sign-on is on. Try it")).to_be_visible()
    expect(access.get_by_role("link", name="Show uploaded metadata")).to_be_visible()
    contoso.refresh_from_db()
    assert contoso.can_sign_in_with_sso


def test_pages_of_an_admin_have_no_hurdles(access: Page, contoso: Organization) -> None:
    base = f"/o/{contoso.slug}/settings"
    assert hurdles(access) == []
    for path in _with_everything(contoso):
        access.goto(base + path)
        access.locator("main details").evaluate_all("all => all.forEach(each => each.open = true)")
        shot(access, "settings" + path.replace("/", "-")[:30])
        assert hurdles(access) == []


def test_what_saving_says_has_no_hurdles(access: Page, contoso: Organization) -> None:
    """A list of changes and of findings, sign-ins that are refused, and a draft with all of that."""
    upload(contoso)
    over = '<EntityDescriptor validUntil="2020-01-01T00:00:00Z" '
    expired = descriptor("https://idp.fabrikam.example/", certificates=(certificate(days=-2),))
    text = expired.replace("<EntityDescriptor ", over).replace(
        "<IDPSSODescriptor ", '<IDPSSODescriptor WantAuthnRequestsSigned="true" '
    )
    access.reload()
    drop(access, "contoso.xml", text)
    access.get_by_role("button", name="Save").click()
    expect(access.locator(".messages li")).to_have_count(7)
    expect(access.get_by_text("Single sign-on is on, but sign-ins are refused", exact=True)).to_be_visible()
    shot(access, "saved-refusing")
    assert hurdles(access) == []
    Organization.objects.update(require_sso=True)
    contoso.refresh_from_db()
    upload(contoso, text.replace("fabrikam", "initech"))
    Organization.objects.update(require_sso=False)
    access.reload()
    expect(access.get_by_text("so a test will be refused")).to_be_visible()
    shot(access, "draft-refusing")
    assert hurdles(access) == []


def test_a_waiver_is_allowed_and_ended(access: Page, contoso: Organization) -> None:
    upload(contoso)
    access.reload()
    assert hurdles(access) == []
    section = access.locator("#waiver-sha1")
    section.get_by_role("button", name="Accept until this date").click()
    expect(section.get_by_text("Choose the last day.")).to_be_visible()
    day = access.get_by_label("Accept SHA-1 signatures until")
    expect(day).to_be_focused()
    expect(access.get_by_role("button", name="Save")).to_be_disabled()
    shot(access, "waivers-wrong")
    assert hurdles(access) == []
    day.fill(day.get_attribute("max") or "")
    section.get_by_role("button", name="Accept until this date").click()
    expect(access.get_by_text("Change or end this: SHA-1 signatures")).to_be_visible()
    shot(access, "waivers-in-force")
    assert hurdles(access) == []
    section.get_by_role("button", name="End now").click()
    expect(access.get_by_text("SHA-1 signatures are no longer accepted.")).to_be_visible()
    expect(section.get_by_text("Refused")).to_be_visible()


def test_the_log_leads_to_the_waiver(access: Page, contoso: Organization) -> None:
    configuration = upload(contoso)
    signer = configuration.signing_certificates()[0].fingerprint
    refused = sign_in_row(configuration, "refused", reason="certificate_expired", certificate=signer)
    access.goto(f"/o/{contoso.slug}/settings/sign-ins/{refused.reference}")
    shot(access, "waivers-offered")
    assert hurdles(access) == []
    access.get_by_role("link", name="accept expired certificates until a date").click()
    expect(access.get_by_role("heading", name="Expired certificates")).to_be_in_viewport()


def _with_everything(contoso: Organization) -> list[str]:
    """A connection with warnings and a draft, and a log; returns the pages to look at."""
    admin = contoso.memberships.get().user
    active = upload(contoso, descriptor(certificates=(certificate(days=-2), certificate(days=20), certificate())))
    sign_in_row(active, user=admin, address=admin.email)
    save(contoso, require=True, by=admin)
    upload(contoso, descriptor(certificates=(certificate(days=700),)))
    Organization.objects.update(require_sso=False)  # so that this browser's password still opens the pages
    refused = sign_in_row(
        active, "refused", reason="untrusted", checks=[_FAILED], detail="AADSTS50105: The user is not assigned."
    )
    return [
        "/access",
        f"/access/metadata/{active.public_id}",
        "/sign-ins",
        "/sign-ins?search=nobody",
        f"/sign-ins/{refused.reference}",
    ]


def test_the_locked_page_has_no_hurdles(page: Page, make_organization, make_user) -> None:
    organization = make_organization("Initech", plan="plus", admin=make_user("bill@initech.example"))
    sign_in_with_password(page, "bill@initech.example")
    page.goto(f"/o/{organization.slug}/settings/access")
    assert hurdles(page) == []


def test_sign_in_pages_have_no_hurdles(page: Page, contoso: Organization) -> None:
    upload(contoso)
    contoso.email_domains.create(domain="contoso.example", verified_at=timezone.now())
    hold(page, r"/sign-in$")  # with an address of Contoso, it goes on by itself
    for path in ("/sign-in", "/sign-in/mailed", f"/o/{contoso.slug}/sign-in", "/sso/10001/refused/7KQ4-M2XD-P9TR"):
        page.goto(path)
        assert hurdles(page) == []
    for address in ("nonsense", "ada@elsewhere.example", "ada@contoso.example"):
        page.goto("/sign-in")
        page.get_by_label("E-mail address").fill(address)
        with page.expect_navigation():
            page.get_by_role("button", name="Continue").click()
        shot(page, f"sign-in-{address}")
        assert hurdles(page) == []
