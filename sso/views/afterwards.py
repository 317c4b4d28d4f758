"""Work that must not show in the time an answer takes."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponseRedirect


class SeeOtherThen(HttpResponseRedirect):
    """303, and then some work: the server closes a response when the visitor has all of it (PEP 3333)."""

    status_code = 303

    def __init__(self, path: str, work: Callable[[], None] | None = None) -> None:
        super().__init__(path)
        self._work = work

    def close(self) -> None:
        """Do the work while the request's database connection is still there."""
        work, self._work = self._work, None
        try:
            if work is not None:
                work()
        finally:
            super().close()
