"""When each session was last used, for the page that lists them."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.usersessions.middleware import UserSessionsMiddleware
from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

_LONGEST_USER_AGENT = UserSession._meta.get_field("user_agent").max_length


class ActivityMiddleware(UserSessionsMiddleware):  # type: ignore[misc]
    """Record when, from where and with what each session is used, in one statement.

    allauth's own way reads the row and the user again and writes the row in a savepoint, five statements with each
    page; it is left to make the row of a new session.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.session.session_key and request.user.is_authenticated and not _note(request):
            UserSession.objects.create_from_request(request)
        response: HttpResponseBase = self.get_response(request)
        return response


def _note(request: HttpRequest) -> bool:
    """Write the activity into the row of the session; return whether there is one."""
    rows = UserSession.objects.filter(session_key=request.session.session_key)
    return bool(
        rows.update(
            user_id=request.user.pk,
            ip=get_adapter().get_client_ip(request),
            user_agent=request.headers.get("User-Agent", "")[:_LONGEST_USER_AGENT],
            last_seen_at=timezone.now(),
        )
    )
