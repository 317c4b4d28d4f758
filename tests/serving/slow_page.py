"""Amplisso with a page that takes two seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from amplisso.wsgi import application as amplisso


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Respond to /slow, and to everything else as Amplisso does."""
    if environ["PATH_INFO"] != "/slow":
        return amplisso(environ, start_response)
    time.sleep(2)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done"]
