"""The workers, for operators."""

from __future__ import annotations

from datetime import datetime

from django.contrib import admin
from django.utils import timezone

from audit.admin import LookOnlyAdmin
from jobs.models import ScheduledJob, Worker
from jobs.selectors import live_workers


@admin.register(Worker)
class WorkerAdmin(LookOnlyAdmin[Worker]):
    """Workers, the one that was seen last first; one that was not seen for a minute is gone."""

    list_display = ("name", "is_running", "started_at", "seen_at")
    fields = ("name", "is_running", "started_at", "seen_at")

    @admin.display(description="running", boolean=True)
    def is_running(self, worker: Worker) -> bool:
        """Return whether the worker was seen within the last minute."""
        return worker.name in live_workers()


@admin.register(ScheduledJob)
class ScheduledJobAdmin(LookOnlyAdmin[ScheduledJob]):
    """When each schedule runs again."""

    list_display = ("name", "last_at", "next_run")
    fields = ("name", "last_at", "next_run")

    @admin.display(description="next")
    def next_run(self, job: ScheduledJob) -> datetime | str:
        """Return when the job runs again; one that is due runs as soon as there is anything for it to do."""
        if job.next_at <= timezone.now():
            return "as soon as there is something to do"
        return job.next_at
