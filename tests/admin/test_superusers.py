"""Operators need a second factor; only superusers change superusers, and one of them always remains."""

from __future__ import annotations

import io

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.test import Client

from audit.actors import COMMAND_LINE, Actor
from audit.events import EventName
from audit.models import Event
from orgs.errors import NotAllowedError
from orgs.models import GrantKind, SessionGrant, User
from orgs.services import accounts, grants
from tests.admin.test_pages import address
from tests.conftest import MakeUser, SignedIn, open_session
from tests.orgs.test_concurrency import at_once


@pytest.fixture
def limited(make_user: MakeUser) -> User:
    """An operator who may change everything in orgs, but is no superuser."""
    user = make_user(is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(content_type__app_label="orgs"))
    return user


def actor(user: User) -> Actor:
    return Actor(user_id=user.pk, email=user.email)


@pytest.mark.parametrize(
    "path", ["/", "/admin/", "/admin/orgs/user/", "/account/password/change/", "/organizations/new"]
)
def test_without_a_second_factor_there_is_one_page(path: str, operator: User, browser: Client) -> None:
    Authenticator.objects.all().delete()
    assert browser.get(path)["Location"] == "/account/2fa/"
    assert "needs a second factor" in browser.get("/account/2fa/").content.decode()
    assert "/reauthenticate/" in browser.get("/account/2fa/totp/activate/")["Location"]


def test_recovery_codes_alone_are_no_second_factor(operator: User, browser: Client) -> None:
    Authenticator.objects.update(type=Authenticator.Type.RECOVERY_CODES, data={"seed": "", "used_mask": 0})
    assert browser.get("/admin/")["Location"] == "/account/2fa/"


def test_under_debug_it_is_a_banner(operator: User, browser: Client, settings) -> None:
    assert "Your account has no second factor" not in browser.get("/admin/").content.decode()
    Authenticator.objects.all().delete()
    settings.DEBUG = True
    page = browser.get("/admin/")
    assert page.status_code == 200
    assert "Your account has no second factor" in page.content.decode()


def test_members_need_none(make_user: MakeUser, client_of: SignedIn) -> None:
    assert client_of(make_user()).get("/account/password/change/").status_code == 200


def test_createsuperuser_says_so(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")
    printed = io.StringIO()
    call_command("createsuperuser", "--noinput", email="root@amplisso.example", stdout=printed)
    assert "asks for a second factor" in printed.getvalue()


def test_a_superusers_form_is_closed_to_other_operators(operator: User, limited: User, client_of: SignedIn) -> None:
    browser = client_of(limited)
    assert browser.get(address(User, "change", operator.pk)).status_code == 200
    assert browser.post(address(User, "change", operator.pk), {"name": "x"}).status_code == 403
    chosen = {"action": "disable", "_selected_action": [operator.pk]}
    said = browser.post(address(User, "changelist"), chosen, follow=True).content.decode()
    assert "Only superusers can change" in said
    operator.refresh_from_db()
    assert (operator.name, operator.is_active) == ("", True)


def test_a_superusers_session_is_ended_by_superusers_only(operator: User, limited: User) -> None:
    open_session(operator, GrantKind.PASSWORD)
    grant = SessionGrant.objects.get(user=operator)
    with pytest.raises(NotAllowedError):
        grants.end_grant(grant=grant, actor=actor(limited))
    grants.end_grant(grant=grant, actor=actor(operator))


def test_the_last_superuser_stays_one(operator: User, browser: Client) -> None:
    answer = browser.post(address(User, "change", operator.pk), {"name": "", "is_staff": "on"}, follow=True)
    assert "only superuser who can sign in" in answer.content.decode()
    chosen = {"action": "disable", "_selected_action": [operator.pk]}
    assert "only superuser" in browser.post(address(User, "changelist"), chosen, follow=True).content.decode()
    operator.refresh_from_db()
    assert operator.is_superuser
    assert operator.is_active


def test_rights_are_taken_by_who_still_has_them(operator: User, make_user: MakeUser) -> None:
    other = make_user(is_staff=True, is_superuser=True)
    accounts.set_operator(user=other, is_staff=True, is_superuser=False, actor=actor(operator))
    with pytest.raises(NotAllowedError):
        accounts.set_operator(user=operator, is_staff=True, is_superuser=False, actor=actor(other))
    with pytest.raises(NotAllowedError):
        accounts.disable_account(user=operator, actor=COMMAND_LINE)


def test_a_change_of_permissions_has_a_before(operator: User, browser: Client, limited: User) -> None:
    limited.user_permissions.set(Permission.objects.filter(codename="view_plan"))
    wanted = [Permission.objects.get(codename="view_user").pk]
    browser.post(address(User, "change", limited.pk), {"name": "", "is_staff": "on", "user_permissions": wanted})
    event = Event.objects.get(name=EventName.OPERATOR_CHANGED)
    assert (event.before, event.after) == ({"permissions": ["view_plan"]}, {"permissions": ["view_user"]})


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time anyway")
def test_of_two_superusers_who_demote_each_other_one_remains(make_user: MakeUser) -> None:
    one, two = (make_user(is_staff=True, is_superuser=True) for _ in range(2))
    turns = iter([(one, two), (two, one)] * 2)

    def demote() -> None:
        by, other = next(turns)
        accounts.set_operator(user=other, is_staff=False, is_superuser=False, actor=actor(by))

    at_once(demote, count=4)
    assert User.objects.filter(is_superuser=True, is_staff=True).count() == 1
