"""Receivers of allauth's signals: grants begin and end, and the log has each change of an account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.signals import password_changed, password_reset, password_set, user_logged_in, user_signed_up
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from django.contrib.auth.signals import user_logged_in as django_user_logged_in
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import Signal, receiver
from django.http import HttpRequest
from django.utils import timezone

from audit.actors import COMMAND_LINE, Actor
from audit.events import EventName, Outcome
from audit.services import record
from audit.targets import Target
from orgs.access import actor_of
from orgs.authentication.known_browsers import remember_browser
from orgs.deferred import defer
from orgs.errors import NotAllowedError
from orgs.models import User
from orgs.models.users import operator_made
from orgs.selectors.organizations import accepted_numbers
from orgs.services import accounts, grants
from orgs.sessions.lifetimes import PASSWORD_SESSION
from orgs.sessions.names import name_session, session_name
from orgs.transactions import atomic

_PASSWORD_EVENTS: list[tuple[Signal, EventName]] = [
    (password_changed, EventName.PASSWORD_CHANGED),
    (password_set, EventName.PASSWORD_SET),
    (password_reset, EventName.PASSWORD_RESET),
]
_SECOND_FACTOR_EVENTS: list[tuple[Signal, EventName]] = [
    (authenticator_added, EventName.SECOND_FACTOR_ADDED),
    (authenticator_removed, EventName.SECOND_FACTOR_REMOVED),
    (authenticator_reset, EventName.RECOVERY_CODES_RENEWED),
]


@receiver(django_user_logged_in, dispatch_uid="update_last_login")
def leave_last_login(**kwargs: Any) -> None:
    """Replace Django's receiver of this name, which would also update `last_login` at single sign-on.

    A change of `last_login` voids the link in a password mail, and no organization's provider may do that (invariant
    1).
    """


@receiver(user_signed_up)
def note_sign_up(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Record a new account; its user is not signed in before the address is confirmed."""
    accounts.record_sign_up(user=user, actor=actor_of(request, user))


@receiver(operator_made)
def note_operator(user: User, **kwargs: Any) -> None:
    """Record an operator made by Django's own command, which is run on the machine itself."""
    accounts.record_operator(user=user, actor=COMMAND_LINE)


@receiver(user_logged_in)
def open_password_session(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Give the session its password grant, after allauth has checked password and second factor, or a passkey."""
    expires_at = timezone.now() + PASSWORD_SESSION
    session, actor = name_session(request), actor_of(request, user)
    try:
        accounts.create_password_grant(session=session, user=user, expires_at=expires_at, actor=actor)
    except NotAllowedError as error:
        request.session.flush()
        raise ImmediateHttpResponse(get_adapter(request).respond_user_inactive(request, user)) from error
    remember_browser(request, user)


@receiver(user_logged_out)
def end_grants_at_sign_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """End the grants in the table at sign-out, so that a copy of the session opens nothing either."""
    name = session_name(request)
    if user is not None and name:
        grants.end_session(session=name, user=user, actor=actor_of(request))


@receiver(user_login_failed)
def note_wrong_password(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Write one row for operators, and one into the log of each organization that has the account as a member.

    The latter follow when the response is out, so that its time does not tell whether there is such an account.
    """
    address = str(credentials.get("email") or credentials.get("username") or "")
    actor = actor_of(request) if request else Actor()
    _record_wrong_password(address, actor, [None])
    defer(request, lambda: _record_wrong_password(address, actor, accepted_numbers(address)))


@atomic
def _record_wrong_password(address: str, actor: Actor, numbers: Sequence[int | None]) -> None:
    for number in numbers:
        record(
            EventName.USER_SIGN_IN_REFUSED,
            actor=actor,
            target=Target("user", label=address, organization=number),
            after={"by": "password"},
            outcome=Outcome.REFUSED,
        )


@receiver(authentication_failed)
def note_wrong_code(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Record a wrong second factor after a right password."""
    accounts.record_for_organizations(
        EventName.USER_SIGN_IN_REFUSED,
        user=user,
        actor=actor_of(request, user),
        after={"by": authenticator.type},
        outcome=Outcome.REFUSED,
    )


def note_password(signal: Signal, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Record a new password; allauth has told its owner.

    It ends all known browsers but the one that changed it, which has shown the old password or the mailbox: strangers
    who go on with wrong passwords must not keep its user from signing in with the new one. It ends all sessions but
    that browser's; a reset by mail ends them all.
    """
    remember_browser(request, user)
    kept = "" if signal is password_reset else session_name(request)
    actor = actor_of(request, user)
    with transaction.atomic():
        accounts.record_for_organizations(dict(_PASSWORD_EVENTS)[signal], user=user, actor=actor)
        grants.end_other_sessions(user=user, session=kept, actor=actor)


def note_second_factor(
    signal: Signal, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """Record a change of second factors or passkeys."""
    name = dict(_SECOND_FACTOR_EVENTS)[signal]
    after = {"kind": authenticator.type}
    accounts.record_for_organizations(name, user=user, actor=actor_of(request, user), after=after)


for _signal, _ in _PASSWORD_EVENTS:
    _signal.connect(note_password)
for _signal, _ in _SECOND_FACTOR_EVENTS:
    _signal.connect(note_second_factor)
