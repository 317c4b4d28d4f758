"""How pages answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

if TYPE_CHECKING:
    from django.db.models import QuerySet

PAGE_LENGTH = 50


def see_other(name: str, *args: object, query: dict[str, str] | None = None) -> HttpResponse:
    """Answer a POST: 303 to a page of ours, so that Reload sends nothing twice."""
    path = reverse(name, args=args)
    return HttpResponseRedirect(f"{path}?{urlencode(query)}" if query else path, status=303)


def show(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Render a page; with 422 if it is a form that came back with errors."""
    return render(request, template, context, status=422 if request.method == "POST" else 200)


def page_of(request: HttpRequest, rows: QuerySet[Any]) -> Page[Any]:
    """The page that `?page=` asks for, or the nearest one there is."""
    return Paginator(rows, PAGE_LENGTH).get_page(request.GET.get("page"))


def see_other_after_post(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Middleware: pages that are not ours (accounts, the Django admin) redirect with 302 after a POST; 303 is meant."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.method == "POST" and response.status_code == 302:  # noqa: PLR2004
            response.status_code = 303
        return response

    return answer
