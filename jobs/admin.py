"""The workers, for operators."""

from __future__ import annotations

from django.contrib import admin

from audit.admin import LookOnlyAdmin
from jobs.models import ScheduledJob, Worker


@admin.register(Worker)
class WorkerAdmin(LookOnlyAdmin[Worker]):
    """Workers, the one that was seen last first; one that was not seen for a minute is gone."""

    list_display = ("name", "started_at", "seen_at")
    fields = ("name", "started_at", "seen_at")


@admin.register(ScheduledJob)
class ScheduledJobAdmin(LookOnlyAdmin[ScheduledJob]):
    """When each schedule runs again."""

    list_display = ("name", "last_at", "next_at")
    fields = ("name", "last_at", "next_at")
