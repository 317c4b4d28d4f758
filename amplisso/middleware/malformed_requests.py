"""Requests that no page could read are refused before any page tries (invariant 7)."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.views.defaults import bad_request

_SESSION_KEY = re.compile(r"[a-z0-9]{1,40}")
_UTF_8 = {"utf-8", "utf8"}
_NUL = "\0"


def refuse_malformed(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Middleware: answer 400 where a request claims another encoding than UTF-8, or has a NUL in address or User-Agent.

    Python knows codecs that read no text (hex, idna), and PostgreSQL stores no NUL. A session cookie that none of our
    sessions could have is left out, as if it had not come.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        if not _is_well_formed(request):
            return bad_request(request, ValueError("not readable"))
        if not _SESSION_KEY.fullmatch(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        return get_response(request)

    return answer


def _is_well_formed(request: HttpRequest) -> bool:
    charset = (request.content_params or {}).get("charset", "utf-8").strip("\"'").lower()
    address = request.path_info + request.META.get("QUERY_STRING", "")
    kept = address + request.META.get("HTTP_USER_AGENT", "")
    return charset in _UTF_8 and _NUL not in kept and "%00" not in address
