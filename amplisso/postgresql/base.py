"""Where Django looks for a database's wrapper."""

from __future__ import annotations

import time

from django.db.backends.postgresql import base

# Seconds. A server that was restarted since then costs one request an error; longer ago is asked first.
_STILL_ALIVE = 5.0


class DatabaseWrapper(base.DatabaseWrapper):
    """Doesn't ask a connection that has answered a moment ago whether it still lives: a round trip for each request."""

    _answered_at = float("-inf")

    def close_if_unusable_or_obsolete(self) -> None:
        """Called between requests."""
        if self.health_check_done:
            self._answered_at = time.monotonic()
        super().close_if_unusable_or_obsolete()

    def close_if_health_check_failed(self) -> None:
        """Called before the first statement of a request."""
        if time.monotonic() - self._answered_at < _STILL_ALIVE:
            self.health_check_done = True
        super().close_if_health_check_failed()
