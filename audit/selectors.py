"""Queries about the log."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db.models import Count, Q, QuerySet

from audit.events import EventName, Risk
from audit.models import Event
from database.paging import Order, count_up_to
from database.prefixes import is_exactly, values_beginning

NEWEST_FIRST: Final = Order(("-at", "-id"))
# Names of people and things that a search by their beginning finds at once.
_MOST_FOUND = 10


def events_of(organization_number: int, *, risk: str = "", since: datetime | None = None) -> QuerySet[Event]:
    """Return the events of an organization, in no order."""
    events = Event.objects.filter(organization_number=organization_number)
    if risk:
        events = events.filter(risk=risk)
    if since:
        events = events.filter(at__gte=since)
    return events.order_by()


def events_found(organization_number: int, search: str) -> list[Q]:
    """Return conditions of which an event that a search finds satisfies one, each with an index of its own.

    The search finds events whose name has these words in it, and those whose actor or target begins with them: the
    first ten actors and targets. Capitals make no difference, since addresses are stored in small letters. Without a
    search, and so without conditions, every event is found.
    """
    words = search.strip().lower()
    if not words:
        return []
    own = Event.objects.filter(organization_number=organization_number)
    named = [Q(name=name) for name in EventName if words in name.label.lower() or words in name.value]
    for field in ("actor_email", "target"):
        named += [is_exactly(field, value) for value in values_beginning(own, field, words, most=_MOST_FOUND)]
    return named or [Q(pk__in=[])]


def count_by_risk(organization_number: int, *, since: datetime | None = None) -> dict[str, int]:
    """Return how many events one organization has: `all`, `high` and `medium` (AM-93), each up to MOST_COUNTED + 1."""
    return {
        "all": count_up_to(events_of(organization_number, since=since), "-at"),
        "high": count_up_to(events_of(organization_number, risk=Risk.HIGH, since=since), "-at"),
        "medium": count_up_to(events_of(organization_number, risk=Risk.MEDIUM, since=since), "-at"),
    }


def count_recent(name: EventName, *, organization_number: int, target_id: uuid.UUID, since: datetime) -> int:
    """Count how often an event has happened to one target since a time; limits are measured by it."""
    return Event.objects.filter(
        organization_number=organization_number, at__gte=since, name=name, target_id=str(target_id)
    ).count()


def count_recent_of(names: Collection[EventName], *, organization_number: int, since: datetime) -> int:
    """Count how often any of several events has happened to any target in one organization since a time."""
    return Event.objects.filter(organization_number=organization_number, at__gte=since, name__in=names).count()


def moment_of_latest(position: int, names: Collection[EventName], *, organization_number: int) -> datetime | None:
    """Return when the event at this position from the newest (1) happened; None if there are fewer."""
    moments = Event.objects.filter(organization_number=organization_number, name__in=names).order_by("-at")
    return moments.values_list("at", flat=True)[position - 1 : position].first()


def count_recent_by(names: Collection[EventName], *, actor_id: int, since: datetime) -> int:
    """Count how often one user has made any of several events happen since a time, in all organizations."""
    return Event.objects.filter(actor_id=actor_id, at__gte=since, name__in=names).count()


def frequent_targets(
    names: Collection[EventName], *, targets: Collection[str], since: datetime, at_least: int
) -> list[str]:
    """Return the targets, by name, to which several events have happened at least so often, in all organizations."""
    events = Event.objects.filter(at__gte=since, name__in=names, target__in=targets).order_by().values("target")
    return list(events.annotate(times=Count("pk")).filter(times__gte=at_least).values_list("target", flat=True))
