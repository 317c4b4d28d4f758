"""/healthz and /readyz: what they respond, to whom they say why, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NoReturn

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from amplisso.caches import cache_settings
from amplisso.health import checks
from jobs.models import Worker
from orgs.models import User
from outbox.models import Message
from outbox.services import post_mail
from tests.conftest import SignedIn

TOKEN = "metrics-token-of-the-tests-0123456789"
FORWARDED = {"X-Forwarded-For": "127.0.0.1"}


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without results of another test."""
    monkeypatch.setattr(checks._Kept, "health", None)


@pytest.fixture
def a_worker(db: None) -> None:
    """A worker that was seen just now."""
    Worker.objects.create(name="worker", started_at=timezone.now(), seen_at=timezone.now())


@pytest.fixture
def broken_database(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database that fails each statement."""
    monkeypatch.setattr(connection, "is_usable", lambda: False)

    def fail(*args: object) -> NoReturn:
        raise OperationalError("gone")

    with connection.execute_wrapper(fail):
        yield


class TestHealthz:
    def test_it_asks_neither_the_session_nor_the_database(
        self, admin: User, client_of: SignedIn, django_assert_num_queries: Any
    ) -> None:
        browser = client_of(admin)
        with django_assert_num_queries(0):
            answer = browser.get("/healthz")
        assert (answer.status_code, answer.content) == (200, b"ok\n")
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")

    def test_it_responds_under_any_host_name(self, db: None) -> None:
        assert Client(headers={"host": "10.0.0.7"}).get("/healthz").status_code == 200

    def test_it_is_for_reading(self, visitor: Client) -> None:
        assert visitor.post("/healthz").status_code == 405
        assert visitor.head("/healthz").status_code == 200


@pytest.mark.usefixtures("a_worker")
class TestReadyz:
    def test_all_is_well(self, visitor: Client) -> None:
        answer = visitor.get("/readyz", headers=FORWARDED)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert "no-store" in answer["Cache-Control"]

    def test_without_a_database_it_is_unavailable(self, visitor: Client, broken_database: None) -> None:
        answer = visitor.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
        assert {"name": "database", "problem": "The database does not respond."} in answer.json()["checks"]

    def test_without_a_migration_it_is_unavailable(self, visitor: Client) -> None:
        app, name = next(iter(checks._latest_migrations()))
        MigrationRecorder(connection).record_unapplied(app, name)
        answer = visitor.get("/readyz")
        assert answer.status_code == 503
        assert "Migrations are missing: run `manage.py migrate`." in answer.text

    @pytest.mark.parametrize(
        ("broken", "name", "problem"),
        [
            ("cache", "cache_table", "The table of the cache is missing: run `manage.py createcachetable`."),
            ("redis", "redis", "Redis does not respond; rate limits are counted in the database."),
            ("worker", "worker", "No worker runs: start `manage.py worker`."),
            ("queue", "queue", "A message has been waiting for 6 minutes."),
            ("disk", "disk", "MB are free in"),
        ],
    )
    def test_what_it_can_do_without_is_degraded(
        self, visitor: Client, settings: Any, monkeypatch: pytest.MonkeyPatch, broken: str, name: str, problem: str
    ) -> None:
        _break(broken, settings, monkeypatch)
        answer = visitor.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        (found,) = [each for each in answer.json()["checks"] if each["problem"]]
        assert found["name"] == name
        assert problem in found["problem"]

    def test_results_are_kept_for_a_second(self, visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        runs: list[int] = []
        monkeypatch.setattr(checks, "run_checks", lambda: runs.append(1) or checks.Health((), ()))
        for _ in range(5):
            visitor.get("/readyz")
        assert len(runs) == 1
        monkeypatch.setattr(checks._Kept, "until", 0.0)
        visitor.get("/readyz")
        assert len(runs) == 2

    @pytest.mark.parametrize("before", [None, checks.Health((), ())])
    def test_no_request_waits_for_the_checks_of_another(
        self, visitor: Client, monkeypatch: pytest.MonkeyPatch, before: checks.Health | None
    ) -> None:
        """Else a database that hangs takes every thread, and that of /healthz with them."""
        monkeypatch.setattr(checks._Kept, "health", before)
        with checks._Kept.lock:
            assert visitor.get("/readyz").json()["status"] == ("ok" if before else "unavailable")


def _break(what: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if what == "disk":
        monkeypatch.setattr(checks, "_MIN_FREE", 10**18)
        return
    if what == "worker":
        Worker.objects.update(seen_at=timezone.now() - timedelta(minutes=2))
        return
    if what == "queue":
        message = post_mail(name="hello", to="ada@contoso.example", parameters={"subject": "Hello", "body": ""})
        Message.objects.filter(pk=message.pk).update(next_try_at=timezone.now() - timedelta(minutes=6, seconds=30))
        return
    if what == "cache":
        settings.CACHE_TABLE = "nowhere"
        return
    settings.CACHES = cache_settings(table=settings.CACHE_TABLE, redis_url="redis://127.0.0.1:1/0")


class TestDetails:
    @pytest.mark.parametrize(
        ("headers", "address", "seen"),
        [
            ({}, "127.0.0.1", True),
            ({}, "::1", True),
            ({}, "192.0.2.1", False),
            ({}, "", False),  # a Unix socket
            ({"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", False),
            ({"X-Forwarded-Proto": "https"}, "127.0.0.1", False),
            ({"Forwarded": "for=127.0.0.1"}, "127.0.0.1", False),
            ({"X-Real-IP": "127.0.0.1"}, "127.0.0.1", False),
            ({"X-Forwarded-Port": "443"}, "127.0.0.1", False),
            ({"CF-Connecting-IP": "127.0.0.1"}, "127.0.0.1", False),
            ({"Authorization": f"Bearer {TOKEN}", **FORWARDED}, "192.0.2.1", True),
            ({"Authorization": f"Bearer {TOKEN}x", **FORWARDED}, "192.0.2.1", False),
            ({"Authorization": "Bearer é", **FORWARDED}, "192.0.2.1", False),
            ({"Authorization": "Bearer ", **FORWARDED}, "192.0.2.1", False),
        ],
    )
    def test_who_sees_them(
        self, visitor: Client, settings: Any, headers: dict[str, str], address: str, seen: bool
    ) -> None:
        settings.METRICS_TOKEN = TOKEN
        answer = visitor.get("/readyz", headers=headers, REMOTE_ADDR=address)
        assert ("checks" in answer.json()) is seen

    def test_behind_a_known_proxy_no_request_is_local(self, visitor: Client, settings: Any) -> None:
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        assert "checks" not in visitor.get("/readyz", REMOTE_ADDR="127.0.0.1").json()

    def test_without_a_token_nobody_can_bring_it(self, visitor: Client, settings: Any) -> None:
        settings.METRICS_TOKEN = ""
        answer = visitor.get("/readyz", headers={"Authorization": "Bearer ", **FORWARDED})
        assert "checks" not in answer.json()


class TestCommand:
    def test_check_deploy_says_what_readyz_says(self, db: None, settings: Any, capsys: pytest.CaptureFixture) -> None:
        app, name = next(iter(checks._latest_migrations()))
        MigrationRecorder(connection).record_unapplied(app, name)
        with pytest.raises(SystemCheckError, match=r"\(health\.migrations\) Migrations are missing"):
            call_command("check", "--deploy", tags=["health"])

    def test_what_is_degraded_is_no_error(
        self, db: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
    ) -> None:
        monkeypatch.setattr(checks, "_MIN_FREE", 10**18)
        call_command("check", "--deploy", tags=["health"])
        assert "(health.disk)" in capsys.readouterr().err
