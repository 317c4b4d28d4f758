"""The heartbeat of a worker: a row that says when it was last seen."""

from __future__ import annotations

import logging
import threading
from typing import Final

from django.db import DatabaseError, connections
from django.utils import timezone

from database.deadlines import statements_within
from jobs.models import Worker

_EVERY: Final = 10.0  # seconds

logger = logging.getLogger(__name__)


class Heartbeat(threading.Thread):
    """A thread that writes the row of one worker every ten seconds, also while a long task runs."""

    def __init__(self, name: str) -> None:
        super().__init__(daemon=True, name="heartbeat")
        self._worker = name
        self._started_at = timezone.now()
        self._ended = threading.Event()

    def run(self) -> None:
        """Write the row until `end` is called."""
        self._beat()
        while not self._ended.wait(_EVERY):
            self._beat()

    def end(self) -> None:
        """Stop, and delete the row, so that pages know at once that this worker is gone."""
        self._ended.set()
        self.join(_EVERY)
        try:
            Worker.objects.filter(name=self._worker).delete()
        except DatabaseError:
            logger.warning("The row of worker %s could not be deleted; it counts as gone in a minute", self._worker)

    def _beat(self) -> None:
        """Write the row once. A database that fails is the concern of the worker itself, which says so in the log."""
        try:
            with statements_within(_EVERY):
                Worker.objects.update_or_create(
                    name=self._worker,
                    defaults={"seen_at": timezone.now()},
                    create_defaults={"seen_at": timezone.now(), "started_at": self._started_at},
                )
        except DatabaseError:
            logger.debug("No heartbeat: the database does not answer", exc_info=True)
        finally:
            connections.close_all()  # those of this thread
