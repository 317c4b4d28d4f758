"""What people do, in a real browser, against a provider on another site."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from audit.actors import COMMAND_LINE
from orgs.models import Membership, Organization, Role
from orgs.services import domains
from sso.models import SignIn, SignInState
from sso.reasons import Reason
from sso.selectors.keys import service_provider
from tests.browser.conftest import shot, sign_in_with_password
from tests.conftest import deliver_outbox
from tests.sso.conftest import upload

pytestmark = pytest.mark.browser


@pytest.fixture
def connected(contoso, entra, site):
    """Contoso, connected to the simulator, with its own domain."""
    us = service_provider(contoso.number)
    app = entra.register("Amplisso", us.entity_id, us.acs_url, name_id_source="user.mail")
    upload(contoso, entra.metadata(app))
    domains.verify_domain(
        domain=domains.add_domain(organization=contoso, domain="contoso.example", actor=COMMAND_LINE),
        actor=COMMAND_LINE,
    )
    return contoso


def pick(page: Page, name: str) -> None:
    """Choose an account at the provider."""
    page.wait_for_url("http://127.0.0.1:*/**")
    page.get_by_role("button", name=re.compile(name)).click()
    page.wait_for_url("http://localhost:*/**")


def test_nine_steps_from_the_portal_to_the_first_sign_in(page: Page, window, contoso: Organization, entra):
    sign_in_with_password(page, "pat@contoso.example")
    page.goto(f"/o/{contoso.slug}/settings/access")
    page.get_by_label("Identity Provider", exact=True).select_option(label="Microsoft Azure Active Directory")
    shot(page, "access-before")
    values = {name: copied(page, name) for name in ("Entity ID", "Assertion Consumer Service URL")}
    assert values["Entity ID"] == f"{page.evaluate('location.origin')}/saml/2/metadata/{contoso.number}"

    portal = window.new_page()
    metadata = walk_the_portal(portal, entra, values)

    page.bring_to_front()
    page.get_by_label("Upload Metadata XML").set_input_files(metadata)
    expect(page.get_by_role("button", name="Save")).to_be_enabled()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Single sign-on is on. Try it")).to_be_visible()
    shot(page, "access-connected")
    contoso.refresh_from_db()
    assert contoso.can_sign_in_with_sso

    end_user_comes_in(page, contoso)


def copied(page: Page, name: str) -> str:
    """Press a Copy button and read the clipboard."""
    page.get_by_role("button", name=f"Copy {name}").click()
    expect(page.get_by_text(f"{name} copied", exact=True)).to_be_attached()
    return page.evaluate("navigator.clipboard.readText()")


def walk_the_portal(portal: Page, entra, values: dict[str, str]) -> str:
    """Steps 1 to 7, as the simulator shows them; returns the downloaded file's path."""
    portal.goto(entra.base_url)
    portal.get_by_role("link", name="Enterprise applications").first.click()
    portal.get_by_role("link", name="New application").click()
    portal.get_by_label("Name").fill("Amplisso")
    portal.get_by_role("button", name="Create").click()
    portal.get_by_role("link", name="Single sign-on").first.click()
    portal.get_by_label("Identifier (Entity ID)").fill(values["Entity ID"])
    portal.get_by_label("Reply URL (Assertion Consumer Service URL)").fill(values["Assertion Consumer Service URL"])
    portal.get_by_role("button", name="Save basic configuration").click()
    portal.get_by_label("User identifier").select_option("user.mail")
    portal.get_by_role("button", name="Save claims").click()
    with portal.expect_download() as download:
        portal.get_by_role("link", name="Download Federation Metadata XML").click()
    return str(download.value.path())


def end_user_comes_in(page: Page, organization: Organization) -> None:
    """Sign a new user in from the organization's sign-in page, in a browser of her own."""
    context = page.context.browser.new_context(base_url=page.evaluate("location.origin"))
    hers = context.new_page()
    hers.goto(f"/o/{organization.slug}/sign-in")
    hers.get_by_role("link", name=re.compile("Sign in with")).click()
    pick(hers, "Ada")
    expect(hers).to_have_url(re.compile(f"/o/{organization.slug}/$"))
    shot(hers, "organization-home")
    membership = Membership.objects.get(organization=organization, user__email="ada@contoso.example")
    assert (membership.role, membership.source) == (Role.MEMBER, "just_in_time")
    context.close()


def test_a_deep_link_is_kept(page: Page, connected: Organization):
    path = f"/o/{connected.slug}/settings/members"
    answer = page.goto(path)
    assert answer.status == 404
    page.get_by_label("E-mail").fill("ada@contoso.example")
    page.get_by_role("button", name="Continue").click()
    pick(page, "Ada")
    expect(page).to_have_url(re.compile(f"{path}$"))
    expect(page.get_by_text("ada@contoso.example").first).to_be_visible()


def test_the_my_apps_tile_signs_in(page: Page, connected: Organization, entra):
    page.goto(f"{entra.base_url}/myapps")
    page.get_by_role("link", name=re.compile("Ada")).click()
    page.get_by_role("button", name=re.compile("Amplisso")).click()
    pick(page, "Ada")
    expect(page).to_have_url(re.compile(f"/o/{connected.slug}/$"))
    assert SignIn.objects.get(state=SignInState.SUCCEEDED).started_by == "provider"


def test_a_refused_sign_in_leaves_a_code_that_the_admin_finds(page: Page, window, connected: Organization):
    connected.connections.update(just_in_time_role=None)
    page.goto(f"/sso/{connected.number}/start")
    pick(page, "Grace")
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
    shot(page, "refused")
    reference = page.locator("#reference").inner_text()

    admin = window.new_page()
    sign_in_with_password(admin, "pat@contoso.example", provider_first=True)
    admin.goto(f"/o/{connected.slug}/settings/sign-ins")
    shot(admin, "sign-in-log")
    admin.get_by_role("link", name=reference).click()
    expect(admin.get_by_text(Reason.NOT_A_MEMBER.label).first).to_be_visible()
    shot(admin, "sign-in-detail")


def test_what_the_provider_declines_is_explained(page: Page, connected: Organization):
    page.goto(f"/sso/{connected.number}/start")
    page.wait_for_url("http://127.0.0.1:*/**")
    page.get_by_role("button", name="Cancel and decline").click()
    expect(page.get_by_role("heading", name="Sign-in cancelled")).to_be_visible()
    shot(page, "cancelled")
    assert SignIn.objects.get().reason == Reason.DECLINED


def test_starter_sees_the_page_locked(page: Page, make_organization, make_user, site):
    organization = make_organization("Initech", plan="starter", admin=make_user("bill@initech.example"))
    sign_in_with_password(page, "bill@initech.example")
    page.goto(f"/o/{organization.slug}/settings/access")
    expect(page.get_by_text("Growth, Enterprise and Scholarship")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    expect(page.get_by_label("Identity Provider", exact=True)).to_be_disabled()
    shot(page, "access-locked")


def test_requiring_sso_and_the_way_back_in(page: Page, window, connected: Organization):
    """The admin requires SSO; a password then opens nothing but, with a mailed code, the settings page."""
    page.goto(f"/o/{connected.slug}/sign-in")
    page.get_by_role("link", name=re.compile("Sign in with")).click()
    pick(page, "Ada")
    expect(page).to_have_url(re.compile(f"/o/{connected.slug}/$"))
    Membership.objects.filter(user__email="ada@contoso.example").update(role=Role.ADMIN)
    page.goto(f"/o/{connected.slug}/settings/access")
    page.get_by_label("Require SSO").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=False).first).to_be_visible()
    connected.refresh_from_db()
    assert connected.requires_sso

    shut_out = window.browser.new_context(base_url=page.evaluate("location.origin")).new_page()
    sign_in_with_password(shut_out, "pat@contoso.example", provider_first=True, lands="/")
    answer = shut_out.goto(f"/o/{connected.slug}/settings/members")
    assert answer.status == 403
    shot(shut_out, "sso-needed")
    shut_out.goto(f"/o/{connected.slug}/recovery")
    shot(shut_out, "recovery")
    shut_out.get_by_role("button", name=re.compile("code")).first.click()
    expect(shut_out.get_by_label(re.compile("Code"))).to_be_visible()
    deliver_outbox()
    code = re.search(r"\b\d{6}\b", mail.outbox[-1].body)[0]
    shut_out.get_by_label(re.compile("Code")).fill(code)
    shut_out.get_by_role("button", name=re.compile("Open")).click()
    expect(shut_out).to_have_url(re.compile("/settings/access$"))
    shut_out.get_by_label("Require SSO").uncheck()
    shut_out.get_by_role("button", name="Save").click()
    expect(shut_out.get_by_text("Saved", exact=False).first).to_be_visible()
    connected.refresh_from_db()
    assert not connected.require_sso
    assert shut_out.goto(f"/o/{connected.slug}/settings/members").status == 200
    shut_out.context.close()


def test_uploading_the_wrong_file_says_what_to_do(page: Page, contoso: Organization, tmp_path):
    wrong = tmp_path / "sign-in.xml"
    wrong.write_text("<!DOCTYPE html><html><body>Sign in</body></html>")
    sign_in_with_password(page, "pat@contoso.example")
    page.goto(f"/o/{contoso.slug}/settings/access")
    page.get_by_label("Upload Metadata XML").set_input_files(wrong)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("web page").first).to_be_visible()
    shot(page, "access-wrong-file")
