"""Schedules: what is due begins once, whichever worker notices first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from amplisso.schedules import SCHEDULES, delete_old_rows
from jobs import schedules
from jobs.loop import give_back_abandoned, new_worker, take_turn
from jobs.models import ScheduledJob, Worker
from jobs.schedules import Schedule, enqueue_due
from jobs.selectors import is_worker_running, live_workers

pytestmark = pytest.mark.django_db


@pytest.fixture
def daily(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table with one row."""
    table = (Schedule("delete old rows", every=timedelta(days=1), task=delete_old_rows),)
    monkeypatch.setattr(schedules, "schedules", lambda: table)


def tasks(**fields: Any) -> int:
    """How many tasks there are."""
    return DBTaskResult.objects.filter(**fields).count()


def test_names_are_unique_and_each_schedule_can_be_kept() -> None:
    names = [each.name for each in SCHEDULES]
    assert len(set(names)) == len(names)
    assert all(each.every >= timedelta(seconds=1) for each in SCHEDULES)


@pytest.mark.usefixtures("daily")
def test_begins_once_and_again_when_it_is_due() -> None:
    assert [enqueue_due(), enqueue_due()] == [1, 0]
    DBTaskResult.objects.update(status=TaskResultStatus.SUCCESSFUL, finished_at=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(hours=23)):
        assert enqueue_due() == 0
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert [enqueue_due(), enqueue_due()] == [1, 0]
    assert tasks() == 2


@pytest.mark.usefixtures("daily")
def test_does_not_pile_up_while_no_worker_runs_tasks() -> None:
    for days in range(5):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            enqueue_due()
    assert tasks() == 1


def test_sending_begins_only_if_a_message_is_due() -> None:
    enqueue_due()
    assert tasks(task_path="outbox.tasks.deliver") == 0


@pytest.mark.usefixtures("daily", "transactional_db")
def test_a_turn_runs_the_tasks_and_keeps_what_they_return() -> None:
    take_turn(new_worker())
    done = DBTaskResult.objects.get()
    assert done.status == TaskResultStatus.SUCCESSFUL, done.traceback
    assert done.return_value["messages"] == 0
    assert ScheduledJob.objects.get().next_at > timezone.now() + timedelta(hours=23)


@pytest.mark.usefixtures("daily", "transactional_db")
def test_results_of_finished_tasks_are_deleted() -> None:
    take_turn(new_worker())
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        take_turn(new_worker())
    assert tasks() == 1


def abandoned(worker: str, starts: int = 1) -> DBTaskResult[Any, Any]:
    """A task that began two minutes ago, the last time by this worker."""
    delete_old_rows.enqueue()
    task = DBTaskResult.objects.get()
    task.status, task.worker_ids = TaskResultStatus.RUNNING, [worker] * starts
    task.started_at = timezone.now() - timedelta(minutes=2)
    task.save()
    return task


@pytest.mark.parametrize("whose", ["gone", "mine"])
def test_a_task_whose_worker_was_killed_begins_again(whose: str) -> None:
    task = abandoned(whose)
    assert give_back_abandoned("mine") == 1
    task.refresh_from_db()
    assert task.status == TaskResultStatus.READY


def test_a_task_of_a_living_worker_is_left_alone() -> None:
    task = abandoned("other")
    Worker.objects.create(name="other", started_at=timezone.now(), seen_at=timezone.now())
    assert give_back_abandoned("mine") == 0
    task.refresh_from_db()
    assert task.status == TaskResultStatus.RUNNING


def test_a_task_that_kills_its_workers_fails_in_the_end() -> None:
    task = abandoned("gone", starts=3)
    give_back_abandoned("mine")
    task.refresh_from_db()
    assert task.status == TaskResultStatus.FAILED


def test_a_worker_counts_as_gone_after_a_minute() -> None:
    now = timezone.now()
    Worker.objects.create(name="old", started_at=now, seen_at=now - timedelta(seconds=61))
    assert not is_worker_running()
    Worker.objects.create(name="new", started_at=now, seen_at=now - timedelta(seconds=20))
    assert live_workers() == {"new"}
