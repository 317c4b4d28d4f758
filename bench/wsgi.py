"""Calls of a WSGI application as a server makes them, without a network in between."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from http.cookies import SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

from bench.provider import HOST

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Reply(NamedTuple):
    """A response of the application."""

    status: int
    location: str
    cookies: dict[str, str]


def encoded(form: dict[str, str]) -> bytes:
    """Return a form as a browser sends it."""
    return urlencode(form).encode()


def call(
    application: Application, path: str, body: bytes | None = None, cookies: dict[str, str] | None = None
) -> Reply:
    """POST a body, or GET if there is none, over https, and read the response to its end."""
    environ = _environ(path, body, cookies or {})
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
        begun.append((status, headers))

    answer = application(environ, start_response)
    try:
        for _ in answer:
            pass
    finally:
        close = getattr(answer, "close", None)
        if close:
            close()
    ((status, headers),) = begun
    jar = SimpleCookie()
    for name, value in headers:
        if name.lower() == "set-cookie":
            jar.load(value)
    location = next((value for name, value in headers if name.lower() == "location"), "")
    return Reply(int(status.split()[0]), location, {name: each.value for name, each in jar.items()})


def _environ(path: str, body: bytes | None, cookies: dict[str, str]) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET" if body is None else "POST",
        "PATH_INFO": path,
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body or b"")),
        "HTTP_HOST": HOST,
        "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "REMOTE_ADDR": "192.0.2.1",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body or b""),
    }
    setup_testing_defaults(environ)
    environ["SERVER_PORT"] = "443"
    return environ
