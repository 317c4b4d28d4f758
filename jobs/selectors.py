"""Queries about workers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from jobs.models import Worker

# A worker that was not seen for so long counts as gone: six heartbeats.
GONE_AFTER: Final = timedelta(minutes=1)


def latest_heartbeat() -> datetime | None:
    """Return when a worker was last seen; None if there is none."""
    return Worker.objects.order_by("-seen_at").values_list("seen_at", flat=True).first()


def is_worker_running() -> bool:
    """Return whether a worker was seen within the last minute."""
    return bool(live_workers())


def live_workers() -> set[str]:
    """Return the names of the workers that were seen within the last minute."""
    return set(Worker.objects.filter(seen_at__gt=timezone.now() - GONE_AFTER).values_list("name", flat=True))
