"""A kept connection that the server, a pooler or a firewall has ended in the meantime costs no visitor an error."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from database.deadlines import limit_statements
from database.idle_connections import has_ended, use_live_connection
from orgs.models import Organization, Plan
from tests.conftest import SignedIn
from tests.faults.proxy import Proxy

LONGEST = 30  # seconds that any part of a test may wait

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connection that could be lost"),
]


def end_kept_connection() -> None:
    """Let the server end the kept connection, as a restart does."""
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid

    def end() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(end).result(LONGEST)


def serve(work: Callable[[], object]) -> HttpResponse:
    """Do some work as the whole of a request."""

    def view(request: HttpRequest) -> HttpResponse:
        work()
        return HttpResponse()

    return use_live_connection(view)(HttpRequest())


def test_a_connection_that_the_server_has_ended_is_replaced(organization: Organization, client_of: SignedIn) -> None:
    browser = client_of(organization.memberships.get().user)
    assert browser.get("/session").status_code == 200
    end_kept_connection()
    assert has_ended(connection.connection)
    assert browser.get("/session").status_code == 200


def test_asking_costs_no_statement(visitor: Client) -> None:
    connection.ensure_connection()
    kept = connection.connection
    with CaptureQueriesContext(connection) as captured:
        serve(Plan.objects.count)
    assert len(captured) == 1
    assert connection.connection is kept


def test_a_connection_that_a_firewall_forgot_is_replaced(
    organization: Organization, client_of: SignedIn, proxy: Proxy
) -> None:
    browser = client_of(organization.memberships.get().user)
    assert browser.get("/session").status_code == 200
    proxy.forget()
    assert not has_ended(connection.connection)
    assert browser.get("/session").status_code == 200


def test_only_the_first_statement_is_tried_again(proxy: Proxy) -> None:
    def work() -> None:
        Plan.objects.count()
        proxy.forget()
        Plan.objects.count()

    connection.ensure_connection()
    with pytest.raises(DatabaseError):
        serve(work)


def test_no_more_than_once(proxy: Proxy) -> None:
    connection.ensure_connection()
    proxy.refuse()
    with pytest.raises(DatabaseError):
        serve(Plan.objects.count)
    proxy.heal()
    assert serve(Plan.objects.count).status_code == 200


def test_nothing_that_writes_is_tried_again(proxy: Proxy) -> None:
    connection.ensure_connection()
    proxy.forget()
    with pytest.raises(DatabaseError):
        serve(lambda: Plan.objects.update(name="twice"))
    connection.close()
    assert not Plan.objects.filter(name="twice").exists()


def test_no_transaction_is_tried_again(proxy: Proxy) -> None:
    def work() -> None:
        with transaction.atomic():
            Plan.objects.count()

    connection.ensure_connection()
    proxy.forget()
    with pytest.raises(DatabaseError):
        serve(work)


def test_an_error_of_a_living_connection_is_raised() -> None:
    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(2)")

    connection.ensure_connection()
    kept = connection.connection
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '100ms'")
    with pytest.raises(DatabaseError, match="statement timeout"):
        serve(work)
    assert connection.connection is kept
    connection.close()


def test_a_server_that_does_not_respond_is_not_tried_again(proxy: Proxy, settings: Any) -> None:
    settings.STATEMENT_SECONDS = 0.2
    connection.ensure_connection()
    proxy.hangs = True
    began = time.monotonic()
    with pytest.raises(DatabaseError, match="did not respond in time"):
        serve(lambda: limit_statements(lambda _: HttpResponse(str(Plan.objects.count())))(HttpRequest()))
    assert time.monotonic() - began < 3
