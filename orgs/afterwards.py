"""Account mails leave when the visitor has the whole answer: its time then says nothing of whom we know."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import cast

from django.http import HttpRequest, HttpResponseBase

logger = logging.getLogger(__name__)
Work = Callable[[], None]


class LettersAfterwards:
    """Middleware: gives each request a queue, and works it off when the server closes the response (PEP 3333)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        queue: list[Work] = []
        request.letters = queue  # type: ignore[attr-defined]  # ours, for do_afterwards
        response = self.get_response(request)
        if queue:
            _close_after(response, queue)
        return response


def do_afterwards(request: HttpRequest | None, work: Work) -> None:
    """Do some work when the answer to this request is out; at once where there is no request, as in commands."""
    queue = cast("list[Work] | None", getattr(request, "letters", None))
    if queue is None:
        work()
    else:
        queue.append(work)


def _close_after(response: HttpResponseBase, queue: list[Work]) -> None:
    close = response.close

    def work_then_close() -> None:
        """Closing ends the request's database connection, so it comes last."""
        try:
            while queue:
                queue.pop(0)()
        except OSError:
            logger.exception("A mail could not be sent")
        finally:
            close()

    response.close = work_then_close  # type: ignore[method-assign]  # responses have no other hook that may fail aloud
