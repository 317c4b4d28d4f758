"""/healthz and /readyz, which monitors and orchestrators ask."""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse
from django.utils.cache import add_never_cache_headers

from amplisso.health.checks import recent_health

# A proxy adds a header that begins with one of these, even for local visitors; its name is in title case.
_FORWARDED: Final = ("Forwarded", "X-Forwarded-", "X-Real-", "X-Client-", "X-Original-", "Cf-", "True-Client-", "Via")


def respond_to_probes(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Middleware: respond to /healthz and /readyz before anything else asks the session or the database.

    A cookie, a Host header or a database that hangs must not decide whether a process counts as alive.
    """

    def respond(request: HttpRequest) -> HttpResponseBase:
        probe = PROBES.get(request.path)
        if probe is None:
            return get_response(request)
        return probe(request) if request.method in {"GET", "HEAD"} else HttpResponseNotAllowed(["GET", "HEAD"])

    return respond


def healthz(_request: HttpRequest) -> HttpResponse:
    """Respond with 200: this process runs. It asks nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Respond with 200 if requests can be served, else 503.

    JSON: `{"status": "ok" | "degraded" | "unavailable"}`, and for those who may see it `"checks": [{"name": str,
    "problem": str}]`, with "" for no problem.
    """
    health = recent_health()
    content: dict[str, Any] = {"status": health.status}
    if may_see_details(request):
        content["checks"] = [result._asdict() for result in (*health.required, *health.watched)]
    is_unavailable = health.status == "unavailable"
    response = JsonResponse(content, status=HTTPStatus.SERVICE_UNAVAILABLE if is_unavailable else HTTPStatus.OK)
    add_never_cache_headers(response)
    return response


def may_see_details(request: HttpRequest) -> bool:
    """Return whether a request brings METRICS_TOKEN, or comes from this machine itself.

    Behind a proxy on the same machine every visitor has its address, 127.0.0.1. So where TRUSTED_PROXY_COUNT names a
    proxy, or a request has any header that proxies add, no request counts as local.
    """
    given = request.headers.get("Authorization", "").encode()
    if settings.METRICS_TOKEN and compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode()):
        return True
    is_direct = not settings.ALLAUTH_TRUSTED_PROXY_COUNT and not any(
        name.startswith(_FORWARDED) for name in request.headers
    )
    return is_direct and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False  # a Unix socket has no address: a proxy is in front of it


PROBES: Final[dict[str, Callable[[HttpRequest], HttpResponse]]] = {"/healthz": healthz, "/readyz": readyz}
