"""Recovery: an admin's password with a mailed code or a second factor opens Access & SSO Settings (invariant 9)."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audit.actors import Actor
from audit.events import EventName, Outcome
from audit.selectors import count_recent
from audit.services import record
from orgs.emails import tell_admins_of_recovery
from orgs.errors import NotAllowedError
from orgs.models import GrantKind, Membership, RecoveryCode, SessionGrant, User
from orgs.services.grants import create_grant
from orgs.services.locks import hold_organization, hold_shared
from orgs.sessions import lifetimes
from orgs.transactions import atomic
from outbox.services import post_mail

TRIES = 5
CODES_AN_HOUR = 5
_WRONG = (
    f"This code is wrong or older than {lifetimes.in_words(lifetimes.RECOVERY_CODE)}. Check it, or request a new one."
)


@atomic
def mail_recovery_code(*, membership: Membership, actor: Actor) -> None:
    """Mail a six-digit code to an admin, made when the mail is sent (`orgs.services.mailed.making`).

    A mail that still waits is not sent; a code that was sent is good until the new one is. Raises NotAllowedError after
    too many.
    """
    membership = admin_as_it_is_now(membership)  # requests at the same moment count each other
    _check_patience(membership)
    record(EventName.RECOVERY_REQUESTED, actor=actor, target=membership.audit_target)
    post_mail(
        name="recovery_code",
        to=membership.user.email,
        parameters={"membership": str(membership.public_id)},
        organization_number=membership.organization.number,
        about=about_recovery(membership),
        replaces=True,
        expires_at=timezone.now() + lifetimes.RECOVERY_CODE,
    )


def about_recovery(membership: Membership) -> str:
    """Return what the outbox calls the recovery codes of an admin."""
    return f"recovery:{membership.public_id}"


def use_recovery_code(*, membership: Membership, code: str, session: str, actor: Actor) -> SessionGrant:
    """Make the recovery grant with a mailed code. A wrong code costs a try, and that stays. Raises NotAllowedError."""
    if not _code_fits(membership, code):
        with transaction.atomic():
            record(EventName.RECOVERY_REFUSED, actor=actor, target=membership.audit_target, outcome=Outcome.REFUSED)
        raise NotAllowedError(_WRONG)
    return create_recovery_grant(membership=membership, session=session, means="mailed code", actor=actor)


@atomic
def create_recovery_grant(*, membership: Membership, session: str, means: str, actor: Actor) -> SessionGrant:
    """Open Access & SSO Settings, and nothing else, for an hour; every admin is told. Raises NotAllowedError."""
    membership = admin_as_it_is_now(membership)
    grant = create_grant(
        session=session,
        user=membership.user,
        kind=GrantKind.RECOVERY,
        organization=membership.organization,
        expires_at=timezone.now() + lifetimes.RECOVERY_GRANT,
    )
    record(EventName.RECOVERY_OPENED, actor=actor, target=membership.audit_target, after={"means": means})
    tell_admins_of_recovery(membership, means)
    return grant


@atomic
def _code_fits(membership: Membership, code: str) -> bool:
    """Take one try, then compare: the try is spent even if many requests come at once.

    The code is used by the DELETE: of two requests that bring the right one, only the one that deleted it may go on.
    """
    admin_as_it_is_now(membership)
    codes = RecoveryCode.objects.filter(user=membership.user, organization=membership.organization)
    spent = codes.filter(tries_left__gt=0, expires_at__gt=timezone.now()).update(tries_left=F("tries_left") - 1)
    if not spent:
        return False
    code_hash = codes.get().code_hash
    return check_password(code.strip(), code_hash) and codes.filter(code_hash=code_hash).delete()[0] == 1


def _check_patience(membership: Membership) -> None:
    """Check the limits on guesses: five tries a code, a handful of codes an hour, against a million codes."""
    asked = count_recent(
        EventName.RECOVERY_REQUESTED,
        organization_number=membership.organization.number,
        target_id=membership.public_id,
        since=timezone.now() - timedelta(hours=1),
    )
    if asked >= CODES_AN_HOUR:
        raise NotAllowedError("We have already sent you several codes. Use the newest one, or wait an hour.")


def admin_as_it_is_now(membership: Membership) -> Membership:
    """Hold the organization and read the membership again. Raises NotAllowedError unless it is an active admin's."""
    organization = hold_organization(membership.organization)
    hold_shared(User, membership.user_id)
    membership = Membership.objects.select_related("user").get(pk=membership.pk)
    membership.organization = organization
    may = membership.is_admin and membership.is_active and membership.user.is_active and organization.is_open
    if not may:
        raise NotAllowedError("Only an admin of the organization can do this.")
    return membership
