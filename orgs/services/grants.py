"""Session grants: what a session may open, and by which method."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.events import EventName
from audit.services import record
from orgs.models import GrantKind, Organization, Plan, SessionGrant, User
from orgs.selectors.organizations import opened_by_password
from orgs.services.superusers import check_may_change
from orgs.transactions import atomic


@transaction.atomic(savepoint=False)
def create_grant(
    *,
    session: str,
    user: User,
    kind: GrantKind,
    expires_at: datetime,
    organization: Organization | None = None,
    connection: uuid.UUID | None = None,
) -> SessionGrant:
    """Make one more grant for a session; an older one of the same kind for the same place is ended by it."""
    same = SessionGrant.objects.filter(session=session, user=user, kind=kind, organization=organization)
    same.filter(ended_at__isnull=True).update(ended_at=timezone.now())
    grant = new_grant(
        session=session, user=user, kind=kind, expires_at=expires_at, organization=organization, connection=connection
    )
    grant.save(force_insert=True)
    return grant


def new_grant(
    *,
    session: str,
    user: User,
    kind: GrantKind,
    expires_at: datetime,
    organization: Organization | None = None,
    connection: uuid.UUID | None = None,
) -> SessionGrant:
    """Return a grant that begins now, for the caller to save."""
    return SessionGrant(
        session=session,
        user=user,
        kind=kind,
        organization=organization,
        connection=connection,
        opened_at=timezone.now(),
        expires_at=expires_at,
    )


def carry_grants_over(*, from_session: str, to: SessionGrant) -> int:
    """Move the live grants of a session to that of `to`, if they are the same user's; return how many.

    An older grant of the same kind for the same place is ended instead.
    """
    if not from_session:
        return 0
    grants = SessionGrant.objects.filter(session=from_session, user=to.user, ended_at__isnull=True)
    grants.filter(kind=to.kind, organization=to.organization).update(ended_at=timezone.now())
    return grants.update(session=to.session)


@atomic
def end_session(*, session: str, user: User, actor: Actor, by: str = "") -> None:
    """End every grant of one session: signing out. Each organization that it could enter has that in its log."""
    grants = SessionGrant.objects.filter(session=session, user=user, ended_at__isnull=True)
    numbers: set[int | None] = set(grants.values_list("organization__number", flat=True))
    grants.update(ended_at=timezone.now())
    if None in numbers:
        numbers = (numbers - {None}).union(opened_by_password(user)) or {None}
    for number in numbers:
        target = user.audit_target.within(number)
        record(EventName.USER_SIGNED_OUT, actor=actor, target=target, after={"by": by} if by else None)


@atomic
def end_other_sessions(*, user: User, session: str, actor: Actor) -> int:
    """End every session of an account but the one with this name ("" ends them all); return how many.

    A browser whose sign-in Django has ended could still carry its grants over to a new session, through single sign-on
    that it began before. Any organization's provider can open any number of sessions of an account, so the number of
    statements does not depend on them.
    """
    grants = SessionGrant.objects.filter(user=user, ended_at__isnull=True).exclude(session=session)
    live = grants.filter(expires_at__gt=timezone.now())
    sessions = _sessions_by_organization(live.values_list("session", "organization__number"), user)
    count = len(set[str]().union(*sessions.values()))
    # Their sessions are matched by user, since single sign-on may be moving the grants to a new session at this moment.
    grants.update(ended_at=timezone.now())
    for number, names in sessions.items():
        after = {"by": "another session of theirs", "sessions": len(names)}
        record(EventName.USER_SIGNED_OUT, actor=actor, target=user.audit_target.within(number), after=after)
    return count


def _sessions_by_organization(grants: Iterable[tuple[str, int | None]], user: User) -> dict[int | None, set[str]]:
    """Return the names of sessions by the number of each organization that a session could enter.

    `grants` are pairs of a session's name and the number of an organization, None for a password. A password that opens
    no organization stands under None.
    """
    found = defaultdict[int | None, set[str]](set)
    for name, number in grants:
        found[number].add(name)
    by_password = found.pop(None, set())
    opened = opened_by_password(user) if by_password else []
    for number in opened:
        found[number] |= by_password
    return found if opened or not by_password else {**found, None: by_password}


@atomic
def end_grants_of_sessions(*, grants: Iterable[uuid.UUID], by: str, actor: Actor) -> int:
    """End the grants with these public ids, because another user (`by`) ended the sessions; return how many."""
    open_ones = list(
        SessionGrant.objects.select_related("user", "organization").filter(
            public_id__in=list(grants), ended_at__isnull=True
        )
    )
    SessionGrant.objects.filter(pk__in=[grant.pk for grant in open_ones]).update(ended_at=timezone.now())
    for grant in open_ones:
        record(EventName.USER_SIGNED_OUT, actor=actor, target=grant.audit_target, after={"by": by})
    return len(open_ones)


@atomic
def end_grant(*, grant: SessionGrant, actor: Actor) -> None:
    """End one grant, as an operator does; its holder is out at the next request.

    Raises NotAllowedError for a superuser's grant, which only superusers close.
    """
    check_may_change(user=grant.user, actor=actor)
    if SessionGrant.objects.filter(pk=grant.pk, ended_at__isnull=True).update(ended_at=timezone.now()):
        record(EventName.SESSION_GRANT_ENDED, actor=actor, target=grant.audit_target, after={"grant": grant.kind})


@atomic
def end_sso_grants_on_plan(*, plan: Plan) -> int:
    """End the grants of single sign-on for all organizations on a plan; return how many."""
    grants = SessionGrant.objects.filter(organization__plan=plan, kind=GrantKind.SSO, ended_at__isnull=True)
    return grants.update(ended_at=timezone.now())


@atomic
def end_grants(
    *,
    organization: Organization,
    user: User | None = None,
    connection: uuid.UUID | None = None,
    kind: GrantKind | None = None,
    opened_before: datetime | None = None,
    but_session: str = "",
) -> int:
    """End the grants into one organization, of all users or of one user, connection, kind or time; return how many.

    The grants of the session with the name `but_session` stay open.
    """
    grants = SessionGrant.objects.filter(organization=organization, ended_at__isnull=True)
    if user is not None:
        grants = grants.filter(user=user)
    if connection is not None:
        grants = grants.filter(connection=connection)
    if kind is not None:
        grants = grants.filter(kind=kind)
    if opened_before is not None:
        grants = grants.filter(opened_at__lt=opened_before)
    if but_session:
        grants = grants.exclude(session=but_session)
    return grants.update(ended_at=timezone.now())
