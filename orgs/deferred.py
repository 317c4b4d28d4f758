"""Work that is done after the response was sent in full, so that its duration reveals nothing of what we know."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from database.deadlines import statements_within

Work = Callable[[], None]


class DeferredWork:
    """Middleware that runs deferred work after the response.

    It waits in a queue of the request, which is worked off when the server closes the response (PEP 3333).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        queue: list[Work] = []
        request.deferred = queue  # type: ignore[attr-defined]  # ours, for defer
        response = self.get_response(request)
        if queue:
            _close_after(response, queue)
        return response


def defer(request: HttpRequest | None, work: Work) -> None:
    """Do some work after the response to this request was sent; at once where there is no request, as in commands."""
    queue = cast("list[Work] | None", getattr(request, "deferred", None))
    if queue is None:
        work()
    else:
        queue.append(work)


def _close_after(response: HttpResponseBase, queue: list[Work]) -> None:
    close = response.close

    def work_then_close() -> None:
        """Do the work, then close the response, which ends the request's database connection."""
        try:
            with statements_within(settings.STATEMENT_SECONDS):
                while queue:
                    queue.pop(0)()
        finally:
            close()

    response.close = work_then_close  # type: ignore[method-assign]  # responses have no other hook that may fail aloud
