"""Doors: what a session was opened by."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.events import EventName
from audit.services import Facts, record
from orgs.models import Door, DoorKind, Organization, Plan, User
from orgs.selectors import opened_by_password
from orgs.services.superusers import check_may_change
from orgs.transactions import atomic


@transaction.atomic(savepoint=False)
def open_door(
    *,
    session: str,
    user: User,
    kind: DoorKind,
    expires_at: datetime,
    organization: Organization | None = None,
    connection: uuid.UUID | None = None,
) -> Door:
    """Open one more way in for a session; an older door of the same kind to the same place is closed by it."""
    same = Door.objects.filter(session=session, user=user, kind=kind, organization=organization)
    same.filter(ended_at__isnull=True).update(ended_at=timezone.now())
    door = new_door(
        session=session, user=user, kind=kind, expires_at=expires_at, organization=organization, connection=connection
    )
    door.save(force_insert=True)
    return door


def new_door(
    *,
    session: str,
    user: User,
    kind: DoorKind,
    expires_at: datetime,
    organization: Organization | None = None,
    connection: uuid.UUID | None = None,
) -> Door:
    """Return a door that begins now, for the caller to save."""
    return Door(
        session=session,
        user=user,
        kind=kind,
        organization=organization,
        connection=connection,
        opened_at=timezone.now(),
        expires_at=expires_at,
    )


def carry_doors_over(*, from_session: str, to: Door) -> int:
    """Move the open doors of a session to that of `to`, if they are the same user's; return how many.

    An older door of the same kind to the same place is closed instead.
    """
    if not from_session:
        return 0
    doors = Door.objects.filter(session=from_session, user=to.user, ended_at__isnull=True)
    doors.filter(kind=to.kind, organization=to.organization).update(ended_at=timezone.now())
    return doors.update(session=to.session)


@atomic
def end_session(*, session: str, user: User, actor: Actor, by: str = "") -> None:
    """Close every door of one session: signing out. Each organization that it could enter has that in its log."""
    doors = Door.objects.filter(session=session, user=user, ended_at__isnull=True)
    numbers: set[int | None] = set(doors.values_list("organization__number", flat=True))
    doors.update(ended_at=timezone.now())
    if None in numbers:
        numbers = (numbers - {None}).union(opened_by_password(user)) or {None}
    for number in numbers:
        _record_signed_out(user, number, actor, {"by": by} if by else None)


def _record_signed_out(user: User, number: int | None, actor: Actor, after: Facts | None) -> None:
    record(
        EventName.USER_SIGNED_OUT,
        actor=actor,
        organization_number=number,
        target_kind="user",
        target_id=user.pk,
        target=user.email,
        after=after,
    )


@atomic
def end_other_sessions(*, user: User, session: str, actor: Actor) -> int:
    """End every session of an account but the one with this name ("" ends them all); return how many.

    A browser whose sign-in Django has ended could still carry its doors into a new session, through single sign-on that
    it began before. Any organization's provider can open any number of sessions of an account, so the number of
    statements does not depend on them.
    """
    doors = Door.objects.filter(user=user, ended_at__isnull=True).exclude(session=session)
    live = doors.filter(expires_at__gt=timezone.now())
    sessions = _sessions_by_organization(live.values_list("session", "organization__number"), user)
    count = len(set[str]().union(*sessions.values()))
    # Whatever their sessions are called by now: single sign-on may be moving them to a new one at this moment.
    doors.update(ended_at=timezone.now())
    for number, names in sessions.items():
        _record_signed_out(user, number, actor, {"by": "another session of theirs", "sessions": len(names)})
    return count


def _sessions_by_organization(doors: Iterable[tuple[str, int | None]], user: User) -> dict[int | None, set[str]]:
    """Return the names of sessions by the number of each organization that a session could enter.

    `doors` are pairs of a session's name and the number of an organization, None for a password. A password that opens
    no organization stands under None.
    """
    found = defaultdict[int | None, set[str]](set)
    for name, number in doors:
        found[number].add(name)
    by_password = found.pop(None, set())
    opened = opened_by_password(user) if by_password else []
    for number in opened:
        found[number] |= by_password
    return found if opened or not by_password else {**found, None: by_password}


@atomic
def end_doors_of_sessions(*, doors: Iterable[uuid.UUID], by: str, actor: Actor) -> int:
    """Close the doors with these public ids, because somebody else (`by`) ended the sessions; return how many."""
    open_ones = list(
        Door.objects.select_related("user", "organization").filter(public_id__in=list(doors), ended_at__isnull=True)
    )
    Door.objects.filter(pk__in=[door.pk for door in open_ones]).update(ended_at=timezone.now())
    for door in open_ones:
        record(
            EventName.USER_SIGNED_OUT,
            actor=actor,
            organization_number=door.organization.number if door.organization else None,
            target_kind="user",
            target_id=door.user_id,
            target=door.user.email,
            after={"by": by},
        )
    return len(open_ones)


@atomic
def end_door(*, door: Door, actor: Actor) -> None:
    """Close one door, as an operator does; whoever holds it is out at the next request.

    Raises NotAllowedError for a superuser's door, which only superusers close.
    """
    check_may_change(user=door.user, actor=actor)
    if Door.objects.filter(pk=door.pk, ended_at__isnull=True).update(ended_at=timezone.now()):
        record(
            EventName.DOOR_ENDED,
            actor=actor,
            organization_number=door.organization.number if door.organization else None,
            target_kind="user",
            target_id=door.user_id,
            target=door.user.email,
            after={"door": door.kind},
        )


@atomic
def end_sso_doors_on_plan(*, plan: Plan) -> int:
    """Close the doors of single sign-on into all organizations on a plan; return how many."""
    doors = Door.objects.filter(organization__plan=plan, kind=DoorKind.SSO, ended_at__isnull=True)
    return doors.update(ended_at=timezone.now())


@atomic
def end_doors(
    *,
    organization: Organization,
    user: User | None = None,
    connection: uuid.UUID | None = None,
    kind: DoorKind | None = None,
    opened_before: datetime | None = None,
    but_session: str = "",
) -> int:
    """Close the doors into one organization, of everybody or of one user, connection, kind or time; return how many.

    The doors of the session with the name `but_session` stay open.
    """
    doors = Door.objects.filter(organization=organization, ended_at__isnull=True)
    if user is not None:
        doors = doors.filter(user=user)
    if connection is not None:
        doors = doors.filter(connection=connection)
    if kind is not None:
        doors = doors.filter(kind=kind)
    if opened_before is not None:
        doors = doors.filter(opened_at__lt=opened_before)
    if but_session:
        doors = doors.exclude(session=but_session)
    return doors.update(ended_at=timezone.now())
