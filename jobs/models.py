"""Which workers run, and when each schedule is due. The tasks themselves are rows of django-tasks-db."""

from __future__ import annotations

from django.db import models


class Worker(models.Model):
    """One running `manage.py worker`. It writes `seen_at` every few seconds and deletes its row when it ends."""

    name = models.CharField(max_length=64, unique=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-seen_at"]

    def __str__(self) -> str:
        return self.name


class ScheduledJob(models.Model):
    """When the next run of one schedule is due. All workers share the row, so that one of them starts the run."""

    name = models.CharField(max_length=64, unique=True)
    next_at = models.DateTimeField()
    last_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
