"""A database that is locked, slow or gone: 503 with Retry-After, one line in the log, and no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, connections, transaction
from django.http import HttpRequest
from django.test import Client, RequestFactory

from amplisso.middleware.unavailable import note_unavailable, temporary_fault
from audit.actors import COMMAND_LINE
from audit.events import EventName
from audit.models import Event
from orgs.errors import OutdatedError
from orgs.models import Organization
from orgs.services import locks, organizations
from orgs.transactions import atomic, twice
from tests.conftest import MakeOrganization, SignedIn

ROOT = Path(__file__).parents[2]
REFERENCE = r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}"
LONGEST = 30  # seconds that any part of a test may wait

on_postgresql = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time anyway"),
]


def lines_in(text: str) -> list[str]:
    return [line for line in text.splitlines() if "ERROR" in line]


class TestSQLite:
    SCRIPT = """
import sqlite3, sys, json, django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.test import Client
call_command("migrate", verbosity=0)
path = connection.settings_dict["NAME"]
connection.close()
connection.settings_dict["OPTIONS"]["timeout"] = 0.2
other = sqlite3.connect(path, isolation_level=None)
other.execute("BEGIN IMMEDIATE")
browser = Client(headers={"host": "amplisso.example"}, raise_request_exception=False)
browser.defaults["wsgi.url_scheme"] = "https"
answer = browser.post("/account/login/", {"login": "ada@contoso.example", "password": "wrong"})
other.rollback()
after = browser.post("/account/login/", {"login": "ada@contoso.example", "password": "wrong"})
print(json.dumps([answer.status_code, dict(answer.headers), answer.content.decode(), after.status_code]))
"""

    def test_a_locked_database_is_503_with_one_line(self, tmp_path: Path) -> None:
        environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{tmp_path / 'locked.sqlite3'}",
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }
        run = subprocess.run(
            [sys.executable, "-c", self.SCRIPT],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        status, headers, page, status_after = json.loads(run.stdout)
        assert (status, headers["Retry-After"]) == (503, "5")
        assert "no-store" in headers["Cache-Control"]
        assert "We could not finish this just now" in page
        (line,) = lines_in(run.stderr)
        assert "the database did not answer POST /account/login/: database is locked" in line
        assert line.split(" ERROR amplisso.middleware.unavailable ")[1][:14] in page
        assert "Traceback" not in run.stderr
        assert status_after == 200


@contextmanager
def another_transaction_holds(organization: Organization) -> Iterator[None]:
    """Hold the organization's lock on a connection of its own."""
    held, done = Barrier(2), Barrier(2)

    def hold() -> None:
        try:
            with transaction.atomic():
                locks.hold_organization(organization)
                held.wait(LONGEST)
                done.wait(LONGEST)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        held.wait(LONGEST)
        try:
            yield
        finally:
            done.wait(LONGEST)
            holding.result(LONGEST)


class TestPostgreSQL:
    pytestmark = on_postgresql

    def test_a_lock_that_is_not_freed_is_503(
        self, organization: Organization, client_of: SignedIn, caplog: pytest.LogCaptureFixture, settings: Any
    ) -> None:
        browser = client_of(organization.memberships.get().user)
        browser.raise_request_exception = False
        path = f"/o/{organization.slug}/settings/general/session-length"
        settings.LOCK_SECONDS = 0.2
        with another_transaction_holds(organization):
            answer = browser.post(path, {"hours": "3"})
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert "no-store" in answer["Cache-Control"]
        (line,) = (record.getMessage() for record in caplog.records if record.levelname == "ERROR")
        reference = line.split(":")[0]
        assert "canceling statement due to lock timeout" in line
        assert reference in answer.text
        assert browser.post(path, {"hours": "3"}).status_code == 303

    def test_a_lost_connection_is_503_in_json_where_json_was_asked_for(
        self, organization: Organization, client_of: SignedIn, caplog: pytest.LogCaptureFixture
    ) -> None:
        browser = client_of(organization.memberships.get().user)
        browser.raise_request_exception = False
        assert browser.get("/session").status_code == 200
        with connection.execute_wrapper(end_connection_before_second_statement()):
            answer = browser.get("/session")
        assert (answer.status_code, answer["Content-Type"]) == (503, "application/json")
        assert answer["Retry-After"] == "5"
        assert answer.json()["error"] == "We could not finish this just now. Try again in a few seconds."
        (line,) = (record.getMessage() for record in caplog.records if record.levelname == "ERROR")
        assert line.startswith(answer.json()["reference"] + ": the database did not answer GET /session")
        connection.close()
        assert browser.get("/session").status_code == 200

    def test_a_deadlock_is_tried_once_more(self, make_organization: MakeOrganization) -> None:
        """Two services that take two locks in opposite order: both get done, and each is recorded once."""
        first, second = make_organization(), make_organization("Fabrikam")
        crossed = Barrier(2)
        starts: list[Organization] = []

        @atomic
        def change(one: Organization, other: Organization) -> None:
            starts.append(one)
            organizations.set_session_hours(organization=one, hours=2, actor=COMMAND_LINE)
            if len(starts) <= 2:
                crossed.wait(LONGEST)
            organizations.set_session_hours(organization=other, hours=3, actor=COMMAND_LINE)

        def run(one: Organization, other: Organization) -> None:
            try:
                change(one, other)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(run, first, second), pool.submit(run, second, first)]:
                done.result(LONGEST)
        assert len(starts) == 3
        assert Event.objects.filter(name=EventName.SESSION_LENGTH_CHANGED).count() == 4


def end_connection_before_second_statement() -> Callable[..., Any]:
    """Wrap the statements of a request: the server ends their connection in the middle of it."""
    seen: list[str] = []

    def run(execute: Callable[..., Any], sql: str, *others: Any) -> Any:
        seen.append(sql)
        if len(seen) == 2:
            end_connection(connection.connection.info.backend_pid)
        return execute(sql, *others)

    return run


def end_connection(pid: int) -> None:
    """Let the server end one connection, as a restart does."""

    def end() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(end).result(LONGEST)


def test_what_was_outdated_is_done_again_and_then_raised() -> None:
    calls = []

    def work() -> None:
        calls.append(1)
        raise OutdatedError

    with pytest.raises(OutdatedError):
        twice(work)
    assert len(calls) == 2
    assert twice(work, again=lambda: 7) == 7


def test_any_other_error_of_the_database_is_not_repeated() -> None:
    calls = []

    def work() -> None:
        calls.append(1)
        raise OperationalError("the disk is full")

    with pytest.raises(OperationalError):
        twice(work)
    assert len(calls) == 1


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has another error for it")
def test_a_missing_table_stays_a_fault_of_ours(visitor: Client) -> None:
    with pytest.raises(OperationalError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM nowhere")
    assert temporary_fault(caught.value) == ""


class TestReadOnly:
    pytestmark = on_postgresql

    def test_a_server_that_takes_no_writes_for_now_is_unavailable(self) -> None:
        """A standby, which a failover has not yet promoted, answers like this."""
        write = "CREATE TABLE written (id integer)"
        assert temporary_fault(error_of("SET TRANSACTION READ ONLY", write)) == "the database did not answer"

    def test_a_missing_table_is_a_fault_of_ours(self) -> None:
        assert temporary_fault(error_of("SELECT * FROM nowhere")) == ""


def error_of(*statements: str) -> DatabaseError:
    """Return the error with which a transaction of these statements ends."""
    with pytest.raises(DatabaseError) as caught:
        _run(statements)
    return caught.value


def _run(statements: Sequence[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_any_other_error_is_a_fault_of_ours() -> None:
    assert temporary_fault(ValueError()) == ""


@contextmanager
def noting(request: HttpRequest) -> Iterator[None]:
    """Tell the middleware of an exception, as Django's signal does."""
    try:
        yield
    except OperationalError:
        note_unavailable(request=request)
        raise


def test_a_path_cannot_write_lines_of_its_own(rf: RequestFactory, caplog: pytest.LogCaptureFixture) -> None:
    request = rf.get("/o/x%0A2026-11-29 ERROR forged%1b[31m/")
    fault = OperationalError("deadlock detected\nDETAIL:  Key (email)=(ada@contoso.example)")
    with pytest.raises(OperationalError), noting(request):
        raise fault
    (line,) = [record.getMessage() for record in caplog.records]
    assert "\n" not in line
    assert "\x1b" not in line
    assert "deadlock detected" in line
    assert "ada@" not in line
