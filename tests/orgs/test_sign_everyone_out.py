"""Signing everyone out of one organization: what ends, what goes on, and how members come back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from audit.actors import COMMAND_LINE
from audit.events import EventName, Risk
from audit.models import Event
from orgs.models import GrantKind, Membership, Organization, Role, SessionGrant, User
from orgs.selectors.grants import SessionCounts, count_sessions
from orgs.services import grants, members, organizations
from tests.conftest import MakeMember, MakeOrganization, SignedIn, connection_to, open_session
from tests.orgs.conftest import RequireSSO

PAGE = "/o/contoso/settings/general/sign-everyone-out"


@pytest.fixture
def ada(organization: Organization, member: MakeMember) -> Membership:
    """A member of Contoso."""
    return member(organization)


def status(client: Client, slug: str = "contoso") -> int:
    return client.get(f"/o/{slug}/").status_code


def test_the_page_says_what_it_does_in_numbers_and_changes_nothing(
    ada: Membership, admin: User, client_of: SignedIn, sso_client: SignedIn
) -> None:
    by_password = client_of(admin)
    sso_client(ada.user, ada.organization)
    client_of(ada.user)
    page = by_password.get(PAGE).content.decode()
    assert "<strong>2 members</strong>" in page
    assert "<strong>3 sessions</strong>" in page
    assert "including yours" in page
    assert status(by_password) == 200
    assert f'href="{PAGE}"' in by_password.get("/o/contoso/settings/general").content.decode()


def test_every_kind_of_session_ends_here_and_nowhere_else(
    ada: Membership, admin: User, make_organization: MakeOrganization, member: MakeMember,
    client_of: SignedIn, sso_client: SignedIn, recovery_client: Callable[[User, Organization], Client],
) -> None:  # fmt: skip
    fabrikam = make_organization("Fabrikam")
    member(fabrikam, user=ada.user)
    by_password, by_sso = client_of(ada.user), sso_client(ada.user, ada.organization)
    recovering, elsewhere = recovery_client(admin, ada.organization), sso_client(ada.user, fabrikam)
    assert recovering.get("/o/contoso/settings/access").status_code == 200
    client_of(admin).post(PAGE)
    assert (status(by_password), status(by_sso)) == (403, 404)
    assert recovering.get("/o/contoso/settings/access").status_code == 404
    assert (status(by_password, "fabrikam"), status(elsewhere, "fabrikam")) == (200, 200)
    assert by_password.get("/account/password/change/").status_code == 200


def test_it_is_one_event_of_high_risk(ada: Membership, admin: User, client_of: SignedIn, sso_client: SignedIn) -> None:
    sso_client(ada.user, ada.organization)
    client_of(admin).post(PAGE)
    event = Event.objects.get(name=EventName.EVERYONE_SIGNED_OUT)
    assert (event.organization_number, event.actor_email) == (ada.organization.number, admin.email)
    assert (event.risk, event.before, event.after) == (Risk.HIGH, {}, {"members": 2, "sessions": 2})


def test_the_admin_is_out_as_well_and_told_how_to_come_back(admin: User, client_of: SignedIn) -> None:
    browser = client_of(admin)
    answer = browser.post(PAGE, follow=True)
    text = answer.content.decode()
    assert answer.redirect_chain == [("/o/contoso/settings/general", 303)]
    assert answer.status_code == 403
    assert "All members were signed out of Contoso: 1 member, 1 session." in text
    assert "An admin signed everyone out" in text
    assert "Sign out and in again" in text


def test_an_admin_who_came_by_single_sign_on_is_led_to_the_sign_in(
    admin: User, organization: Organization, sso_client: SignedIn
) -> None:
    answer = sso_client(admin, organization).post(PAGE, follow=True)
    assert answer.redirect_chain == [("/o/contoso/sign-in", 303)]
    assert "All members were signed out of Contoso" in answer.content.decode()


def test_signing_in_again_opens_the_organization(
    ada: Membership, admin: User, client_of: SignedIn, sso_client: SignedIn
) -> None:
    client_of(admin).post(PAGE)
    assert status(client_of(ada.user)) == 200
    assert status(sso_client(ada.user, ada.organization)) == 200
    assert client_of(admin).get("/o/contoso/settings/access").status_code == 200


def test_recovery_asks_for_the_password_again(
    admin: User, organization: Organization, client_of: SignedIn, require_sso: RequireSSO
) -> None:
    require_sso(organization)
    before = client_of(admin)
    organizations.sign_everyone_out(organization=organization, actor=COMMAND_LINE)
    answer = before.get("/o/contoso/recovery")
    assert (answer.status_code, "An admin signed everyone out" in answer.content.decode()) == (403, True)
    assert client_of(admin).get("/o/contoso/recovery").status_code == 200


def test_a_session_that_carries_an_earlier_password_on_opens_nothing(ada: Membership, client_of: SignedIn) -> None:
    browser = client_of(ada.user)
    organizations.sign_everyone_out(organization=ada.organization, actor=COMMAND_LINE)
    session = browser.session
    into = grants.new_grant(
        session="another",
        user=ada.user,
        kind=GrantKind.SSO,
        organization=ada.organization,
        expires_at=timezone.now() + timedelta(hours=1),
    )
    assert grants.carry_grants_over(from_session=session["session_name"], to=into) == 1
    session["session_name"] = "another"
    session.save()
    assert status(browser) == 403


def test_a_sign_in_that_was_written_at_the_same_moment_is_out(ada: Membership) -> None:
    organizations.sign_everyone_out(organization=ada.organization, actor=COMMAND_LINE)
    browser = open_session(ada.user, GrantKind.SSO, ada.organization)
    at = Organization.objects.get(pk=ada.organization_id).sessions_ended_at
    SessionGrant.objects.filter(user=ada.user).update(opened_at=at)
    assert status(browser) == 404


def test_a_manager_may_not(organization: Organization, member: MakeMember, client_of: SignedIn) -> None:
    browser = client_of(member(organization, Role.MANAGER).user)
    assert [browser.get(PAGE).status_code, browser.post(PAGE).status_code] == [403, 403]
    assert PAGE not in browser.get("/o/contoso/settings/general").content.decode()
    assert not Event.objects.filter(name=EventName.EVERYONE_SIGNED_OUT).exists()


def test_only_sessions_that_open_the_organization_count(
    ada: Membership, member: MakeMember, client_of: SignedIn, sso_client: SignedIn, require_sso: RequireSSO
) -> None:
    sso_client(ada.user, ada.organization)
    client_of(ada.user)
    suspended = member(ada.organization)
    client_of(suspended.user)
    members.suspend_member(membership=suspended, by=None, actor=COMMAND_LINE)
    ended = open_session(ada.user, GrantKind.SSO, ada.organization).session["session_name"]
    grants.create_grant(
        session=ended, user=ada.user, kind=GrantKind.SSO, organization=ada.organization,
        connection=connection_to(ada.organization).public_id, expires_at=SessionGrant.objects.latest("pk").expires_at,
    )  # fmt: skip
    assert count_sessions(ada.organization) == SessionCounts(members=1, sessions=3)
    require_sso(ada.organization)
    assert count_sessions(ada.organization) == SessionCounts(members=1, sessions=2)
    ada.organization.refresh_from_db()
    organizations.sign_everyone_out(organization=ada.organization, actor=COMMAND_LINE)
    ada.organization.refresh_from_db()
    assert count_sessions(ada.organization) == SessionCounts(members=0, sessions=0)


def test_the_command(ada: Membership, client_of: SignedIn) -> None:
    browser, printed = client_of(ada.user), StringIO()
    call_command("org", "sign-everyone-out", str(ada.organization.number), "--json", stdout=printed)
    assert json.loads(printed.getvalue()) == {
        "number": ada.organization.number, "name": "Contoso", "members": 1, "sessions": 1,
    }  # fmt: skip
    assert status(browser) == 403
    assert Event.objects.get(name=EventName.EVERYONE_SIGNED_OUT).actor_email == "command line"
    organizations.close_organization(organization=ada.organization, actor=COMMAND_LINE)
    with pytest.raises(CommandError, match="no open organization"):
        call_command("org", "sign-everyone-out", str(ada.organization.number))
