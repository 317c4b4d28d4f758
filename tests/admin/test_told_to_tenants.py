"""What happens to members and is done by operators stands in the organization's own audit log."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from audit.events import EventName, Outcome
from audit.models import Event
from orgs.management.commands import changepassword
from orgs.models import GrantKind, Membership, Organization, Plan, User
from sso.models import Identity, SignIn
from tests.admin.conftest import Crowd
from tests.admin.test_pages import address
from tests.conftest import MakeMember, MakeOrganization, MakeUser, open_session
from tests.orgs.accounts.test_accounts import sign_in

NEW = "quite another password"


def numbers(name: EventName) -> list[int | None]:
    return list(Event.objects.filter(name=name).order_by("pk").values_list("organization_number", flat=True))


def test_wrong_passwords_are_told_where_the_membership_is_accepted(
    admin: User, organization: Organization, make_organization: MakeOrganization, member: MakeMember, visitor: Client
) -> None:
    waiting = member(make_organization("Fabrikam"), user=admin)
    Membership.objects.filter(pk=waiting.pk).update(accepted_at=None)
    make_organization("Initech")
    sign_in(visitor, admin.email, password="wrong")
    assert numbers(EventName.USER_SIGN_IN_REFUSED) == [None, organization.number]
    event = Event.objects.get(organization_number=organization.number, name=EventName.USER_SIGN_IN_REFUSED)
    assert (event.target, event.outcome, event.address) == (admin.email, Outcome.REFUSED, "127.0.0.1")


def test_wrong_passwords_of_strangers_are_for_operators(organization: Organization, visitor: Client) -> None:
    sign_in(visitor, "nobody@contoso.example", password="wrong")
    assert numbers(EventName.USER_SIGN_IN_REFUSED) == [None]


def test_an_edited_plan_is_told_to_the_organizations_on_it(
    browser: Client, organization: Organization, make_organization: MakeOrganization
) -> None:
    make_organization("Initech", plan="starter")
    plan = Plan.objects.get(slug="growth")
    browser.post(address(Plan, "change", plan.pk), {"name": plan.name, "position": plan.position})
    assert numbers(EventName.PLAN_EDITED) == [None, organization.number]
    event = Event.objects.get(name=EventName.PLAN_EDITED, organization_number=organization.number)
    assert (event.before["sso"], event.after["sso"]) == (True, False)


def test_a_look_at_claims_is_told(browser: Client, crowd: Crowd, operator: User) -> None:
    crowd.grow()
    row = SignIn.objects.get()
    browser.get(address(SignIn, "change", row.pk))
    assert numbers(EventName.CLAIMS_VIEWED) == []
    SignIn.objects.filter(pk=row.pk).update(claims={"name_id": "ada"})
    browser.get(address(SignIn, "change", row.pk))
    event = Event.objects.get(name=EventName.CLAIMS_VIEWED)
    assert (event.organization_number, event.actor_email) == (row.organization.number, operator.email)
    assert (event.target, event.before, event.after) == (row.reference, {}, {})


def test_changepassword_leaves_an_event_and_no_session(
    admin: User, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = open_session(admin, GrantKind.PASSWORD)
    monkeypatch.setattr(changepassword, "getpass", lambda _: NEW)
    call_command("changepassword", admin.email.upper())
    admin.refresh_from_db()
    assert admin.check_password(NEW)
    event = Event.objects.get(name=EventName.PASSWORD_CHANGED)
    assert (event.organization_number, event.actor_email) == (organization.number, "command line")
    assert NEW not in str(Event.objects.values())
    assert browser.get("/session").status_code == 401


@pytest.mark.parametrize(("name", "password"), [("nobody@contoso.example", NEW), ("", "1234")])
def test_changepassword_refuses_in_a_sentence(
    name: str, password: str, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_user()
    monkeypatch.setattr(changepassword, "getpass", lambda _: password)
    with pytest.raises(CommandError):
        call_command("changepassword", name or user.email)
    assert not Event.objects.filter(name=EventName.PASSWORD_CHANGED).exists()


def test_a_look_at_an_identity_is_told(browser: Client, crowd: Crowd, operator: User) -> None:
    crowd.grow()
    row = Identity.objects.get()
    browser.get(address(Identity, "change", row.pk))
    event = Event.objects.get(name=EventName.IDENTITY_VIEWED)
    number = row.connection.organization.number
    assert (event.organization_number, event.actor_email, event.target) == (number, operator.email, row.user.email)
    assert row.subject not in str((event.before, event.after))
