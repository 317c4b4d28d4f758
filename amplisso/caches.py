"""The cache, in which rate limits are counted: a table, or Redis, and the table while Redis fails."""

from __future__ import annotations

import logging
import time
from typing import Any, Final

from django.core.cache import BaseCache, caches
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

# The aliases of the two in settings.CACHES.
REDIS: Final = "redis"
DATABASE: Final = "database"
# A connection that Redis closed while it was idle is opened again; a Redis that does not answer is not asked twice.
_REDIS_OPTIONS: Final = {
    "socket_connect_timeout": 1,  # seconds
    "socket_timeout": 1,
    "retry": Retry(NoBackoff(), 1, (RedisConnectionError,)),
}
_REST: Final = 3.0  # seconds in which a Redis that failed is not asked, so that not every request waits for it
_log = logging.getLogger(__name__)


def cache_settings(*, table: str, redis_url: str) -> dict[str, dict[str, Any]]:
    """Return the setting CACHES for a table of the database, with Redis in front unless `redis_url` is ""."""
    in_table = {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": table,
        # Django drops rows that are still needed when there are too many; this is too high to be filled on purpose.
        "OPTIONS": {"MAX_ENTRIES": 1_000_000, "CULL_FREQUENCY": 100},
    }
    if not redis_url:
        return {"default": in_table}
    in_redis = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis_url,
        "OPTIONS": _REDIS_OPTIONS,
    }
    return {"default": {"BACKEND": "amplisso.caches.RedisOrDatabase"}, REDIS: in_redis, DATABASE: in_table}


class _Failure:
    """Until when this process leaves Redis alone, in seconds of `time.monotonic`; 0.0 while it answers."""

    until = 0.0


class RedisOrDatabase(BaseCache):
    """A cache that asks Redis, and the table of the other cache while Redis fails.

    Each of the two counts for itself, so a limit begins anew when one takes over from the other. Nothing that has to be
    true is kept here: sessions, grants and the limits on wrong passwords are rows.
    """

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(self, *args: Any, **options: Any) -> bool:
        """Set a value unless there is one; return whether it was set."""
        return bool(_ask("add", *args, **options))

    def get(self, *args: Any, **options: Any) -> Any:
        """Return a value, or the default."""
        return _ask("get", *args, **options)

    def set(self, *args: Any, **options: Any) -> None:
        """Set a value."""
        _ask("set", *args, **options)

    def touch(self, *args: Any, **options: Any) -> bool:
        """Set the end of a value; return whether there is one."""
        return bool(_ask("touch", *args, **options))

    def delete(self, *args: Any, **options: Any) -> bool:
        """Delete a value; return whether there was one."""
        return bool(_ask("delete", *args, **options))

    def clear(self) -> None:
        """Delete all values."""
        _ask("clear")


def _ask(method: str, *args: Any, **options: Any) -> Any:
    """Ask Redis, or the table while Redis fails.

    After a failure only a write leads back to Redis. A Redis that can be read but not written to has old counts or
    none; a limit that read them would begin anew and write that over the count in the table.
    """
    if not _Failure.until or (method != "get" and time.monotonic() >= _Failure.until):
        try:
            answer = getattr(caches[REDIS], method)(*args, **options)
        except RedisError as error:
            _note_failure(error)
        else:
            _note_answer()
            return answer
    return getattr(caches[DATABASE], method)(*args, **options)


def _note_failure(error: RedisError) -> None:
    """Leave Redis alone for a while, and write one line when that begins."""
    if not _Failure.until:
        _log.error("Redis did not answer, rate limits count in the database: %s", " ".join(str(error).split()))
    _Failure.until = time.monotonic() + _REST


def _note_answer() -> None:
    if _Failure.until:
        _Failure.until = 0.0
        _log.warning("Redis answers again.")
