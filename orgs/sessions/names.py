"""The random name of a session, under which its grants are kept.

The name outlives a change of the session's key, and the database never holds the key itself.
"""

from __future__ import annotations

import secrets

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

SESSION_NAME = "session_name"


def session_name(request: HttpRequest) -> str:
    """Return the name of this request's session; "" if it has none."""
    return name_in(request.session)


def name_in(session: SessionBase) -> str:
    """Return the name of a session that was loaded from the store; "" if it has none."""
    name: str = session.get(SESSION_NAME, "")
    return name


def name_session(request: HttpRequest) -> str:
    """Return the name of this request's session, and give it one first if it has none."""
    if not session_name(request):
        request.session[SESSION_NAME] = secrets.token_urlsafe(32)
    return session_name(request)
