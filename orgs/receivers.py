"""What happens when a person signs in or out with allauth's pages: a door opens, or all of them close."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account.signals import user_logged_in, user_signed_up
from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from audit.actors import Actor
from audit.events import EventName
from audit.services import record
from orgs.access import actor_of, name_session, session_name
from orgs.models import DoorKind, User
from orgs.selectors import memberships_of
from orgs.services import end_session, open_door, record_sign_up


@receiver(user_signed_up)
def note_sign_up(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Somebody made an account; they are not signed in before they have confirmed their address."""
    record_sign_up(user=user, actor=actor_of(request, user))


@receiver(user_logged_in)
def open_password_door(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """allauth has checked password and second factor, or a passkey: the session gets its password door."""
    with transaction.atomic():
        open_door(
            session=name_session(request),
            user=user,
            kind=DoorKind.PASSWORD,
            expires_at=timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE),
        )
        _record_for_each_organization(user, actor_of(request, user))


@receiver(user_logged_out)
def close_doors(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """Sign-out closes the doors in the table, so that a copy of the session opens nothing either."""
    name = session_name(request)
    if user is not None and name:
        end_session(session=name, user=user, actor=actor_of(request))


def _record_for_each_organization(user: User, actor: Actor) -> None:
    """A password opens several organizations at once; each has its own log, and the operators' has it in any case."""
    numbers: list[int | None] = [
        m.organization.number for m in memberships_of(user) if m.accepted_at and not m.organization.requires_sso
    ]
    for number in numbers or [None]:
        record(
            EventName.USER_SIGNED_IN,
            actor=actor,
            organization_number=number,
            target_kind="user",
            target_id=user.pk,
            target=user.email,
            after={"by": "password"},
        )
