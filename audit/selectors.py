"""Reading the log."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

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
        events = events.filter(
            Q(actor_email__icontains=search) | Q(target__icontains=search) | Q(name__icontains=search)
        )
    return events
