"""Reading the log."""

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
    """The events of one organization, newest first; `search` looks at who did it, to whom, and what it was."""
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
    """How many events one organization has: `all`, `high` and `medium` (AM-93)."""
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
    """How often something has happened to one target since a moment: what limits of patience are measured by."""
    return Event.objects.filter(
        organization_number=organization_number, at__gte=since, name=name, target_id=str(target_id)
    ).count()


def count_recent_of(names: Collection[EventName], *, organization_number: int, since: datetime) -> int:
    """The same for any of several events, to any target in one organization."""
    return Event.objects.filter(organization_number=organization_number, at__gte=since, name__in=names).count()


def moment_of_latest(position: int, names: Collection[EventName], *, organization_number: int) -> datetime | None:
    """When the event happened that is at this position from the newest, 1 being the newest; None if there are fewer."""
    moments = Event.objects.filter(organization_number=organization_number, name__in=names).order_by("-at")
    return moments.values_list("at", flat=True)[position - 1 : position].first()


def count_recent_by(names: Collection[EventName], *, actor_id: int, since: datetime) -> int:
    """Count how often one user has made any of several events happen since a moment, in whatever organization."""
    return Event.objects.filter(actor_id=actor_id, at__gte=since, name__in=names).count()


def frequent_targets(
    names: Collection[EventName], *, targets: Collection[str], since: datetime, at_least: int
) -> list[str]:
    """Which targets, by name, any of several events has happened to so often, in whatever organization."""
    events = Event.objects.filter(at__gte=since, name__in=names, target__in=targets).order_by().values("target")
    return list(events.annotate(times=Count("pk")).filter(times__gte=at_least).values_list("target", flat=True))
