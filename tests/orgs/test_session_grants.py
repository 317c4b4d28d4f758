"""What each kind of grant opens, and when it stops (invariants 1, 8 and 9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from audit.actors import COMMAND_LINE
from orgs.models import GrantKind, Membership, Organization, Role, SessionGrant, User
from orgs.services import grants, members, organizations
from tests.conftest import MakeMember, MakeOrganization, MakeUser, SignedIn, new_browser
from tests.orgs.conftest import RequireSSO

OPENS = 200
NOT_THERE = 404


def status(client: Client, slug: str = "contoso") -> int:
    return client.get(f"/o/{slug}/").status_code


@pytest.fixture
def ada(organization: Organization, member: MakeMember) -> Membership:
    """A member of Contoso."""
    return member(organization)


def test_without_a_grant_nothing_opens(ada: Membership) -> None:
    client = new_browser()
    client.force_login(ada.user)  # Django knows the user, but the session has no grant
    assert status(client) == NOT_THERE
    assert client.get("/session").status_code == 401
    assert client.get("/").status_code == 302


def test_a_password_grant_opens_every_accepted_membership(
    ada: Membership, make_organization: MakeOrganization, member: MakeMember, client_of: SignedIn
) -> None:
    member(make_organization("Fabrikam"), Role.VIEWER, ada.user)
    make_organization("Litware")
    client = client_of(ada.user)
    assert [status(client, slug) for slug in ("contoso", "fabrikam", "litware")] == [OPENS, OPENS, NOT_THERE]


def test_an_sso_grant_opens_its_own_organization_alone(
    ada: Membership, make_organization: MakeOrganization, member: MakeMember, sso_client: SignedIn
) -> None:
    fabrikam = make_organization("Fabrikam")
    member(fabrikam, Role.ADMIN, ada.user)
    client = sso_client(ada.user, fabrikam)
    assert [status(client, slug) for slug in ("contoso", "fabrikam")] == [NOT_THERE, OPENS]
    assert client.get("/account/password/change/").status_code == 403
    assert client.get("/organizations/new").status_code == 403


def test_a_password_grant_does_not_open_what_was_not_accepted(
    organization: Organization, client_of: SignedIn, sso_client: SignedIn
) -> None:
    ada = members.join_just_in_time(
        organization=organization, address="ada@contoso.example", role=Role.MEMBER, actor=COMMAND_LINE
    )
    client = client_of(ada.user)
    page = client.get("/o/contoso/")
    assert page.status_code == 403
    assert "Accept" in page.content.decode()
    assert status(sso_client(ada.user, organization)) == OPENS
    members.accept_membership(membership=ada, actor=COMMAND_LINE)
    assert status(client) == OPENS


def test_a_password_grant_does_not_open_where_sso_is_required(
    ada: Membership, client_of: SignedIn, sso_client: SignedIn, require_sso: RequireSSO
) -> None:
    by_password, by_sso = client_of(ada.user), sso_client(ada.user, ada.organization)
    require_sso(ada.organization)
    page = by_password.get("/o/contoso/")
    assert page.status_code == 403
    assert f"/sso/{ada.organization.number}/start" in page.content.decode()
    assert status(by_sso) == OPENS
    organizations.set_require_sso(organization=ada.organization, required=False, actor=COMMAND_LINE)
    assert status(by_password) == OPENS


@pytest.mark.parametrize("kind", [GrantKind.PASSWORD, GrantKind.SSO])
def test_a_shorter_session_takes_effect_at_once(
    ada: Membership, kind: GrantKind, client_of: SignedIn, sso_client: SignedIn
) -> None:
    client = client_of(ada.user) if kind == GrantKind.PASSWORD else sso_client(ada.user, ada.organization)
    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        assert status(client) == OPENS
        organizations.set_session_hours(organization=ada.organization, hours=2, actor=COMMAND_LINE)
        assert status(client) == (403 if kind == GrantKind.PASSWORD else NOT_THERE)


def test_an_ended_way_in_is_explained(ada: Membership, client_of: SignedIn) -> None:
    client = client_of(ada.user)
    organizations.set_session_hours(organization=ada.organization, hours=1, actor=COMMAND_LINE)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert "Sign out and in again" in client.get("/o/contoso/").content.decode()
        assert "Your session there has ended" in client.get("/").content.decode()


def test_a_longer_session_never_outlives_the_grant(ada: Membership, sso_client: SignedIn) -> None:
    client = sso_client(ada.user, ada.organization)
    organizations.set_session_hours(organization=ada.organization, hours=720, actor=COMMAND_LINE)
    with time_machine.travel(timezone.now() + timedelta(hours=11)):
        assert status(client) == OPENS
    with time_machine.travel(timezone.now() + timedelta(hours=12, minutes=1)):
        assert status(client) == NOT_THERE


@pytest.mark.parametrize("send_away", [members.remove_member, members.suspend_member])
@pytest.mark.parametrize("kind", [GrantKind.PASSWORD, GrantKind.SSO])
def test_who_is_sent_away_is_out_at_the_next_request(
    ada: Membership, kind: GrantKind, send_away: Callable[..., None], client_of: SignedIn, sso_client: SignedIn
) -> None:
    client = client_of(ada.user) if kind == GrantKind.PASSWORD else sso_client(ada.user, ada.organization)
    assert status(client) == OPENS
    send_away(membership=ada, by=None, actor=COMMAND_LINE)
    assert status(client) == NOT_THERE
    assert not SessionGrant.objects.filter(organization=ada.organization, ended_at__isnull=True).exists()


def test_a_disabled_account_is_out_at_the_next_request(ada: Membership, client_of: SignedIn) -> None:
    client = client_of(ada.user)
    User.objects.filter(pk=ada.user_id).update(is_active=False)
    assert status(client) == NOT_THERE


def test_a_lower_role_takes_effect_at_once(organization: Organization, member: MakeMember, client_of: SignedIn) -> None:
    manager = member(organization, Role.MANAGER)
    client = client_of(manager.user)
    assert client.get("/o/contoso/settings/members/invite").status_code == OPENS
    members.change_role(membership=manager, role=Role.VIEWER, by=None, actor=COMMAND_LINE)
    assert client.get("/o/contoso/settings/members/invite").status_code == 403


def test_a_recovery_grant_opens_what_asks_for_it_and_nothing_else(
    organization: Organization, admin: User, recovery_client: Callable[..., Client], require_sso: RequireSSO
) -> None:
    require_sso(organization)
    client = recovery_client(admin, organization)
    assert client.get("/o/contoso/settings/access").status_code == OPENS
    for path in ("", "settings/general", "settings/members", "settings/audit", "settings/sign-ins"):
        assert client.get(f"/o/contoso/{path}").status_code in {403, 404}
    assert client.get("/account/password/change/").status_code == 403


def test_a_recovery_grant_is_for_admins_of_its_own_organization(
    organization: Organization, admin: User, member: MakeMember, make_organization: MakeOrganization,
    recovery_client: Callable[..., Client],
) -> None:  # fmt: skip
    member(organization, Role.ADMIN)
    member(make_organization("Fabrikam"), Role.ADMIN, admin)
    client = recovery_client(admin, organization)
    assert client.get("/o/fabrikam/settings/access").status_code == NOT_THERE
    members.change_role(
        membership=organization.memberships.get(user=admin), role=Role.MANAGER, by=None, actor=COMMAND_LINE
    )
    assert client.get("/o/contoso/settings/access").status_code == NOT_THERE


def test_the_grants_of_another_session_or_person_open_nothing(
    ada: Membership, make_user: MakeUser, client_of: SignedIn
) -> None:
    theirs = client_of(ada.user)
    client = client_of(make_user())
    session = client.session
    session["session_name"] = theirs.session["session_name"]
    session.save()
    assert status(client) == NOT_THERE


def test_signing_out_ends_the_grants_of_a_copied_session_too(ada: Membership, client_of: SignedIn) -> None:
    client = client_of(ada.user)
    name = client.session["session_name"]
    answer = client.post("/account/logout/")
    assert answer.status_code == 303
    copy = new_browser()
    copy.force_login(ada.user)
    session = copy.session
    session["session_name"] = name
    session.save()
    assert status(copy) == NOT_THERE


def test_signing_out_works_through_every_grant_and_only_by_post(ada: Membership, sso_client: SignedIn) -> None:
    client = sso_client(ada.user, ada.organization)
    assert client.get("/account/logout/").status_code == 200
    assert status(client) == OPENS
    assert client.post("/account/logout/").status_code == 303
    assert status(client) == NOT_THERE


def test_grants_are_carried_over_for_the_same_person_only(
    ada: Membership, make_user: MakeUser, client_of: SignedIn
) -> None:
    name = client_of(ada.user).session["session_name"]
    until = timezone.now() + timedelta(hours=1)
    new = {"session": "new", "kind": GrantKind.PASSWORD, "expires_at": until}
    theirs, mine = grants.new_grant(user=make_user(), **new), grants.new_grant(user=ada.user, **new)
    assert grants.carry_grants_over(from_session="", to=mine) == 0
    assert grants.carry_grants_over(from_session=name, to=theirs) == 0
    mine.kind = GrantKind.RECOVERY
    assert grants.carry_grants_over(from_session=name, to=mine) == 1
    assert SessionGrant.objects.get().session == "new"
    mine.kind = GrantKind.PASSWORD
    assert grants.carry_grants_over(from_session="new", to=mine) == 0, "replaced by one of its kind"
    assert SessionGrant.objects.get().ended_at is not None


def test_ending_grants(ada: Membership, member: MakeMember, sso_client: SignedIn) -> None:
    bob = member(ada.organization)
    for membership in (ada, ada, bob):
        sso_client(membership.user, ada.organization)
    first = SessionGrant.objects.filter(user=ada.user).first()
    assert first is not None
    grants.end_grant(grant=first, actor=COMMAND_LINE)
    assert grants.end_grants(organization=ada.organization, user=ada.user) == 1
    assert grants.end_grants(organization=ada.organization, connection=first.public_id) == 0
    assert grants.end_grants(organization=ada.organization) == 1


def test_a_second_grant_of_the_same_kind_replaces_the_first(ada: Membership) -> None:
    for _ in range(2):
        grants.create_grant(
            session="s", user=ada.user, kind=GrantKind.PASSWORD, expires_at=timezone.now() + timedelta(hours=1)
        )
    assert SessionGrant.objects.filter(ended_at__isnull=True).count() == 1


@pytest.mark.parametrize(
    ("kind", "with_organization"), [(GrantKind.PASSWORD, True), (GrantKind.SSO, False), (GrantKind.RECOVERY, False)]
)
def test_the_database_knows_which_grant_has_an_organization(
    ada: Membership, kind: GrantKind, with_organization: bool
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        grants.create_grant(
            session="s",
            user=ada.user,
            kind=kind,
            organization=ada.organization if with_organization else None,
            expires_at=timezone.now() + timedelta(hours=1),
        )


def test_pages_of_signed_in_people_are_kept_by_no_cache(ada: Membership, client_of: SignedIn, visitor: Client) -> None:
    client = client_of(ada.user)
    for path in ("/o/contoso/", "/o/contoso/settings/members", "/session", "/o/nowhere/", "/account/email/"):
        assert "no-store" in client.get(path)["Cache-Control"], path
    assert "Cache-Control" not in visitor.get("/healthz")
