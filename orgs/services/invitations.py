"""Invitations: emails with a link that works once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from allauth.account.models import EmailAddress
from django.utils import timezone

from audit.actors import Actor
from audit.events import EventName
from audit.services import Facts, record
from orgs.crypto.tokens import hash_of_token
from orgs.errors import NotAllowedError
from orgs.models import (
    Invitation,
    Membership,
    MembershipSource,
    MembershipState,
    Organization,
    Role,
    User,
)
from orgs.selectors.organizations import has_own_password, open_invitations_of
from orgs.services.accounts import record_for_organizations, record_sign_up
from orgs.services.email_limits import check_emails
from orgs.services.locks import hold_account, hold_organization
from orgs.services.members import add_member, as_it_is_now
from orgs.sessions.lifetimes import INVITATION_LINK
from orgs.text.email_addresses import normal_address
from orgs.transactions import atomic
from outbox.services import drop_waiting, post_mail


@atomic
def invite(
    *, organization: Organization, addresses: Sequence[str], role: Role, by: Membership, actor: Actor
) -> list[Invitation]:
    """Invite several people at once; the worker sends the emails (`orgs.services.mailed.making` makes the links).

    Addresses of members are skipped; an address with an open invitation gets a new email with the new role. Raises
    NotAllowedError, and ValidationError for what is not an address.
    """
    organization = hold_organization(organization)
    by = as_it_is_now(by)
    if by.role < Role.MANAGER:
        raise NotAllowedError("Only managers and admins can invite people.")
    if role == Role.ADMIN and by.role != Role.ADMIN:
        raise NotAllowedError("Only admins can invite an admin.")
    wanted = dict.fromkeys(normal_address(address) for address in addresses)
    members = _members_among(organization, list(wanted), MembershipState.ACTIVE)
    for address in _members_among(organization, list(wanted), MembershipState.SUSPENDED):
        raise NotAllowedError(f"{address} is a suspended member. Restore the member instead of inviting them again.")
    others = [address for address in wanted if address not in members]
    check_emails(organization, others, by.user)
    return [_invite_one(organization, address, role, by, actor) for address in others]


@atomic
def resend_invitation(*, invitation: Invitation, by: Membership, actor: Actor) -> None:
    """Send a new email with a new link; the old link stops working. Raises NotAllowedError."""
    hold_organization(invitation.organization)
    hold_account(by.user)  # before the invitation, in the order of docs/design.md
    invitation = _locked(invitation)
    _check_open(invitation)
    by = as_it_is_now(by)
    _check_may_touch(invitation, by)
    check_emails(invitation.organization, [invitation.email], by.user)
    renewed, _ = Invitation.objects.update_or_create(pk=invitation.pk, defaults=_without_link())
    _post(renewed, EventName.INVITATION_RESENT, actor, {"role": Role(renewed.role).slug})


@atomic
def revoke_invitation(*, invitation: Invitation, by: Membership, actor: Actor) -> None:
    """Revoke an invitation, so that its link no longer works. Raises NotAllowedError."""
    invitation = _locked(invitation)
    _check_open(invitation)
    _check_may_touch(invitation, as_it_is_now(by))
    invitation.revoked_at = timezone.now()
    invitation.save(update_fields=["revoked_at"])
    drop_waiting(about=about_invitation(invitation), why="The invitation was revoked")
    record(EventName.INVITATION_REVOKED, actor=actor, target=invitation.audit_target)


@atomic
def accept_invitation(*, invitation: Invitation, user: User, actor: Actor, by_sso: bool = False) -> Membership:
    """Make the invited user a member, once. `by_sso` means that only single sign-on vouched for them so far.

    Raises NotAllowedError if the invitation is over or for another address.
    """
    if user.email != invitation.email:
        raise NotAllowedError(f"This invitation is for {invitation.email}. Sign in with that address to accept it.")
    hold_organization(invitation.organization)
    now = timezone.now()
    accepted = Invitation.objects.filter(
        pk=invitation.pk, accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now
    ).update(accepted_at=now)
    if not accepted:
        raise NotAllowedError("This invitation has been used or revoked, or it has expired. Ask for a new one.")
    record(EventName.INVITATION_ACCEPTED, actor=actor, target=invitation.audit_target)
    return add_member(
        organization=invitation.organization,
        user=user,
        role=Role(invitation.role),
        source=MembershipSource.INVITED,
        actor=actor,
        accepted=not by_sso,
    )


@atomic
def accept_as_newcomer(*, invitation: Invitation, password: str, actor: Actor) -> Membership:
    """Accept an invitation with an account made, or first given a password, for it.

    The link reached the mailbox, so the address counts as confirmed. Raises NotAllowedError if the invitation is over,
    or for a user who has a password already and signs in with it.
    """
    hold_organization(invitation.organization)
    user, created = User.objects.get_or_create(email=invitation.email)
    hold_account(user)  # another organization's invitation may be accepted at this moment
    if has_own_password(invitation.email):
        raise NotAllowedError(f"{invitation.email} already has an account. Sign in to accept the invitation.")
    user.set_password(password)
    user.save(update_fields=["password"])
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    actor = replace(actor, user_id=user.pk, email=user.email)
    if created:
        record_sign_up(user=user, actor=actor)
    else:
        record_for_organizations(EventName.PASSWORD_SET, user=user, actor=actor)
    return accept_invitation(invitation=invitation, user=user, actor=actor)


def why_not_touch_invitation(invitation: Invitation, by: Membership) -> str:
    """Return why a member may not resend or revoke an invitation; "" if they may."""
    if by.organization_id != invitation.organization_id or by.role < Role.MANAGER:
        return "Only managers and admins can change invitations."
    if invitation.role == Role.ADMIN and by.role != Role.ADMIN:
        return "Only admins can change an admin's invitation."
    return ""


def _members_among(organization: Organization, addresses: list[str], state: MembershipState) -> set[str]:
    found = Membership.objects.filter(organization=organization, user__email__in=addresses, state=state)
    return set(found.values_list("user__email", flat=True))


def _invite_one(organization: Organization, address: str, role: Role, by: Membership, actor: Actor) -> Invitation:
    before: Facts = {}
    for older in open_invitations_of(organization).filter(email=address):  # one at most
        _check_may_touch(older, by)
        before = {"role": Role(older.role).slug}
    invitation, created = Invitation.objects.update_or_create(
        organization=organization,
        email=address,
        accepted_at=None,
        revoked_at=None,
        defaults={"role": role, "invited_by": by.user, **_without_link()},
    )
    _post(invitation, EventName.INVITATION_SENT if created else EventName.INVITATION_RESENT, actor, before)
    return invitation


def _without_link() -> dict[str, Any]:
    """Return the fields of an invitation whose email is to be sent: no link accepts it until then.

    An earlier link stops working now. The hash is of a token that is kept nowhere.
    """
    now = timezone.now()
    return {"token_hash": hash_of_token(secrets.token_urlsafe(32)), "sent_at": now, "expires_at": now + INVITATION_LINK}


def about_invitation(invitation: Invitation) -> str:
    """Return what the outbox calls the emails of an invitation."""
    return f"invitation:{invitation.public_id}"


def _post(invitation: Invitation, name: EventName, actor: Actor, before: Facts | None = None) -> None:
    record(name, actor=actor, target=invitation.audit_target, before=before, after={"role": Role(invitation.role).slug})
    post_mail(
        name="invitation",
        to=invitation.email,
        parameters={"invitation": str(invitation.public_id)},
        organization_number=invitation.organization.number,
        about=about_invitation(invitation),
        replaces=True,
        expires_at=invitation.expires_at,
    )


def _locked(invitation: Invitation) -> Invitation:
    """Read the row again, so that an email is not sent for an invitation that has just been accepted."""
    hold_organization(invitation.organization)
    return Invitation.objects.select_related("organization__plan").get(pk=invitation.pk)


def _check_open(invitation: Invitation) -> None:
    if invitation.accepted_at or invitation.revoked_at:
        raise NotAllowedError("This invitation has already been accepted or revoked.")


def _check_may_touch(invitation: Invitation, by: Membership) -> None:
    refusal = why_not_touch_invitation(invitation, by)
    if refusal:
        raise NotAllowedError(refusal)
