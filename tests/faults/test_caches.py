"""Rate limits count in Redis, and in the database while Redis is gone or hangs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache, caches
from django.db import connection
from django.test.utils import CaptureQueriesContext

from amplisso import caches as ours
from tests.faults.proxy import Proxy, proxy_to
from tests.faults.servers import redis_server

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Redis."""
    with redis_server(tmp_path_factory.mktemp("redis")) as port:
        yield port


@pytest.fixture
def redis(redis_port: int, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy through which the cache reaches Redis."""
    monkeypatch.setattr(ours._Failure, "until", 0.0)
    with proxy_to("127.0.0.1", redis_port) as proxy:
        settings.CACHES = ours.cache_settings(table=settings.CACHE_TABLE, redis_url=f"redis://127.0.0.1:{proxy.port}/0")
        cache.clear()
        yield proxy
        caches["redis"].close()


def test_redis_counts_while_it_answers(redis: Proxy) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert cache.add("tries", 1)
        assert not cache.add("tries", 2)
        assert cache.get("tries") == 1
        assert cache.delete("tries")
        assert cache.get("tries", "none") == "none"
    assert len(captured) == 0


def test_the_database_counts_while_redis_is_gone(
    redis: Proxy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cache.set("tries", 1)
    redis.refuse()
    began = time.monotonic()
    assert cache.get("tries", 0) == 0
    cache.set("tries", 7)
    assert cache.get("tries") == 7
    assert cache.touch("tries", 60)
    assert time.monotonic() - began < 2
    redis.heal()
    monkeypatch.setattr(ours, "_REST", 0.0)
    ours._Failure.until = time.monotonic()
    # A Redis that can be read but not written to would bring old counts back, or none.
    assert cache.get("tries") == 7
    cache.set("others", 1)
    assert cache.get("tries") == 1
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert said[0].startswith("Redis did not answer, rate limits count in the database: ")
    assert said[1] == "Redis answers again."


def test_a_redis_that_hangs_is_waited_for_once_and_for_a_second(redis: Proxy) -> None:
    cache.set("tries", 1)
    redis.hangs = True
    began = time.monotonic()
    for tries in range(10):
        cache.set("tries", tries)
    assert cache.get("tries") == 9
    assert 0.9 < time.monotonic() - began < 3


def test_a_redis_that_was_restarted_in_the_meantime_is_asked_at_once(redis: Proxy) -> None:
    cache.set("tries", 3)
    redis.cut()
    time.sleep(0.2)
    assert cache.get("tries") == 3
    assert ours._Failure.until == 0.0
