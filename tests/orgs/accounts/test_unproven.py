"""Accounts that a stranger made with another person's address, before its owner is vouched for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client

from audit.actors import COMMAND_LINE
from audit.models import Event
from orgs.admin.organizations import _create
from orgs.models import GrantKind, Organization, Plan, Role, User
from orgs.services import accounts, members
from tests.conftest import PASSWORD, MakeUser, new_browser, open_session
from tests.orgs.accounts.test_accounts import ADA, SIGN_UP, sign_in, sign_up, with_totp
from tests.orgs.conftest import link_in


def from_the_admin_site() -> None:
    _create(Organization(name="Customer", plan=Plan.objects.get(slug="growth")), ADA, COMMAND_LINE)


def from_the_command_line() -> None:
    call_command("org", "create", "Customer", "--plan", "growth", "--admin", ADA)


def as_an_operator() -> None:
    accounts.set_operator(user=User.objects.get(email=ADA), is_staff=True, is_superuser=True, actor=COMMAND_LINE)


@pytest.mark.parametrize("vouch", [from_the_admin_site, from_the_command_line, as_an_operator])
def test_whoever_is_vouched_for_does_not_inherit_a_strangers_password(
    visitor: Client, organization: Organization, mailoutbox: list[EmailMessage], vouch: Callable[[], None]
) -> None:
    assert organization.name == "Contoso"
    sign_up(visitor, organization_name="Elsewhere")
    link = link_in(str(mailoutbox.pop().body))
    vouch()
    assert not User.objects.get(email=ADA).has_usable_password()
    new_browser().post(link)
    assert not EmailAddress.objects.filter(email=ADA, verified=True).exists(), "the link in the stranger's mail is dead"
    stranger = new_browser()
    sign_in(stranger, password=SIGN_UP["password1"])
    assert stranger.get("/session").status_code == 401
    assert Event.objects.get(name="account:unproven_forgotten").target == ADA


def test_second_factors_and_grants_of_the_password_go_too(make_user: MakeUser, organization: Organization) -> None:
    ada = make_user(ADA)
    with_totp(ada)
    by_password = open_session(ada, GrantKind.PASSWORD)
    EmailAddress.objects.update(verified=False)
    by_sso = open_session(ada, GrantKind.SSO, organization)
    assert accounts.account_for(address=ADA, actor=COMMAND_LINE) == ada
    assert not Authenticator.objects.exists()
    assert by_password.get("/session").status_code == 401
    assert by_sso.get("/session").status_code == 401, "a new password ends every session; grants that SSO opened stay"
    assert list(ada.session_grants.filter(ended_at__isnull=True).values_list("kind", flat=True)) == [GrantKind.SSO]


def test_who_has_confirmed_the_address_keeps_everything(make_user: MakeUser) -> None:
    ada = make_user(ADA)
    with_totp(ada)
    accounts.account_for(address=ADA, actor=COMMAND_LINE)
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)
    assert Authenticator.objects.filter(user=ada).exists()
    assert not Event.objects.filter(name="account:unproven_forgotten").exists()


def test_an_operator_of_the_command_line_keeps_the_password(db: None) -> None:
    root = User.objects.create_superuser(ADA, PASSWORD)
    accounts.account_for(address=ADA, actor=COMMAND_LINE)
    root.refresh_from_db()
    assert root.check_password(PASSWORD)


class TestSingleSignOn:
    """A provider asserts the address of an account that was made by signing up, and never confirmed."""

    @pytest.fixture
    def link(self, visitor: Client, organization: Organization, mailoutbox: list[EmailMessage]) -> str:
        """The link in the mail of a sign-up in `visitor`; then the address comes in by Contoso's provider."""
        sign_up(visitor, organization_name="Elsewhere")
        members.join_just_in_time(organization=organization, address=ADA, role=Role.MEMBER, actor=COMMAND_LINE)
        return link_in(str(mailoutbox.pop().body))

    def test_a_provider_takes_nothing_from_an_unconfirmed_account(self, visitor: Client, link: str) -> None:
        ada = User.objects.get(email=ADA)
        assert ada.check_password(SIGN_UP["password1"])
        assert EmailAddress.objects.get(user=ada).verified is False
        assert visitor.post(link).status_code in {302, 303}
        names = [each["name"] for each in visitor.get("/session").json()["organizations"]]
        assert names == ["Elsewhere"], "the membership that the provider made is not accepted"
        assert not Event.objects.filter(name="account:unproven_forgotten").exists()

    def test_a_strangers_password_opens_nothing_before_the_address_is_confirmed(
        self, visitor: Client, link: str
    ) -> None:
        sign_in(visitor, password=SIGN_UP["password1"])
        assert visitor.get("/session").status_code == 401

    def test_a_strangers_password_is_gone_once_the_owner_of_the_mailbox_confirms(
        self, visitor: Client, organization: Organization, link: str, mailoutbox: list[EmailMessage]
    ) -> None:
        owner = open_session(User.objects.get(email=ADA), GrantKind.SSO, organization)
        confirmed = owner.post(link)
        assert (confirmed.status_code, confirmed["Location"]) == (303, "/account/password/reset/")
        assert "removed the password" in new_page(confirmed, owner)
        assert EmailAddress.objects.get(email=ADA).verified
        assert not User.objects.get(email=ADA).has_usable_password()
        assert Event.objects.get(name="account:unproven_forgotten").target == ADA
        for stranger in (visitor, new_browser()):
            sign_in(stranger, password=SIGN_UP["password1"])
            assert stranger.get("/session").status_code == 401

    def test_the_owner_who_asks_for_a_password_mail_replaces_the_strangers(
        self, link: str, mailoutbox: list[EmailMessage]
    ) -> None:
        owner = new_browser()
        owner.post("/account/password/reset/", {"email": ADA})
        page = owner.get(link_in(str(mailoutbox.pop().body)), follow=True)
        form = {"password1": "a password of the owner", "password2": "a password of the owner"}
        owner.post(page.redirect_chain[-1][0], form)
        ada = User.objects.get(email=ADA)
        assert (ada.check_password(form["password1"]), ada.check_password(SIGN_UP["password1"])) == (True, False)

    def test_a_sign_up_that_no_provider_touched_is_confirmed_in_any_browser(
        self, visitor: Client, mailoutbox: list[EmailMessage], db: None
    ) -> None:
        sign_up(visitor)
        new_browser().post(link_in(str(mailoutbox.pop().body)))
        assert User.objects.get(email=ADA).check_password(SIGN_UP["password1"])


def new_page(redirect: HttpResponse, browser: Client) -> str:
    return browser.get(redirect["Location"]).content.decode()
