"""Functions and middleware that make the responses of pages."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

if TYPE_CHECKING:
    from django.db.models import QuerySet

from orgs.errors import LockedKeyError

logger = logging.getLogger(__name__)

PAGE_LENGTH = 50
View = Callable[..., HttpResponseBase]


def see_other(name: str, *args: object, query: dict[str, str] | None = None) -> HttpResponse:
    """Return a 303 to a page of ours in response to a POST, so that Reload sends nothing twice."""
    path = reverse(name, args=args)
    return HttpResponseRedirect(f"{path}?{urlencode(query)}" if query else path, status=303)


def post_to(page: str, *parts: str, query: dict[str, str] | None = None) -> Callable[[View], View]:
    """Return a view for POST alone; a GET is redirected to the page of its form, and changes nothing.

    Addresses of forms are opened after signing in again, by Enter in the address bar where a form came back with
    errors, and from the page about a form that is too old. `page` is the name of that page, `parts` are those of the
    form's own address that it takes. Other methods get 405.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            if request.method not in {"GET", "HEAD"}:
                return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
            # Not from kwargs: the guard of an organization's pages has taken the slug out.
            here = request.resolver_match.kwargs if request.resolver_match else {}
            return see_other(page, *(here[part] for part in parts), query=query)

        return answer

    return decorate


def not_allowed(request: HttpRequest, methods: str, template: str, context: dict[str, Any]) -> HttpResponse:
    """Return a 405 with a page; `methods` are those that the address takes, as the Allow header has them."""
    response = render(request, template, context, status=405)
    response["Allow"] = methods
    add_never_cache_headers(response)
    return response


def show(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Render a page; with 422 if it is a form that came back with errors."""
    return render(request, template, context, status=422 if request.method == "POST" else 200)


def page_of(request: HttpRequest, rows: QuerySet[Any] | Sequence[Any]) -> Page[Any]:
    """Return the page that `?page=` asks for, or the nearest one there is."""
    return Paginator(rows, PAGE_LENGTH).get_page(request.GET.get("page"))


class LockedSecrets:
    """Middleware: answer 503 where a stored second factor can't be decrypted, which only an operator can mend."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Explain a LockedKeyError; any other exception goes on."""
        if not isinstance(exception, LockedKeyError):
            return None
        logger.error(
            "A second factor can't be decrypted: put the key back into KEY_ENCRYPTION_KEYS or SECRET_KEY_FALLBACKS"
        )
        response = render(request, "orgs/refused/secrets_locked.html", status=503)
        response["Retry-After"] = "600"
        return response


def see_other_after_post(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Middleware: pages that are not ours (accounts, the Django admin) redirect with 302 after a POST; 303 is meant."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.method == "POST" and response.status_code == 302:  # noqa: PLR2004
            response.status_code = 303
        return response

    return answer


def explain_not_allowed(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Middleware: say on a page what a 405 means, since browsers show an empty one as an error of their own."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and "text/html" in request.headers.get("Accept", ""):
            response.content = render_to_string("405.html", request=request)  # the Allow header stays
            add_never_cache_headers(response)
        return response

    return answer
