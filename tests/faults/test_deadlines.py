"""Deadlines of statements on PostgreSQL: set for each transaction, without a message of their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test.utils import CaptureQueriesContext

from database.deadlines import limit_statements, statements_within
from orgs.deferred import DeferredWork, defer
from orgs.models import Plan
from tests.faults.proxy import Proxy

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no deadlines but that for its lock"),
]
NAMES = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")


@pytest.fixture(autouse=True)
def deployed(settings: Any) -> Iterator[None]:
    """The deadlines of a deployment, on a connection that ends with the test."""
    from amplisso import settings as deployment

    for name in ("STATEMENT_SECONDS", "JOB_STATEMENT_SECONDS", "LOCK_SECONDS", "IDLE_IN_TRANSACTION_SECONDS"):
        setattr(settings, name, getattr(deployment, name))
    yield
    connection.close()


def serve(work: Callable[[], object]) -> None:
    """Do some work as the whole of a request."""

    def view(request: HttpRequest) -> HttpResponse:
        work()
        return HttpResponse()

    limit_statements(view)(HttpRequest())


def test_deferred_work_has_a_deadline() -> None:
    found: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        defer(request, lambda: found.append(value_of("statement_timeout")))
        return HttpResponse()

    DeferredWork(limit_statements(view))(HttpRequest()).close()
    assert found == ["4s"]


def test_a_response_that_is_made_while_it_is_sent_has_a_deadline() -> None:
    parts = (value_of("statement_timeout") for _ in range(2))
    response = limit_statements(lambda request: StreamingHttpResponse(parts))(HttpRequest())
    assert b"".join(response) == b"4s4s"


def value_of(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchone()[0])


def sleep(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


def test_a_request_has_four_seconds_for_a_statement() -> None:
    found: list[str] = []
    serve(lambda: found.append(value_of("statement_timeout")))
    assert found == ["4s"]


def test_a_transaction_has_all_three_deadlines() -> None:
    found: list[list[str]] = []

    def work() -> None:
        with transaction.atomic():
            found.append([value_of(name) for name in NAMES])

    serve(work)
    assert found == [["4s", "5s", "30s"]]


def test_a_migration_has_a_deadline_for_locks_only() -> None:
    before = [value_of(name) for name in NAMES]
    with statements_within(None), transaction.atomic():
        assert [value_of(name) for name in NAMES] == [before[0], "5s", before[2]]


def test_an_index_is_made_beside_requests_with_a_deadline_for_locks() -> None:
    """CREATE INDEX CONCURRENTLY must not be in a transaction, and two statements in one message are one."""
    with statements_within(None), connection.cursor() as cursor:
        cursor.execute("CREATE INDEX CONCURRENTLY beside ON orgs_plan (sso)")
        cursor.execute("DROP INDEX CONCURRENTLY beside")


def test_nothing_stays_on_the_connection() -> None:
    before = [value_of(name) for name in NAMES]
    serve(transaction.atomic(Plan.objects.count))
    assert [value_of(name) for name in NAMES] == before


def test_deadlines_take_no_statement_of_their_own() -> None:
    def work() -> None:
        Plan.objects.count()
        with transaction.atomic():
            Plan.objects.count()
            Plan.objects.update(sso=True)

    connection.ensure_connection()
    with CaptureQueriesContext(connection) as captured:
        serve(work)
    texts = [each["sql"].count("SET LOCAL") for each in captured if each["sql"] not in {"BEGIN", "COMMIT"}]
    assert texts == [1, 3, 0]


def test_rows_and_counts_are_those_of_the_statement() -> None:
    def work() -> None:
        plans = list(Plan.objects.order_by("pk"))
        assert Plan.objects.update(sso=False) == len(plans) > 1
        assert list(Plan.objects.order_by("pk").iterator(chunk_size=1)) == plans
        assert Plan.objects.bulk_create([]) == []
        with connection.cursor() as cursor:
            cursor.executemany("UPDATE orgs_plan SET sso = %s", [(True,), (False,)])
            assert cursor.rowcount == 2 * len(plans)

    serve(work)


def test_a_slow_statement_is_ended_and_the_connection_goes_on() -> None:
    def work() -> None:
        kept = connection.connection
        with statements_within(0.2), pytest.raises(DatabaseError, match="statement timeout"):
            sleep(20)
        assert Plan.objects.count() > 0
        assert connection.connection is kept

    connection.ensure_connection()
    serve(work)


def test_an_inner_deadline_counts_for_transactions_that_begin_in_it() -> None:
    with statements_within(15):
        with statements_within(60):
            assert value_of("statement_timeout") == "1min"
        assert value_of("statement_timeout") == "15s"


def test_a_server_that_says_nothing_is_given_up(proxy: Proxy) -> None:
    connection.ensure_connection()
    proxy.hangs = True
    began = time.monotonic()
    with statements_within(0.3):
        with pytest.raises(DatabaseError, match="did not respond in time"):
            Plan.objects.count()
        # What the same request tries after that does not wait again, not even for a new connection.
        with pytest.raises(InterfaceError):
            Plan.objects.count()
    assert 0.7 < time.monotonic() - began < 2
    proxy.heal()
    connection.close()  # as the next request does
    assert Plan.objects.count() > 0


def test_a_server_that_takes_connections_and_says_nothing_is_given_up(proxy: Proxy) -> None:
    connection.close()
    proxy.hangs = True
    began = time.monotonic()
    with pytest.raises(DatabaseError, match="did not respond in time"):
        connection.ensure_connection()
    assert 2.5 < time.monotonic() - began < 4
