"""The loop of a worker: begin what is due, run the tasks that wait, and outlive a database that fails."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import time
from types import FrameType
from typing import Any, Final

from django.conf import settings
from django.db import InterfaceError, OperationalError, connections
from django.utils import timezone
from django.utils.crypto import get_random_string
from django_tasks import TaskResultStatus
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from database.deadlines import statements_within
from jobs.heartbeat import Heartbeat
from jobs.schedules import enqueue_due
from jobs.selectors import GONE_AFTER, live_workers

_PAUSE: Final = 1.0  # seconds between two looks for work
# A task whose worker was killed begins again this often; after that the task itself is what kills workers.
_STARTS: Final = 3

logger = logging.getLogger(__name__)


class GracefulWorker(Worker):
    """The library's worker, which ends silently: after its current task, or at once if it has none."""

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """End after the current task. A second signal changes nothing, so that no task is torn apart by impatience."""
        was_running, self.running = self.running, False
        if was_running and not self.running_task:
            sys.exit(0)


def run_worker() -> None:
    """Work until SIGTERM or SIGINT."""
    worker = new_worker()
    worker.configure_signals()
    heartbeat = Heartbeat(worker.worker_id)
    heartbeat.start()
    try:
        _loop(worker)
    finally:
        # Python restores the handlers at its end, where another signal would make this end look like a failure.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        heartbeat.end()


def new_worker() -> GracefulWorker:
    """Return a worker with a name of its own that runs the tasks that wait and returns."""
    return GracefulWorker(
        queue_names=["*"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=f"{socket.gethostname()[:40]}:{os.getpid()}:{get_random_string(6)}",
        excluded_queue_names=[],
    )


def _loop(worker: GracefulWorker) -> None:
    checked_at = float("-inf")
    while worker.running:
        try:
            # For each turn anew: a server that missed a deadline is given no more time until the block ends.
            with statements_within(settings.JOB_STATEMENT_SECONDS):
                if time.monotonic() - checked_at > GONE_AFTER.total_seconds():
                    give_back_abandoned(worker.worker_id)
                    checked_at = time.monotonic()
                take_turn(worker)
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database does not answer; trying again: %s", str(error).partition("\n")[0])
            connections.close_all()
        if worker.running:
            time.sleep(_PAUSE)


def take_turn(worker: Worker) -> None:
    """Begin what is due, then run all tasks that wait."""
    enqueue_due()
    # The library takes SQLite's write lock to look for tasks, so it is asked only if there are any.
    if DBTaskResult.objects.ready().exists():
        worker.run()


def give_back_abandoned(worker_id: str) -> int:
    """Let tasks begin again whose worker was killed or lost its database in the middle; return how many.

    It is called between tasks, so that a running one of this worker, `worker_id`, is abandoned, too.
    """
    living = live_workers() - {worker_id}
    # A worker that has just started may have no heartbeat yet.
    old = DBTaskResult.objects.running().filter(started_at__lt=timezone.now() - GONE_AFTER)
    abandoned = [each for each in old if living.isdisjoint(each.worker_ids[-1:])]
    for each in abandoned:
        _give_back(each)
    return len(abandoned)


def _give_back(task: DBTaskResult[Any, Any]) -> None:
    if len(task.worker_ids) >= _STARTS:
        task.set_failed(RuntimeError(f"Its worker ended {_STARTS} times in the middle of this task"))
        return
    # Only if no other process has given it back, or finished it, since it was read.
    unchanged = DBTaskResult.objects.filter(pk=task.pk, status=TaskResultStatus.RUNNING, started_at=task.started_at)
    unchanged.update(status=TaskResultStatus.READY, started_at=None)
