"""Middleware that makes hidden characters in pages visible."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from orgs.text.visible_text import visible


def show_hidden_characters(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: write hidden and bidirectional characters of every HTML page as their code points.

    Our own templates have none, so this covers all text of others in one place: members, logs, messages, titles, fields
    and the Django admin (docs/design.md, "Text of others").
    """

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if isinstance(response, HttpResponse) and response.get("Content-Type", "").startswith("text/html"):
            _make_visible(response)
        return response

    return respond


def _make_visible(response: HttpResponse) -> None:
    text = response.content.decode(response.charset)
    shown = visible(text)
    if shown == text:
        return
    response.content = shown.encode(response.charset)
    if response.has_header("Content-Length"):
        response["Content-Length"] = str(len(response.content))
