"""`manage.py worker`: send messages, and do what is due. Run one, or on PostgreSQL several."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from jobs.loop import run_worker


class Command(BaseCommand):
    """Run until SIGTERM; the current task is finished first."""

    help = "Send messages that wait, and do what is due (amplisso/schedules.py), until SIGTERM or Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        run_worker()
