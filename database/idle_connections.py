"""Connections that the server, a proxy or a pooler has ended while they were kept between two requests."""

from __future__ import annotations

from collections.abc import Callable
from select import POLLIN, poll
from typing import Any

import psycopg2.extensions
from django.db import InterfaceError, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponseBase

from database.deadlines import current_limit


def use_live_connection(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Middleware: begin each request with a connection that is not known to be dead, without asking the server.

    Django's CONN_HEALTH_CHECKS asks with a round trip of every request. Here the kernel is asked instead, which knows
    when the server has said goodbye. It cannot know of a firewall that forgot the connection: that is noticed by the
    first statement, which is then tried once more (`_Retry`).
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        if not _is_kept(connection):
            return get_response(request)
        if has_ended(connection.connection):
            connection.close()
            return get_response(request)
        with connection.execute_wrapper(_Retry()):
            return get_response(request)

    return answer


def has_ended(kept: psycopg2.extensions.connection) -> bool:
    """Return whether a connection that waits for nothing has something to read: the server's last words, or its end."""
    if kept.closed:
        return True
    waiting = poll()
    waiting.register(kept.fileno(), POLLIN)
    return bool(waiting.poll(0))


def _is_kept(database: BaseDatabaseWrapper) -> bool:
    """Return whether this thread still has a connection to PostgreSQL of an earlier request."""
    return database.vendor == "postgresql" and database.connection is not None and not database.in_atomic_block


class _Retry:
    """Try the first statement of a request once more, on a new connection, if it met a dead one.

    Only a SELECT outside any transaction: it has written nothing, whether or not the server still ran it. Nearly every
    request begins with one, the session's or the sign-in's. Any other statement raises, and the page answers 503.
    """

    def __init__(self) -> None:
        self._is_first = True

    def __call__(self, execute: Callable[..., Any], sql: str, *others: Any) -> Any:
        is_first, self._is_first = self._is_first, False
        context: dict[str, Any] = others[-1]
        if not is_first or not _may_run_twice(sql, context):
            return execute(sql, *others)
        try:
            return execute(sql, *others)
        except (OperationalError, InterfaceError):
            limit = current_limit()
            is_silent = limit is not None and limit.is_missed  # the server has not closed it: nothing would be gained
            if is_silent or not context["connection"].connection.closed:
                raise
        _reconnect(context)
        return execute(sql, *others)


def _may_run_twice(sql: str, context: dict[str, Any]) -> bool:
    is_on_server = context["cursor"].cursor.name is not None  # its rows are fetched by more statements
    return sql.lstrip()[:6].upper() == "SELECT" and not context["connection"].in_atomic_block and not is_on_server


def _reconnect(context: dict[str, Any]) -> None:
    """Give the cursor that is about to execute a new connection below it."""
    database = context["connection"]
    database.close()
    database.ensure_connection()
    context["cursor"].cursor = database.create_cursor()
