"""Schedules: tasks that are begun again and again. The table of them is the module that JOB_SCHEDULES names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult

from jobs.models import ScheduledJob


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Schedule:
    """One row of the table: a task, how often it begins, and whether there is anything for it to do."""

    name: str
    every: timedelta
    task: Task[Any, Any]
    is_wanted: Callable[[], bool] = _always


def schedules() -> Sequence[Schedule]:
    """Return the table of this deployment."""
    table: Sequence[Schedule] = import_string(settings.JOB_SCHEDULES)
    return table


def enqueue_due() -> int:
    """Enqueue the task of each schedule that is due and wanted; return how many. Every worker calls it each second."""
    now = timezone.now()
    known = dict(ScheduledJob.objects.values_list("name", "next_at"))
    due = [each for each in schedules() if known.get(each.name, now) <= now and each.is_wanted()]
    return sum(_enqueue(each, now) for each in due)


@transaction.atomic
def _enqueue(schedule: Schedule, now: datetime) -> bool:
    """Enqueue one task unless another worker has just done it; return whether.

    The conditional UPDATE decides between workers. A task that still waits for a worker is not enqueued twice.
    """
    ScheduledJob.objects.get_or_create(name=schedule.name, defaults={"next_at": now})
    ours = ScheduledJob.objects.filter(name=schedule.name, next_at__lte=now).update(
        next_at=now + schedule.every, last_at=now
    )
    if not ours or DBTaskResult.objects.ready().filter(task_path=schedule.task.module_path).exists():
        return False
    schedule.task.enqueue()
    return True
