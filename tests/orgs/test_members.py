"""The rules about who may change whom."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from audit.actors import COMMAND_LINE
from audit.models import Event
from orgs.errors import NotAllowedError
from orgs.models import (
    Invitation,
    Membership,
    MembershipSource,
    MembershipState,
    Organization,
    Role,
    SessionGrant,
    User,
)
from orgs.services import invitations, members
from tests.conftest import MakeMember, MakeOrganization, SignedIn

Change = Callable[[Membership, Membership | None], None]

CHANGES: dict[str, Change] = {
    "role": lambda membership, by: members.change_role(
        membership=membership, role=Role.VIEWER, by=by, actor=COMMAND_LINE
    ),
    "remove": lambda membership, by: members.remove_member(membership=membership, by=by, actor=COMMAND_LINE),
    "suspend": lambda membership, by: members.suspend_member(membership=membership, by=by, actor=COMMAND_LINE),
}


@pytest.fixture
def boss(organization: Organization) -> Membership:
    """The first admin of Contoso."""
    return organization.memberships.get(role=Role.ADMIN)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_last_admin_stays(boss: Membership, change: Change) -> None:
    with pytest.raises(NotAllowedError, match="only admin"):
        change(boss, None)
    boss.refresh_from_db()
    assert (boss.role, boss.state) == (Role.ADMIN, MembershipState.ACTIVE)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_admin_who_cannot_sign_in_does_not_count(boss: Membership, member: MakeMember, change: Change) -> None:
    suspended = member(boss.organization, Role.ADMIN)
    members.suspend_member(membership=suspended, by=boss, actor=COMMAND_LINE)
    disabled = member(boss.organization, Role.ADMIN)
    User.objects.filter(pk=disabled.user_id).update(is_active=False)
    with pytest.raises(NotAllowedError, match="only admin"):
        change(boss, None)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_one_of_two_admins_may_go_then_the_other_stays(boss: Membership, member: MakeMember, change: Change) -> None:
    other = member(boss.organization, Role.ADMIN)
    change(boss, other)
    with pytest.raises(NotAllowedError, match="only admin"):
        change(other, None)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMIN])
def test_nobody_changes_themselves(boss: Membership, member: MakeMember, role: Role, change: Change) -> None:
    myself = member(boss.organization, role)
    with pytest.raises(NotAllowedError, match="your own membership"):
        change(myself, myself)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_viewers_and_members_change_nobody(
    organization: Organization, member: MakeMember, role: Role, change: Change
) -> None:
    with pytest.raises(NotAllowedError, match="Only managers and admins"):
        change(member(organization, Role.MEMBER), member(organization, role))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_managers_change_members_and_leave_admins_alone(
    organization: Organization, member: MakeMember, change: Change
) -> None:
    manager = member(organization, Role.MANAGER)
    change(member(organization, Role.MEMBER), manager)
    change(member(organization, Role.MANAGER), manager)
    with pytest.raises(NotAllowedError, match="Only admins"):
        change(member(organization, Role.ADMIN), manager)


def test_only_admins_make_admins(organization: Organization, boss: Membership, member: MakeMember) -> None:
    manager, somebody = member(organization, Role.MANAGER), member(organization)
    with pytest.raises(NotAllowedError, match="Only admins can make"):
        members.change_role(membership=somebody, role=Role.ADMIN, by=manager, actor=COMMAND_LINE)
    members.change_role(membership=somebody, role=Role.MANAGER, by=manager, actor=COMMAND_LINE)
    members.change_role(membership=somebody, role=Role.ADMIN, by=boss, actor=COMMAND_LINE)
    somebody.refresh_from_db()
    assert somebody.role == Role.ADMIN


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_admin_of_another_organization_changes_nobody(
    make_organization: MakeOrganization, organization: Organization, member: MakeMember, change: Change
) -> None:
    stranger = make_organization("Fabrikam").memberships.get()
    with pytest.raises(NotAllowedError, match="Only managers and admins"):
        change(member(organization), stranger)


def test_suspending_and_restoring(
    organization: Organization, boss: Membership, member: MakeMember, sso_client: SignedIn
) -> None:
    ada = member(organization)
    sso_client(ada.user, organization)
    members.suspend_member(membership=ada, by=boss, actor=COMMAND_LINE)
    ada.refresh_from_db()
    assert ada.state == MembershipState.SUSPENDED
    assert not SessionGrant.objects.filter(user=ada.user, ended_at__isnull=True).exists()
    members.suspend_member(membership=ada, by=boss, actor=COMMAND_LINE)
    assert Event.objects.filter(name="member:suspended").count() == 1
    members.restore_member(membership=ada, by=boss, actor=COMMAND_LINE)
    ada.refresh_from_db()
    assert ada.is_active
    with pytest.raises(NotAllowedError, match="Only a suspended member"):
        members.restore_member(membership=ada, by=boss, actor=COMMAND_LINE)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_who_was_removed_is_not_changed_any_more(
    organization: Organization, boss: Membership, member: MakeMember, change: Change
) -> None:
    ada = member(organization)
    members.remove_member(membership=ada, by=boss, actor=COMMAND_LINE)
    with pytest.raises(NotAllowedError, match="no longer a member"):
        change(ada, boss)


def test_a_suspended_member_is_brought_back_by_nothing_but_restoring(
    organization: Organization, boss: Membership, member: MakeMember
) -> None:
    ada = member(organization)
    members.suspend_member(membership=ada, by=boss, actor=COMMAND_LINE)
    with pytest.raises(NotAllowedError, match="suspended"):
        member(organization, Role.VIEWER, ada.user)
    with pytest.raises(NotAllowedError, match="suspended"):
        members.join_just_in_time(
            organization=organization, address=ada.user.email, role=Role.MEMBER, actor=COMMAND_LINE
        )
    with pytest.raises(NotAllowedError, match="suspended"):
        invitations.invite(
            organization=organization, addresses=[ada.user.email], role=Role.VIEWER, by=boss, actor=COMMAND_LINE
        )


@pytest.mark.parametrize("send_away", [members.remove_member, members.suspend_member])
def test_an_open_invitation_does_not_outlive_who_is_sent_away(
    organization: Organization, boss: Membership, member: MakeMember, send_away: Callable[..., None]
) -> None:
    invitations.invite(
        organization=organization, addresses=["ada@contoso.example"], role=Role.MEMBER, by=boss, actor=COMMAND_LINE
    )
    ada = members.join_just_in_time(
        organization=organization, address="ada@contoso.example", role=Role.VIEWER, actor=COMMAND_LINE
    )
    send_away(membership=ada, by=boss, actor=COMMAND_LINE)
    assert Invitation.objects.get().revoked_at is not None


def test_who_was_removed_comes_back_in_the_new_role(
    organization: Organization, boss: Membership, member: MakeMember
) -> None:
    ada = member(organization, Role.MANAGER)
    members.remove_member(membership=ada, by=boss, actor=COMMAND_LINE)
    again = member(organization, Role.VIEWER, ada.user)
    assert (again.pk, again.role, again.is_active) == (ada.pk, Role.VIEWER, True)


def test_an_active_member_keeps_the_role_they_have(organization: Organization, member: MakeMember) -> None:
    ada = member(organization, Role.MANAGER)
    assert member(organization, Role.VIEWER, ada.user).role == Role.MANAGER


def test_just_in_time_waits_for_acceptance_and_accepts_once(organization: Organization) -> None:
    ada = members.join_just_in_time(
        organization=organization, address="ada@contoso.example", role=Role.MEMBER, actor=COMMAND_LINE
    )
    assert ada.accepted_at is None
    assert not ada.user.has_usable_password()
    for _ in range(2):
        members.accept_membership(membership=ada, actor=COMMAND_LINE)
    ada.refresh_from_db()
    assert ada.accepted_at is not None
    assert Event.objects.filter(name="member:accepted").count() == 1


def test_being_added_with_a_password_accepts_what_single_sign_on_made(organization: Organization) -> None:
    ada = members.join_just_in_time(
        organization=organization, address="ada@contoso.example", role=Role.MEMBER, actor=COMMAND_LINE
    )
    again = members.add_member(
        organization=organization, user=ada.user, role=Role.VIEWER, source=MembershipSource.INVITED, actor=COMMAND_LINE
    )
    assert again.accepted_at is not None
    assert again.role == Role.MEMBER


def test_asserted_names_stay_on_the_membership(organization: Organization) -> None:
    ada = members.join_just_in_time(
        organization=organization, address="ada@contoso.example", role=Role.MEMBER, actor=COMMAND_LINE
    )
    members.note_names(membership=ada, given_name="Ada", family_name="Lovelace" * 50, display_name="")
    ada.refresh_from_db()
    assert ada.person_name.startswith("Ada Lovelace")
    assert len(ada.family_name) == 150
    assert ada.user.name == ""


@pytest.mark.parametrize(
    ("role", "new", "name"),
    [
        (Role.MEMBER, Role.MANAGER, "member:role_changed"),
        (Role.MEMBER, Role.ADMIN, "member:admin_changed"),
        (Role.ADMIN, Role.MEMBER, "member:admin_changed"),
    ],
)
def test_a_change_of_role_is_written_down(
    organization: Organization, boss: Membership, member: MakeMember, role: Role, new: Role, name: str
) -> None:
    ada = member(organization, role)
    members.change_role(membership=ada, role=new, by=boss, actor=COMMAND_LINE)
    event = Event.objects.get(name=name)
    assert (event.before, event.after) == ({"role": role.slug}, {"role": new.slug})
    assert (event.organization_number, event.target) == (organization.number, ada.user.email)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_an_admin_sent_does_not_outlast_the_admin(
    boss: Membership, member: MakeMember, change: Change, organization: Organization
) -> None:
    """An invitation to another mailbox of theirs would bring them back."""
    other = member(organization, Role.ADMIN)
    sent = {"organization": organization, "role": Role.ADMIN, "actor": COMMAND_LINE}
    invitations.invite(addresses=["other@mail.example"], by=other, **sent)
    invitations.invite(addresses=["new@mail.example"], by=boss, **sent)
    change(other, boss)
    assert Invitation.objects.get(revoked_at__isnull=True).email == "new@mail.example"
    assert Event.objects.get(name="invitation:revoked").target == "other@mail.example"


def test_a_lower_role_keeps_the_invitations_it_may_send(boss: Membership, member: MakeMember) -> None:
    other = member(boss.organization, Role.ADMIN)
    for role in (Role.MANAGER, Role.ADMIN):
        addresses = [f"{role.slug}@mail.example"]
        invitations.invite(organization=boss.organization, addresses=addresses, role=role, by=other, actor=COMMAND_LINE)
    members.change_role(membership=other, role=Role.MANAGER, by=boss, actor=COMMAND_LINE)
    assert Invitation.objects.get(revoked_at__isnull=True).role == Role.MANAGER


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize(
    "lost", [{"state": MembershipState.REMOVED}, {"role": Role.VIEWER}], ids=["removed", "lowered"]
)
def test_who_was_an_admin_a_moment_ago_changes_nobody(
    boss: Membership, member: MakeMember, change: Change, lost: dict[str, object]
) -> None:
    target, stale = member(boss.organization), member(boss.organization, Role.ADMIN)
    Membership.objects.filter(pk=stale.pk).update(**lost)
    with pytest.raises(NotAllowedError, match=r"no longer a member|Only managers"):
        change(target, stale)
    with pytest.raises(NotAllowedError, match=r"no longer a member|Only managers"):
        invitations.invite(
            organization=boss.organization, addresses=["a@b.example"], role=Role.ADMIN, by=stale, actor=COMMAND_LINE
        )


def test_what_people_call_themselves_elsewhere_is_not_shown_or_searched(
    organization: Organization, admin: User, make_user: Callable[..., User], member: MakeMember, client_of: SignedIn
) -> None:
    member(organization, user=make_user("ada@mail.example", name="Ada Lovelace"))
    client = client_of(admin)
    assert "Lovelace" not in client.get("/o/contoso/settings/members").content.decode()
    assert "ada@mail.example" not in client.get("/o/contoso/settings/members?search=lovelace").content.decode()


def test_every_event_of_a_changed_standing_has_a_before(organization: Organization, member: MakeMember) -> None:
    ada = member(organization, Role.MANAGER)
    by = organization.memberships.get(role=Role.ADMIN)
    members.suspend_member(membership=ada, by=by, actor=COMMAND_LINE)
    members.restore_member(membership=ada, by=by, actor=COMMAND_LINE)
    members.remove_member(membership=ada, by=by, actor=COMMAND_LINE)
    ask = partial(invitations.invite, organization=organization, addresses=[ada.user.email], by=by, actor=COMMAND_LINE)
    ask(role=Role.MEMBER)
    (invitation,) = ask(role=Role.VIEWER)
    invitations.accept_invitation(invitation=invitation, user=ada.user, actor=COMMAND_LINE)
    events = Event.objects.filter(target=ada.user.email).order_by("pk")
    told = [(event.name, event.before, event.after) for event in events]
    invited = {"source": "invited", "state": "active"}
    assert told == [
        ("member:added", {}, {"role": "manager", **invited}),
        ("member:suspended", {"state": "active"}, {"state": "suspended"}),
        ("member:restored", {"state": "suspended"}, {"state": "active"}),
        ("member:removed", {"state": "active"}, {"state": "removed"}),
        ("invitation:sent", {}, {"role": "member"}),
        ("invitation:resent", {"role": "member"}, {"role": "viewer"}),
        ("invitation:accepted", {}, {}),
        ("member:added", {"role": "manager", "source": "invited", "state": "removed"}, {"role": "viewer", **invited}),
    ]
