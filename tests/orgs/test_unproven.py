"""Accounts that a stranger made with somebody else's address, before its owner is vouched for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.test import Client

from audit.actors import COMMAND_LINE
from audit.models import Event
from orgs.admin.organizations import _create
from orgs.models import DoorKind, Organization, Plan, Role, User
from orgs.services import account_for, join_just_in_time
from orgs.services.accounts import set_operator
from tests.conftest import PASSWORD, MakeUser, new_browser, open_session

from .conftest import link_in
from .test_accounts import ADA, SIGN_UP, sign_in, sign_up, with_totp


def from_the_admin_site() -> None:
    _create(Organization(name="Customer", plan=Plan.objects.get(slug="growth")), ADA, COMMAND_LINE)


def from_the_command_line() -> None:
    call_command("org", "create", "Customer", "--plan", "growth", "--admin", ADA)


def just_in_time() -> None:
    organization = Organization.objects.get(name="Contoso")
    join_just_in_time(organization=organization, address=ADA, role=Role.MEMBER, actor=COMMAND_LINE)


def as_an_operator() -> None:
    set_operator(user=User.objects.get(email=ADA), is_staff=True, is_superuser=True, actor=COMMAND_LINE)


@pytest.mark.parametrize("vouch", [from_the_admin_site, from_the_command_line, just_in_time, as_an_operator])
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


def test_second_factors_and_doors_of_the_password_go_too(make_user: MakeUser, organization: Organization) -> None:
    ada = make_user(ADA)
    with_totp(ada)
    by_password = open_session(ada, DoorKind.PASSWORD)
    EmailAddress.objects.update(verified=False)
    by_sso = open_session(ada, DoorKind.SSO, organization)
    assert account_for(address=ADA, actor=COMMAND_LINE) == ada
    assert not Authenticator.objects.exists()
    assert by_password.get("/session").status_code == 401
    assert by_sso.get("/session").status_code == 401, "a new password ends every session; doors that SSO opened stay"
    assert list(ada.doors.filter(ended_at__isnull=True).values_list("kind", flat=True)) == [DoorKind.SSO]


def test_who_has_confirmed_the_address_keeps_everything(make_user: MakeUser) -> None:
    ada = make_user(ADA)
    with_totp(ada)
    account_for(address=ADA, actor=COMMAND_LINE)
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)
    assert Authenticator.objects.filter(user=ada).exists()
    assert not Event.objects.filter(name="account:unproven_forgotten").exists()


def test_an_operator_of_the_command_line_keeps_the_password(db: None) -> None:
    root = User.objects.create_superuser(ADA, PASSWORD)
    account_for(address=ADA, actor=COMMAND_LINE)
    root.refresh_from_db()
    assert root.check_password(PASSWORD)
