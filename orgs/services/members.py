"""Services for members. At least one admin stays; members do not change themselves; managers do not change admins."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from audit.actors import Actor
from audit.events import EventName
from audit.services import Facts, record
from orgs.errors import NotAllowedError
from orgs.models import GrantKind, Invitation, Membership, MembershipSource, MembershipState, Organization, Role, User
from orgs.selectors.organizations import open_invitations_of
from orgs.services.accounts import create_account
from orgs.services.grants import end_grants
from orgs.services.locks import hold_organization
from orgs.text.visible_text import without_hidden
from orgs.transactions import atomic

LAST_ADMIN = "This is the only admin. Make another member an admin first."


@atomic
def add_member(
    *,
    organization: Organization,
    user: User,
    role: Role,
    source: MembershipSource,
    actor: Actor,
    accepted: bool = True,
) -> Membership:
    """Make a user a member, or bring back one who was removed; an active member keeps the role they have.

    `accepted` says whether the person's password opens the membership from now on (invariant 8). Raises
    NotAllowedError for a suspended member, whom only `restore_member` brings back.
    """
    organization = hold_organization(organization)
    membership, created = Membership.objects.get_or_create(
        organization=organization, user=user, defaults={"role": role, "source": source}
    )
    if membership.state == MembershipState.SUSPENDED:
        raise NotAllowedError(f"{user.email} is suspended in {organization.name}. Ask an admin to restore the member.")
    if not created and membership.is_active:
        if accepted:
            accept_membership(membership=membership, actor=actor)
        return membership
    before = {} if created else _standing(membership)
    membership.role, membership.source, membership.state = role, source, MembershipState.ACTIVE
    membership.accepted_at = timezone.now() if accepted else None
    membership.save()
    record(
        EventName.MEMBER_ADDED, actor=actor, target=membership.audit_target, before=before, after=_standing(membership)
    )
    return membership


def _standing(membership: Membership) -> Facts:
    """Return the state of a membership as the log writes it."""
    return {
        "role": Role(membership.role).slug,
        "source": MembershipSource(membership.source).value,
        "state": MembershipState(membership.state).value,
    }


@atomic
def join_just_in_time(*, organization: Organization, address: str, role: Role, actor: Actor) -> Membership:
    """Make a member of a user whom the identity provider vouches for and who was not invited (AM-41).

    The caller has made sure that the role is not admin and that the account is no operator's. The membership is opened
    by single sign-on alone until the person accepts it under a password grant. An account whose address is not
    confirmed stays as it is: a provider's word takes no password away.
    """
    return add_member(
        organization=organization,
        user=User.objects.filter(email=address).first() or create_account(address=address, actor=actor),
        role=role,
        source=MembershipSource.JUST_IN_TIME,
        actor=actor,
        accepted=False,
    )


@atomic
def accept_membership(*, membership: Membership, actor: Actor) -> None:
    """Let the user's password open this membership too; only ever called under a password grant of theirs."""
    hold_organization(membership.organization)
    now = timezone.now()
    if Membership.objects.filter(pk=membership.pk, accepted_at__isnull=True).update(accepted_at=now):
        membership.accepted_at = now
        record(
            EventName.MEMBER_ACCEPTED,
            actor=actor,
            target=membership.audit_target,
            before={"accepted": False},
            after={"accepted": True},
        )


def note_names(*, membership: Membership, given_name: str, family_name: str, display_name: str) -> None:
    """Keep the names that the identity provider asserted, on the membership only (invariant 1).

    A provider that sends none says nothing about them: the known ones stay.
    """
    names = _as_stored(given_name, family_name, display_name)
    if not _has(membership, names):
        Membership.objects.filter(pk=membership.pk).update(**names)


def has_names(*, membership: Membership, given_name: str, family_name: str, display_name: str) -> bool:
    """Return whether `note_names` would have nothing to write."""
    return _has(membership, _as_stored(given_name, family_name, display_name))


def _as_stored(given_name: str, family_name: str, display_name: str) -> dict[str, str]:
    return {
        "given_name": without_hidden(given_name)[:150],
        "family_name": without_hidden(family_name)[:150],
        "display_name": without_hidden(display_name)[:200],
    }


def _has(membership: Membership, names: dict[str, str]) -> bool:
    return not any(names.values()) or all(getattr(membership, name) == value for name, value in names.items())


@atomic
def change_role(*, membership: Membership, role: Role, by: Membership | None, actor: Actor) -> None:
    """Give a member another role. `by` is the member who asks; None is an operator. Raises NotAllowedError."""
    membership = _locked(membership)
    by = as_it_is_now(by) if by is not None else None
    before = Role(membership.role)
    if before == role:
        return
    _check_belongs(membership)
    _check_may_touch(membership, by)
    if by is not None and by.role != Role.ADMIN and role == Role.ADMIN:
        raise NotAllowedError("Only admins can make a member an admin.")
    if before == Role.ADMIN and membership.is_active:
        _check_not_last_admin(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    end_grants(organization=membership.organization, user=membership.user, kind=GrantKind.RECOVERY)
    _revoke(_sent_by(membership).filter(role__gt=role), actor)
    touches_admin = Role.ADMIN in (before, role)
    name = EventName.MEMBER_ADMIN_CHANGED if touches_admin else EventName.MEMBER_ROLE_CHANGED
    record(name, actor=actor, target=membership.audit_target, before={"role": before.slug}, after={"role": role.slug})


@atomic
def remove_member(*, membership: Membership, by: Membership | None, actor: Actor) -> None:
    """Remove a member from the organization and end their grants into it. Raises NotAllowedError."""
    _leave(membership, by, MembershipState.REMOVED, EventName.MEMBER_REMOVED, actor)


@atomic
def suspend_member(*, membership: Membership, by: Membership | None, actor: Actor) -> None:
    """Suspend a member and end their grants. Raises NotAllowedError."""
    _leave(membership, by, MembershipState.SUSPENDED, EventName.MEMBER_SUSPENDED, actor)


@atomic
def restore_member(*, membership: Membership, by: Membership | None, actor: Actor) -> None:
    """Let a suspended member in again; grants from before stay ended. Raises NotAllowedError."""
    membership = _locked(membership)
    by = as_it_is_now(by) if by is not None else None
    if membership.state != MembershipState.SUSPENDED:
        raise NotAllowedError("Only a suspended member can be restored; invite a removed member again.")
    _check_may_touch(membership, by)
    before = {"state": membership.state}
    membership.state = MembershipState.ACTIVE
    membership.save(update_fields=["state"])
    end_grants(organization=membership.organization, user=membership.user)
    record(
        EventName.MEMBER_RESTORED,
        actor=actor,
        target=membership.audit_target,
        before=before,
        after={"state": membership.state},
    )


def _leave(
    membership: Membership, by: Membership | None, state: MembershipState, name: EventName, actor: Actor
) -> None:
    membership = _locked(membership)
    by = as_it_is_now(by) if by is not None else None
    _check_belongs(membership)
    _check_may_touch(membership, by)
    if membership.state == state:
        return
    if membership.role == Role.ADMIN and membership.is_active:
        _check_not_last_admin(membership)
    before = {"state": membership.state}
    membership.state = state
    membership.save(update_fields=["state"])
    end_grants(organization=membership.organization, user=membership.user)
    _revoke(_sent_to(membership) | _sent_by(membership), actor)
    record(name, actor=actor, target=membership.audit_target, before=before, after={"state": state.value})


def _sent_to(membership: Membership) -> QuerySet[Invitation]:
    """Return open invitations of a member: an older email must not bring back a member who was just removed."""
    return open_invitations_of(membership.organization).filter(email=membership.user.email)


def _sent_by(membership: Membership) -> QuerySet[Invitation]:
    """Return open invitations sent by a member; one to another mailbox of theirs must not bring them back either."""
    return open_invitations_of(membership.organization).filter(invited_by=membership.user)


def _revoke(invitations: QuerySet[Invitation], actor: Actor) -> None:
    for invitation in invitations:
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])
        record(EventName.INVITATION_REVOKED, actor=actor, target=invitation.audit_target)


def _locked(membership: Membership) -> Membership:
    """Lock the organization, so that its members change one after another and 'the last admin' means something."""
    hold_organization(membership.organization)
    return Membership.objects.select_related("organization", "user").get(pk=membership.pk)


def as_it_is_now(by: Membership) -> Membership:
    """Read the acting member again behind the lock, since their role may have changed. Raises NotAllowedError."""
    by = Membership.objects.select_related("organization", "user").get(pk=by.pk)
    if not by.is_active:
        raise NotAllowedError("You are no longer a member of this organization.")
    return by


def why_not_touch(membership: Membership, by: Membership) -> str:
    """Return why a member may not change another one at all; "" if they may. Pages hide by it what services refuse."""
    if by.pk == membership.pk:
        return "You cannot change your own membership. Ask another admin."
    if by.organization_id != membership.organization_id or by.role < Role.MANAGER:
        return "Only managers and admins can change members."
    if membership.role == Role.ADMIN and by.role != Role.ADMIN:
        return "Only admins can change an admin."
    return ""


def _check_may_touch(membership: Membership, by: Membership | None) -> None:
    refusal = why_not_touch(membership, by) if by is not None else ""
    if refusal:
        raise NotAllowedError(refusal)


def _check_belongs(membership: Membership) -> None:
    if membership.state == MembershipState.REMOVED:
        raise NotAllowedError(f"{membership.user.email} is no longer a member.")


def _check_not_last_admin(membership: Membership) -> None:
    others = Membership.objects.filter(
        organization=membership.organization, role=Role.ADMIN, state=MembershipState.ACTIVE, user__is_active=True
    ).exclude(pk=membership.pk)
    if not others.exists():
        raise NotAllowedError(LAST_ADMIN)
