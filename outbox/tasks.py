"""The task that sends messages; its schedule is in amplisso/schedules.py."""

from __future__ import annotations

from django_tasks import task

from outbox.delivery import deliver_due


@task()
def deliver() -> int:
    """Send what is due for a few seconds; return how many messages were tried. The schedule begins it again."""
    return deliver_due()
