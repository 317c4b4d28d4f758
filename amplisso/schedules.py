"""What the worker (`manage.py worker`) does by itself: one row for each task, with how often it begins.

A stopped worker delays these and nothing else: whatever must be true at a time is computed when it is read.
"""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Final

from django.core.management import call_command
from django_tasks import task

from database.deadlines import statements_within
from jobs.schedules import Schedule
from outbox.selectors import has_due
from outbox.tasks import deliver

# For one statement that deletes, as `manage.py purge` has.
_SECONDS: Final = 600


@task()
def delete_old_rows() -> dict[str, int]:
    """Delete what is no longer needed, as `manage.py purge` does, and finished tasks; return how much of what."""
    call_command("prune_db_task_results", queue_name="*", min_age_days=1, failed_min_age_days=30, verbosity=0)
    printed = io.StringIO()
    with statements_within(_SECONDS):
        call_command("purge", "--json", stdout=printed)
    counts: dict[str, int] = json.loads(printed.getvalue())
    return counts


SCHEDULES: Final = (
    Schedule("send messages", every=timedelta(seconds=1), task=deliver, is_wanted=has_due),
    Schedule("delete old rows", every=timedelta(days=1), task=delete_old_rows),
)
