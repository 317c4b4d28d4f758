"""The operators' lists of workers and schedules."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from jobs.models import ScheduledJob, Worker


def test_a_worker_that_was_not_seen_for_a_minute_does_not_run(browser: Client) -> None:
    now = timezone.now()
    Worker.objects.create(name="alive", started_at=now, seen_at=now)
    Worker.objects.create(name="gone", started_at=now, seen_at=now - timedelta(minutes=2))
    page = browser.get("/admin/jobs/worker/").content.decode()
    assert page.count('alt="True"') == page.count('alt="False"') == 1


def test_a_job_that_is_due_waits_for_something_to_do(browser: Client) -> None:
    now = timezone.now()
    ScheduledJob.objects.create(name="send messages", last_at=now, next_at=now - timedelta(minutes=3))
    ScheduledJob.objects.create(name="delete old rows", last_at=now, next_at=now + timedelta(days=1))
    page = browser.get("/admin/jobs/scheduledjob/").content.decode()
    assert page.count("as soon as there is something to do") == 1
