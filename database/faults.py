"""Which errors of a database tell of its state, and not of a mistake of ours."""

from __future__ import annotations

from sqlite3 import SQLITE_ERROR
from typing import Final

from django.db import Error, InterfaceError, InternalError, OperationalError

# deadlock_detected, serialization_failure and lock_not_available (PostgreSQL, appendix A): another transaction went
# first, nothing of this one has stayed, and the next try finds the other one finished.
_GIVEN_UP: Final = frozenset({"40P01", "40001", "55P03"})
# read_only_sql_transaction, as after a failover to a standby, and idle_in_transaction_session_timeout. psycopg2 has
# them as InternalError.
_TEMPORARY_INTERNAL: Final = frozenset({"25006", "25P03"})


def was_given_up(error: BaseException) -> bool:
    """Return whether the database gave a transaction up in favor of another one, so that it may be repeated."""
    return isinstance(error, OperationalError) and _code_of(error) in _GIVEN_UP


def is_temporary(error: BaseException | None) -> bool:
    """Return whether an error is the database's state: locked, slow, gone, full, shutting down, read-only for now.

    SQLite reports a missing table as an OperationalError, too; that one is a fault of ours.
    """
    if isinstance(error, InterfaceError):
        return True
    if isinstance(error, InternalError):
        return _code_of(error) in _TEMPORARY_INTERNAL
    return isinstance(error, OperationalError) and getattr(error.__cause__, "sqlite_errorcode", None) != SQLITE_ERROR


def _code_of(error: Error) -> str:
    """Return the SQLSTATE that PostgreSQL gave; "" if there is none."""
    return getattr(error.__cause__, "pgcode", None) or ""
