"""One thread of a worker stays free while the others wait for a database that does not respond."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, connection

from database import waiting
from database.deadlines import statements_within
from database.waiting import keep_one_thread_free
from tests.faults.proxy import Proxy

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server"),
]
LONGEST = 30  # seconds that any part of a test may wait


@pytest.fixture(autouse=True)
def four_threads() -> Iterator[None]:
    """This process is a worker of four threads."""
    waiting._Threads.last_gave_up_until = 0.0
    keep_one_thread_free(4)
    yield
    keep_one_thread_free(1)


def sleep(seconds: float) -> float:
    """Let the server work for so long; return for how long this thread waited, negative if it gave up."""
    began = time.monotonic()
    try:
        with statements_within(20), connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s)", [seconds])
    except DatabaseError:
        return began - time.monotonic()
    finally:
        connection.close()
    return time.monotonic() - began


def test_the_last_thread_gives_up_soon_if_nothing_is_heard(proxy: Proxy) -> None:
    """Three threads wait for the server that works for them; the fourth hears as little, and soon gives up."""
    with ThreadPoolExecutor(4) as pool:
        others = [pool.submit(sleep, 4) for _ in range(3)]
        time.sleep(1.5)
        assert -2.5 < pool.submit(sleep, 4).result(LONGEST) <= -0.8
        assert -0.5 < pool.submit(sleep, 4).result(LONGEST) < 0  # and at once after that
        assert all(other.result(LONGEST) >= 4 for other in others)


def test_the_last_thread_waits_while_others_hear_from_the_server(proxy: Proxy) -> None:
    def many() -> None:
        for _ in range(15):
            assert sleep(0.2) > 0

    with ThreadPoolExecutor(4) as pool:
        others: list[Future[Any]] = [pool.submit(many), pool.submit(sleep, 4), pool.submit(sleep, 4)]
        time.sleep(0.5)
        assert pool.submit(sleep, 2).result(LONGEST) >= 2
        for other in others:
            other.result(LONGEST)
