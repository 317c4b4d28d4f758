"""allauth's list of an account's sessions, kept at a cost that does not depend on their number.

The identity provider of any organization may assert the address of any account, and so open any number of sessions.
Signing in with the password, and ending other sessions, must not become slow by that (invariants 1 and 7).
"""

from __future__ import annotations

from allauth.account.signals import password_changed, password_set
from allauth.usersessions.apps import UserSessionsConfig
from django.utils import timezone

from audit import retention
from database.batches import delete_in_batches

_AT_ONCE = 500  # keys in one statement


class SessionListConfig(UserSessionsConfig):  # type: ignore[misc]  # allauth ships no types
    """allauth's app, which does not go through all sessions of an account whenever its user signs in.

    The first page that a new session opens makes its row, see `ActivityMiddleware`.
    """

    def ready(self) -> None:
        """Connect what follows the new key of a session whose user has changed the password."""
        from allauth.usersessions.signals import on_password_changed

        for signal in (password_set, password_changed):
            signal.connect(receiver=on_password_changed)


def forget_sessions(keys: list[str]) -> None:
    """Delete sessions, and their rows in the list, by their keys."""
    from allauth.usersessions.models import UserSession
    from django.contrib.sessions.models import Session

    for at in range(0, len(keys), _AT_ONCE):
        some = keys[at : at + _AT_ONCE]
        Session.objects.filter(session_key__in=some).delete()
        UserSession.objects.filter(session_key__in=some).delete()


def purge_session_list() -> int:
    """Delete the rows of sessions that were last used long ago; return how many."""
    from allauth.usersessions.models import UserSession

    limit = timezone.now() - retention.SESSION_LIST
    return delete_in_batches(UserSession.objects.filter(last_seen_at__lt=limit), by="pk")
