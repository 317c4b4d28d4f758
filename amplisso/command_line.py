"""Django's command line, with one sentence for a command that lacks settings or a database."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from amplisso.environment.read import BASE_DIR
from database.deadlines import statements_within
from database.faults import was_given_up

FAILURES: Final = (ImproperlyConfigured, DatabaseError)
# Seconds for one statement, where they differ from those of our other commands. A migration of a large table takes any
# time, but does not wait for a lock for long: the requests that need the table would wait behind it.
_SECONDS: Final[dict[str, float | None]] = {"migrate": None}


def run(arguments: Sequence[str]) -> int:
    """Run a command, with its program's name first; return 0, or 1 after one sentence on standard error.

    Django's own ends (CommandError, a wrong option) raise SystemExit as ever. `--traceback` shows errors as they are.
    """
    try:
        settings.DEBUG  # noqa: B018  reads the settings, which `help` would do without
        if "runserver" in arguments:
            connection.ensure_connection()  # the command works in a thread, whose errors come with a traceback
        with _deadline(arguments):
            execute_from_command_line(list(arguments))
    except FAILURES as error:
        if "--traceback" in arguments:
            raise
        sys.stderr.write(f"{explain(error)}\n")
        return 1
    return 0


def _deadline(arguments: Sequence[str]) -> AbstractContextManager[None]:
    """Limit the statements of our own commands, and how long `migrate` waits for a lock; Django's others go on."""
    name = next(iter(arguments[1:]), "")
    if name in _SECONDS:
        return statements_within(_SECONDS[name])
    is_ours = any(BASE_DIR.glob(f"*/management/commands/{name}.py"))
    return statements_within(settings.JOB_STATEMENT_SECONDS) if is_ours else nullcontext()


def explain(error: ImproperlyConfigured | DatabaseError) -> str:
    """Return the fault and its remedy: a sentence, or a line for each setting that is wrong."""
    if isinstance(error, ImproperlyConfigured):
        return str(error)
    cause = next(iter(str(error).splitlines()), "no reason given").rstrip(". ")
    if was_given_up(error):
        return f"Another transaction was in the way: run this command again at a quieter time ({cause})."
    return _explain_database(cause)


def _explain_database(cause: str) -> str:
    try:
        connection.close()
        executor = MigrationExecutor(connection)
        is_behind = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        has_cache = settings.CACHE_TABLE in connection.introspection.table_names()
    except DatabaseError:
        return f"The database cannot be used: start it, or correct DATABASE_URL ({cause})."
    if is_behind:
        return "The database schema is out of date: run `manage.py migrate` first."
    if not has_cache:
        return "The database has no table for the cache: run `manage.py createcachetable` first."
    return f"The database rejected this operation: {cause}. The option --traceback shows where."
