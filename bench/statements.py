"""Counts of statements and round trips to the database."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple
from unittest import mock

from django.db import connection
from django.test.utils import CaptureQueriesContext

# Ours begin with WITH only where they write.
_WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")


class Counts(NamedTuple):
    """The counts of one sign-in: statements that read or write, all round trips, and commits that became durable."""

    statements: int
    round_trips: int
    commits: int


def count(work: Callable[[], object]) -> Counts:
    """Do some work on an open connection and count; asking whether the connection still lives is a round trip, too."""
    connection.ensure_connection()
    alive = mock.patch.object(connection, "is_usable", wraps=connection.is_usable)
    with CaptureQueriesContext(connection) as captured, alive as asked:
        work()
    return _counts([str(query["sql"]) for query in captured.captured_queries], asked.call_count)


def _counts(texts: list[str], asked: int) -> Counts:
    statements = commits = 0
    inside = False
    # Deadlines are set in the message of the statement that they are for (database/deadlines.py).
    for text in (re.sub(r"\A(SET LOCAL [^;]+; )+", "", each).lstrip().upper() for each in texts):
        word = text.split(maxsplit=1)[0].rstrip(";")
        if word in {"BEGIN", "COMMIT", "ROLLBACK"}:
            inside = word == "BEGIN"
            commits += word == "COMMIT"
        elif word not in {"SAVEPOINT", "RELEASE"}:
            statements += 1
            commits += not inside and text.startswith(_WRITES)
    return Counts(statements, len(texts) + asked, commits)
