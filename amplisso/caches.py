"""The cache, which rate limits count in: Redis, and the database as long as Redis fails."""

from __future__ import annotations

import logging
import time
from typing import Any, Final

from django.core.cache import BaseCache, caches
from redis.exceptions import RedisError

# The aliases of the two in settings.CACHES.
REDIS: Final = "redis"
DATABASE: Final = "database"
_REST: Final = 3.0  # seconds in which a Redis that failed is not asked, so that not every request waits for it
_log = logging.getLogger(__name__)


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
    if time.monotonic() >= _Failure.until:
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
