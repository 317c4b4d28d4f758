"""How long a statement may take: the server ends it, and the client gives up on a server that does not answer.

The server's deadlines are set for each transaction (`SET LOCAL`), in the message that holds its first statement: that
costs no round trip. Poolers would refuse options of the connection, and give one with a `SET` to another program next.

The client's own deadline, for a server that does not respond, is in `database.waiting`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from psycopg2.extensions import TRANSACTION_STATUS_IDLE


@dataclass
class Limit:
    """The deadline of each statement, in seconds; None for any time, with a deadline for locks only.

    Once the server has missed it, it is not waited for again.
    """

    seconds: float | None
    is_missed: bool = False


_limit: ContextVar[Limit | None] = ContextVar("_limit", default=None)


def current_limit() -> Limit | None:
    """Return the deadline that counts for this thread now; None for any time."""
    return _limit.get()


@contextmanager
def statements_within(seconds: float | None) -> Iterator[None]:
    """Give each statement of this thread, in transactions that begin in the block, so many seconds.

    A statement that takes longer raises OperationalError. With None it may take any time, and only its wait for a lock
    is limited. Inside another such block the inner one counts.
    """
    is_nested = _limit.get() is not None
    token = _limit.set(Limit(seconds))
    try:
        with nullcontext() if is_nested else connection.execute_wrapper(_tell_server):
            yield
    finally:
        _limit.reset(token)


def limit_statements(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Middleware: give each statement of a request the seconds of the setting STATEMENT_SECONDS."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        with statements_within(settings.STATEMENT_SECONDS):
            response = get_response(request)
        if isinstance(response, StreamingHttpResponse):
            response.streaming_content = _within_deadline(cast("Iterable[bytes]", response.streaming_content))
        return response

    return answer


def _within_deadline(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Return the parts of a response that is made while it is sent, after the middleware has returned it."""
    source = iter(parts)
    while True:
        with statements_within(settings.STATEMENT_SECONDS):
            part = next(source, None)
        if part is None:
            return
        yield part


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


def _deadlines(seconds: float | None, *, is_alone: bool) -> str:
    """Return the SQL that sets the deadlines.

    A statement by itself has none for locks: its own deadline is shorter, and one that may take any time can be a
    CREATE INDEX CONCURRENTLY, which has to be the only statement of its message.
    """
    values: dict[str, float] = {}
    if seconds is not None:
        values["statement_timeout"] = seconds
    if not is_alone:
        values["lock_timeout"] = settings.LOCK_SECONDS
    if seconds is not None and not is_alone:
        values["idle_in_transaction_session_timeout"] = settings.IDLE_IN_TRANSACTION_SECONDS
    return "".join(f"SET LOCAL {name} = {round(value * 1000)}; " for name, value in values.items())
