"""Services that create, rename, move to another plan and close organizations, and record decisions of sso."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.text import slugify

from audit import retention
from audit.actors import Actor
from audit.events import EventName
from audit.selectors import count_recent_by
from audit.services import record
from orgs.errors import NotAllowedError
from orgs.models import (
    FormerSlug,
    GrantKind,
    Membership,
    MembershipSource,
    Organization,
    OrganizationNumber,
    Plan,
    Role,
    User,
)
from orgs.selectors.grants import SessionCounts, count_sessions
from orgs.services.grants import end_grants
from orgs.services.locks import hold_account, hold_organization, hold_shared
from orgs.text.visible_text import validate_name
from orgs.transactions import atomic

SLUG_TAKEN = "Another organization already has this address. Choose another one."
SLUG_KEPT = "Another organization had this address recently, and its members may still use it. Choose another one."
MOST_NEW_IN_A_DAY = 5  # by one account


@atomic
def create_organization(
    *,
    name: str,
    admin: User,
    actor: Actor,
    plan: Plan | None = None,
    source: MembershipSource = MembershipSource.CREATED,
) -> Organization:
    """Make an organization with its first admin, on Starter unless a plan is given (AM-60).

    Raises ValidationError for a name that holds an address or hidden characters, and NotAllowedError for an account
    that makes too many of its own; operators make any number for others.
    """
    validate_name(name)
    if actor.user_id == admin.pk:
        _check_number_made(admin)
    organization = Organization.objects.create(
        number=_next_number(), name=name, slug=_free_slug(name), plan=plan or Plan.objects.get(slug="starter")
    )
    Membership.objects.create(
        organization=organization, user=admin, role=Role.ADMIN, source=source, accepted_at=timezone.now()
    )
    record(
        EventName.ORGANIZATION_CREATED,
        actor=actor,
        target=organization.audit_target,
        after={"name": name, "plan": organization.plan.slug, "admin": admin.email},
    )
    return organization


def _check_number_made(user: User) -> None:
    """Limit what an account adds in a day; it is held so that requests at the same moment count each other."""
    hold_account(user)
    since = timezone.now() - timedelta(days=1)
    if count_recent_by([EventName.ORGANIZATION_CREATED], actor_id=user.pk, since=since) >= MOST_NEW_IN_A_DAY:
        raise NotAllowedError(
            f"You have created {MOST_NEW_IN_A_DAY} organizations in the last 24 hours, which is the limit. Try "
            "again tomorrow."
        )


def _next_number() -> int:
    """Raise the one counter; the row stays locked until the organization exists, so no number is used twice.

    Addresses are given out behind the same lock.
    """
    OrganizationNumber.objects.filter(pk=1).update(last=F("last") + 1)
    return OrganizationNumber.objects.get(pk=1).last


def _free_slug(name: str) -> str:
    base = slugify(name)[:40].strip("-") or "organization"
    taken = {
        *Organization.objects.filter(slug__startswith=base).values_list("slug", flat=True),
        *_kept_slugs().filter(slug__startswith=base).values_list("slug", flat=True),
    }
    candidates = (base if n == 1 else f"{base}-{n}" for n in range(1, len(taken) + 2))
    return next(slug for slug in candidates if slug not in taken)


def _kept_slugs() -> QuerySet[FormerSlug]:
    """Return slugs given up too recently for another organization to take them."""
    return FormerSlug.objects.filter(given_up_at__gt=timezone.now() - retention.FORMER_SLUGS)


@atomic
def rename_organization(*, organization: Organization, name: str, slug: str, actor: Actor) -> None:
    """Change the name and the address of the organization's own pages; nothing given to an identity provider moves.

    Raises NotAllowedError if another organization, open or closed, has the slug, or had it less than a year ago, and
    ValidationError for a name that holds an address or hidden characters.
    """
    validate_name(name)
    organization = hold_organization(organization)
    OrganizationNumber.objects.select_for_update().get(pk=1)
    before = {"name": organization.name, "slug": organization.slug}
    after = {"name": name, "slug": slug}
    if before == after:
        return
    if slug != organization.slug:
        _give_up_slug(organization, slug)
    organization.name, organization.slug = name, slug
    try:
        with transaction.atomic():
            organization.save(update_fields=["name", "slug"])
    except IntegrityError as error:
        raise NotAllowedError(SLUG_TAKEN) from error
    record(EventName.ORGANIZATION_RENAMED, actor=actor, target=organization.audit_target, before=before, after=after)


def _give_up_slug(organization: Organization, wanted: str) -> None:
    """Reserve the slug that an organization leaves, and let it take back one of its own."""
    if _kept_slugs().filter(slug=wanted).exclude(organization=organization).exists():
        raise NotAllowedError(SLUG_KEPT)
    FormerSlug.objects.filter(slug=wanted).delete()
    FormerSlug.objects.update_or_create(
        slug=organization.slug, defaults={"organization": organization, "given_up_at": timezone.now()}
    )


@atomic
def change_plan(*, organization: Organization, plan: Plan, actor: Actor) -> None:
    """Move an organization to another plan; what the plan leaves out is suspended, never lost.

    Without single sign-on its sessions end: users with a password use that, since the requirement is suspended.
    """
    organization = hold_organization(organization)
    plan, before = hold_shared(Plan, plan.pk), organization.plan
    organization.plan = plan
    organization.save(update_fields=["plan"])
    if before.sso != plan.sso:
        end_grants(organization=organization, kind=GrantKind.SSO)
    record(
        EventName.ORGANIZATION_PLAN_CHANGED,
        actor=actor,
        target=organization.audit_target,
        before={"plan": before.slug},
        after={"plan": plan.slug},
    )


@atomic
def set_session_hours(*, organization: Organization, hours: int, actor: Actor) -> None:
    """Change how long people stay signed in; it holds for live grants too."""
    organization = hold_organization(organization)
    before = {"hours": organization.session_hours}
    if organization.session_hours == hours:
        return
    organization.session_hours = hours
    organization.save(update_fields=["session_hours"])
    record(
        EventName.SESSION_LENGTH_CHANGED,
        actor=actor,
        target=organization.audit_target,
        before=before,
        after={"hours": hours},
    )


@atomic
def sign_everyone_out(*, organization: Organization, actor: Actor) -> SessionCounts:
    """End every session in an organization, the actor's own too; return how many there were.

    Members sign in again as before. A session with a password goes on elsewhere, since it belongs to no organization.
    """
    organization = hold_organization(organization)
    ended = count_sessions(organization)
    organization.sessions_ended_at = timezone.now()
    organization.save(update_fields=["sessions_ended_at"])
    end_grants(organization=organization)
    after = {"members": ended.members, "sessions": ended.sessions}
    record(EventName.EVERYONE_SIGNED_OUT, actor=actor, target=organization.audit_target, after=after)
    return ended


@atomic
def set_require_sso(*, organization: Organization, required: bool, actor: Actor) -> None:
    """Turn Require SSO on or off. The app sso decides whether it may be turned on, since it knows who has tested it."""
    organization = hold_organization(organization)
    if organization.require_sso == required:
        return
    organization.require_sso = required
    organization.save(update_fields=["require_sso"])
    name = EventName.SSO_REQUIRED if required else EventName.SSO_NOT_REQUIRED
    record(
        name,
        actor=actor,
        target=organization.audit_target,
        before={"required": not required},
        after={"required": required},
    )


@atomic
def close_organization(*, organization: Organization, actor: Actor) -> None:
    """Close an organization: no member can enter, everything is kept. Its number is never used again."""
    organization = hold_organization(organization)
    if not organization.is_open:
        raise NotAllowedError("This organization is already closed.")
    organization.closed_at = timezone.now()
    organization.save(update_fields=["closed_at"])
    end_grants(organization=organization)
    record(EventName.ORGANIZATION_CLOSED, actor=actor, target=organization.audit_target)


@atomic
def reopen_organization(*, organization: Organization, actor: Actor) -> None:
    """Open a closed organization again, as it was; grants from before it was closed stay ended."""
    organization = hold_organization(organization)
    end_grants(organization=organization)
    organization.closed_at = None
    organization.save(update_fields=["closed_at"])
    record(EventName.ORGANIZATION_REOPENED, actor=actor, target=organization.audit_target)
