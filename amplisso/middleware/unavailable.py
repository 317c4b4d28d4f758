"""503 with Retry-After where the database fails for a time, which is no bug of a page."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

from django.core.signals import got_request_exception
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from database import faults
from orgs.errors import OutdatedError

RETRY_AFTER = 5  # seconds
_MARK = "unavailable_reference"
_log = logging.getLogger(__name__)


def unavailable(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Middleware: answer 503 in place of the 500 that Django made of a temporary fault.

    Django turns an exception into a response behind each middleware, so none of them sees it; its signal does.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        reference = getattr(request, _MARK, "")
        return _unavailable(request, reference) if reference else response

    return answer


def temporary_fault(error: BaseException | None) -> str:
    """Return what happened to a request, as the log says it before its method and path; "" for a fault of ours."""
    if isinstance(error, OutdatedError):
        return "the data changed twice during"
    return "the database did not answer" if faults.is_temporary(error) else ""


@receiver(got_request_exception)
def note_unavailable(request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Give the request a reference code, and write the one line of the log that has it."""
    error = sys.exc_info()[1]
    fault = temporary_fault(error)
    if error is None or request is None or hasattr(request, _MARK) or not fault:
        return
    # The settings name this module before the models can be imported.
    from sso.services.sign_in.start import new_reference

    reference = new_reference()
    setattr(request, _MARK, reference)
    cause = str(error) or str(error.__cause__ or "no cause given")
    _log.error("%s: %s %s %s: %s", reference, fault, request.method, _on_one_line(request.path), _first_line(cause))


def _first_line(text: str) -> str:
    """Return the database's message without its details, which quote rows and so personal data."""
    return _on_one_line(text.strip().split("\n", 1)[0])


def _on_one_line(text: str) -> str:
    """Return a text that can neither begin another line of the log nor control a terminal."""
    return text.encode("unicode_escape").decode()


class OneLine(logging.Filter):
    """A filter that leaves out Django's record of a request about which `note_unavailable` has written a line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is written; `record` is one of `django.request`."""
        return not hasattr(getattr(record, "request", None), _MARK)


def _unavailable(request: HttpRequest, reference: str) -> HttpResponse:
    response: HttpResponse
    if request.path == reverse("session"):
        error = "We could not finish this just now. Try again in a few seconds."
        response = JsonResponse({"error": error, "reference": reference}, status=503)
    else:
        response = HttpResponse(render_to_string("503.html", {"reference": reference}), status=503)
    response["Retry-After"] = str(RETRY_AFTER)
    add_never_cache_headers(response)
    return response
