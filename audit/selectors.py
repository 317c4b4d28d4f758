"""Queries about the log."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from audit.events import EventName, Risk
from audit.models import Event


def events_of(
    organization_number: int,
    *,
    risk: str = "",
    search: str = "",
    since: datetime | None = None,
) -> QuerySet[Event]:
    """Return the events of an organization, newest first; `search` looks at actor, target and event name."""
    events = Event.objects.filter(organization_number=organization_number)
    if risk:
        events = events.filter(risk=risk)
    if since:
        events = events.filter(at__gte=since)
    if search:
        named = [name for name in EventName if search.lower() in name.label.lower() or search.lower() in name.value]
        events = events.filter(Q(actor_email__icontains=search) | Q(target__icontains=search) | Q(name__in=named))
    return events


def count_by_risk(organization_number: int, *, since: datetime | None = None) -> dict[str, int]:
    """Return how many events one organization has: `all`, `high` and `medium` (AM-93)."""
    return (
        events_of(organization_number, since=since)
        .order_by()
        .aggregate(
            all=Count("pk"),
            high=Count("pk", filter=Q(risk=Risk.HIGH)),
            medium=Count("pk", filter=Q(risk=Risk.MEDIUM)),
        )
    )


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
