"""Waiting for PostgreSQL, with the client's own deadline for a server that does not respond.

A wait callback (psycopg2, "Coroutine support") waits for the socket in place of libpq, which has no time-out for a
response. TCP's own (`tcp_user_timeout`, keepalives) would not help: the kernel of a server that hangs still responds.
docs/performance.md says what the callback costs.
"""

from __future__ import annotations

import time
from select import POLLIN, POLLOUT, poll
from threading import BoundedSemaphore
from typing import Any, Final

from psycopg2 import OperationalError
from psycopg2.extensions import POLL_OK, POLL_READ, STATUS_BEGIN, STATUS_READY

from database.deadlines import current_limit

# Seconds for opening a connection, unless DATABASE_URL says otherwise.
_CONNECT: Final = 3.0
# Seconds that the client waits longer than the server works, so that usually the server says why it stopped.
_GRACE: Final = 0.5
# Seconds for which the last free thread of a process waits for a server of which no thread hears anything, and in which
# it does not wait again after that.
_LAST_THREAD: Final = 0.8


class _Threads:
    """How many threads of this process may wait for long at once; None for all, as in commands."""

    may_wait: BoundedSemaphore | None = None
    # Both of time.monotonic, in seconds.
    last_gave_up_until = 0.0
    heard_at = 0.0


def keep_one_thread_free(threads: int) -> None:
    """Let all but one of the threads of this process wait for long, so that one is free for /healthz.

    Once the others wait for a server that does not respond, every further request is refused at once and not after
    them. A server that responds to any of them, as while they wait for each other's locks, is waited for as usual.
    """
    _Threads.may_wait = BoundedSemaphore(threads - 1) if threads > 1 else None


def wait(server: Any) -> None:
    """Wait until a connection has done what it was asked, as psycopg2's wait callback; psycopg2 closes it on an error.

    Raises OperationalError if the server does not respond in time.
    """
    state = server.poll()
    if state == POLL_OK or _wait_in_turn(server, state):
        return
    limit = current_limit()
    if limit is not None:
        limit.is_missed = True
    raise OperationalError("the server did not respond in time")


def _wait_in_turn(server: Any, state: int) -> bool:
    """Wait with the connection's own deadline, or as the last free thread; return whether the server responded."""
    seconds = _seconds_for(server)
    may_wait = _Threads.may_wait
    if may_wait is None:
        return _wait(server, state, seconds)
    if not may_wait.acquire(blocking=False):
        return _wait_as_last(server, state, seconds)
    try:
        return _wait(server, state, seconds)
    finally:
        may_wait.release()


def _wait_as_last(server: Any, state: int, seconds: float | None) -> bool:
    """Wait with the connection's own deadline, but only while any thread hears from the server."""
    now = began = time.monotonic()
    if now < _Threads.last_gave_up_until:
        return _wait(server, state, 0)
    while seconds is None or now < began + seconds:
        if _wait(server, state, _LAST_THREAD):
            return True
        now = time.monotonic()
        if now - max(began, _Threads.heard_at) >= _LAST_THREAD:
            _Threads.last_gave_up_until = now + _LAST_THREAD
            break
    return False


def _wait(server: Any, state: int, seconds: float | None) -> bool:
    end = time.monotonic() + seconds if seconds is not None else None
    while state != POLL_OK:
        waiting = poll()
        waiting.register(server.fileno(), POLLIN if state == POLL_READ else POLLOUT)
        if not waiting.poll(None if end is None else max(end - time.monotonic(), 0) * 1000):
            return False
        state = server.poll()
    _Threads.heard_at = time.monotonic()
    return True


def _seconds_for(server: Any) -> float | None:
    """Return how long this connection may take for what it is doing; None for any time."""
    limit = current_limit()
    if limit is not None and limit.is_missed:
        return 0
    if server.status not in {STATUS_READY, STATUS_BEGIN}:  # it is being opened
        return float(server.info.dsn_parameters.get("connect_timeout", _CONNECT))
    return limit.seconds + _GRACE if limit is not None and limit.seconds is not None else None
