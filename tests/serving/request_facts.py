"""A WSGI application that answers with what Amplisso's settings make of a request; gunicorn serves it in tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIRequest

from amplisso.wsgi import application as amplisso

StartResponse = Callable[[str, list[tuple[str, str]]], object]


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer `/facts` with scheme, host, client address, SCRIPT_NAME and path as JSON, all else as Amplisso does."""
    if not environ["PATH_INFO"].endswith("/facts"):
        return amplisso(environ, start_response)
    from orgs.access import actor_of
    from orgs.models import User

    request = WSGIRequest(environ)
    facts = {
        "scheme": request.scheme,
        "host": request.get_host(),
        "client": actor_of(request, User()).address,
        "script_name": environ["SCRIPT_NAME"],
        "path": request.path,
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(facts).encode()]
