"""How long a statement may take: the server ends it, and the client gives up on a server that does not answer.

The server's deadlines are set for each transaction (`SET LOCAL`), in the message that holds its first statement: that
costs no round trip. Poolers would refuse options of the connection, and give one with a `SET` to another program next.

The client's deadline is a wait callback (psycopg2, "Coroutine support"), which waits for the socket in place of libpq:
that has no time-out for an answer, and TCP's own (`tcp_user_timeout`, keepalives) see that a silent server's kernel is
well. docs/performance.md says what both cost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from select import POLLIN, POLLOUT, poll
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponseBase
from psycopg2 import OperationalError
from psycopg2.extensions import POLL_OK, POLL_READ, STATUS_BEGIN, STATUS_READY, TRANSACTION_STATUS_IDLE

# Seconds for opening a connection, unless DATABASE_URL says otherwise.
_CONNECT: Final = 3
# Seconds that the client waits longer than the server works, so that usually the server says why it stopped.
_GRACE: Final = 0.5


@dataclass
class _Limit:
    """The deadline of each statement, in seconds; once the server has missed it, it is not waited for again."""

    seconds: float
    is_missed: bool = False


_limit: ContextVar[_Limit | None] = ContextVar("_limit", default=None)


@contextmanager
def statements_within(seconds: float) -> Iterator[None]:
    """Give each statement of this thread, in transactions that begin in the block, so many seconds.

    A statement that takes longer raises OperationalError. Inside another such block the inner one counts.
    """
    is_nested = _limit.get() is not None
    token = _limit.set(_Limit(seconds))
    try:
        with nullcontext() if is_nested else connection.execute_wrapper(_tell_server):
            yield
    finally:
        _limit.reset(token)


def limit_statements(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Middleware: give each statement of a request the seconds of the setting STATEMENT_SECONDS."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        with statements_within(settings.STATEMENT_SECONDS):
            return get_response(request)

    return answer


def _tell_server(execute: Callable[..., Any], sql: str, *others: Any) -> Any:
    """Set the server's deadlines in front of a statement that begins a transaction, or is one by itself.

    Several statements in one message are one transaction (PostgreSQL 55.2.2.1). Cursors on the server are left out:
    their SELECT becomes part of a DECLARE.
    """
    cursor, limit = others[-1]["cursor"].cursor, _limit.get()
    if connection.vendor != "postgresql" or limit is None or cursor.name is not None:
        return execute(sql, *others)
    server = cursor.connection
    if server.info.transaction_status == TRANSACTION_STATUS_IDLE:
        sql = _deadlines(limit.seconds, is_alone=server.autocommit) + sql
    return execute(sql, *others)


def _deadlines(seconds: float, *, is_alone: bool) -> str:
    values = {"statement_timeout": seconds}
    if not is_alone:
        values["lock_timeout"] = settings.LOCK_SECONDS
        values["idle_in_transaction_session_timeout"] = settings.IDLE_IN_TRANSACTION_SECONDS
    return "".join(f"SET LOCAL {name} = {round(value * 1000)}; " for name, value in values.items())


def wait(server: Any) -> None:
    """Wait until a connection has done what it was asked, as psycopg2's wait callback; psycopg2 closes it on an error.

    Raises OperationalError if the server does not answer in time.
    """
    state = server.poll()
    if state == POLL_OK:
        return
    seconds = _seconds_for(server)
    end = time.monotonic() + seconds if seconds is not None else None
    while state != POLL_OK:
        waiting = poll()
        waiting.register(server.fileno(), POLLIN if state == POLL_READ else POLLOUT)
        left = None if end is None else max(end - time.monotonic(), 0) * 1000
        if not waiting.poll(left):
            limit = _limit.get()
            if limit is not None:
                limit.is_missed = True
            raise OperationalError(f"no answer within {seconds:g} seconds")
        state = server.poll()


def _seconds_for(server: Any) -> float | None:
    """Return how long this connection may take for what it is doing; None for any time."""
    limit = _limit.get()
    if limit is not None and limit.is_missed:
        return 0
    if server.status not in {STATUS_READY, STATUS_BEGIN}:  # it is being opened
        return float(server.info.dsn_parameters.get("connect_timeout", _CONNECT))
    return limit.seconds + _GRACE if limit is not None else None
