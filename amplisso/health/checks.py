"""The checks of a deployment. Each returns what is wrong, in one sentence for operators, or "" if all is well."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from django.conf import settings
from django.core.cache import caches
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from redis.exceptions import RedisError

from amplisso.caches import REDIS
from database.deadlines import statements_within
from jobs.selectors import is_worker_running
from outbox.selectors import queue_age

_SECONDS: Final = 1.0  # for one statement of a check, and how long results are kept
_MIN_FREE: Final = 500_000_000  # bytes; an upload may have 100 MB, and two may come at once
_MAX_WAIT: Final = 5  # minutes that a message may have been due
HealthCheck = Callable[[], str]


class CheckResult(NamedTuple):
    """The result of one check: its name, and what is wrong, "" for nothing."""

    name: str
    problem: str


class Health(NamedTuple):
    """All results: `required` without which no request can be served, `watched` without which all still works."""

    required: tuple[CheckResult, ...]
    watched: tuple[CheckResult, ...]

    @property
    def status(self) -> str:
        """Return "unavailable", "degraded" or "ok"."""
        if any(result.problem for result in self.required):
            return "unavailable"
        return "degraded" if any(result.problem for result in self.watched) else "ok"


def database() -> str:
    """Check that the database responds."""
    if not _responds() and not connection.in_atomic_block:
        connection.close()  # a kept connection may have been closed; that says nothing about the next one
    return "" if _responds() else "The database does not respond."


def migrations() -> str:
    """Check that every migration of this release has been applied; later ones of a newer release do no harm."""
    missing = _latest_migrations() - set(MigrationRecorder(connection).applied_migrations())
    return "Migrations are missing: run `manage.py migrate`." if missing else ""


def cache_table() -> str:
    """Check that rate limits can be counted in the database."""
    if settings.CACHE_TABLE in connection.introspection.table_names():
        return ""
    return "The table of the cache is missing: run `manage.py createcachetable`."


def redis() -> str:
    """Check that Redis responds, if there is one."""
    if REDIS not in settings.CACHES:
        return ""
    try:
        caches[REDIS].get("health")
    except RedisError:
        return "Redis does not respond; rate limits are counted in the database."
    return ""


def disk() -> str:
    """Check that there is room for uploads, and for an embedded database."""
    folders = {Path(tempfile.gettempdir())}
    if connection.vendor == "sqlite" and not connection.is_in_memory_db():  # type: ignore[attr-defined]  # SQLite's
        folders.add(Path(settings.DATABASES["default"]["NAME"]).parent)
    full = [str(folder) for folder in sorted(folders) if shutil.disk_usage(folder).free < _MIN_FREE]
    return f"Less than {_MIN_FREE // 1_000_000} MB are free in {' and '.join(full)}." if full else ""


def worker() -> str:
    """Check that a worker was seen within the last minute."""
    return "" if is_worker_running() else "No worker runs: start `manage.py worker`. Messages wait, and none is lost."


def queue() -> str:
    """Check that messages leave about when they should, whatever the mail server answers."""
    minutes = queue_age() // timedelta(minutes=1)
    return f"A message has been waiting for {minutes} minutes." if minutes >= _MAX_WAIT else ""


# Without these nothing can be served: /readyz responds with 503.
REQUIRED: Final[tuple[HealthCheck, ...]] = (database, migrations)
# Without these everything works, later or slower: /readyz responds with 200 and "degraded".
WATCHED: Final[tuple[HealthCheck, ...]] = (cache_table, redis, worker, queue, disk)


def run_checks() -> Health:
    """Run all checks. If the database does not respond, the checks after it run too: their statements fail at once."""
    with statements_within(_SECONDS):
        return Health(tuple(map(_run, REQUIRED)), tuple(map(_run, WATCHED)))


_NOT_YET: Final = Health((CheckResult("first_check", "The first check has not ended yet."),), ())


class _Kept:
    """The results of this process, and when they were made in seconds of `time.monotonic`."""

    lock = threading.Lock()
    health: Health | None = None
    until = 0.0


def recent_health() -> Health:
    """Return results that are a second old at most, or the last ones while another thread runs the checks.

    No request waits for another: a database that hangs would else take every thread, and that of /healthz with them.
    """
    if _is_old() and _Kept.lock.acquire(blocking=False):
        try:
            _Kept.health, _Kept.until = run_checks(), time.monotonic() + _SECONDS
        finally:
            _Kept.lock.release()
    return _Kept.health or _NOT_YET


def _is_old() -> bool:
    return _Kept.health is None or time.monotonic() >= _Kept.until


def _run(check: HealthCheck) -> CheckResult:
    try:
        return CheckResult(check.__name__, check())
    except (DatabaseError, OSError) as error:
        return CheckResult(check.__name__, f"This could not be checked: {type(error).__name__}.")


def _responds() -> bool:
    """Return whether the database responds on this thread's connection, or on a new one if there is none."""
    try:
        connection.ensure_connection()
    except DatabaseError:
        return False
    return bool(connection.is_usable())


@cache
def _latest_migrations() -> frozenset[tuple[str, str]]:
    """Return the last migration of each app. Reading the files takes a tenth of a second, so it is done once."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())
