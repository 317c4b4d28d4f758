"""Judging the provider's answer: the second half of a sign-in."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.actors import Actor
from orgs.models import Door, DoorKind, Membership, Organization, User
from orgs.selectors import open_organization
from orgs.services import carry_doors_over, open_door
from orgs.tokens import hash_of_token
from sso import saml
from sso.models import Configuration, ConfigurationState, ConnectionState, Purpose, SignIn, SignInState
from sso.reasons import Reason
from sso.selectors import decrypting_service_provider, service_provider, sign_in_by_relay_state, sign_in_by_request
from sso.services.connections import activate, hold_settings
from sso.services.people import RefusedError, admit, keep_names, person_in
from sso.services.start import new_reference
from sso.services.verdicts import claims_of, reason_of, session_of

# What is written down when a request is used up.
_OUTCOME = (
    "state",
    "reason",
    "detail",
    "user",
    "address",
    "checks",
    "claims",
    "signed",
    "certificate",
    "ip_address",
    "user_agent",
    "door",
    "name_id_hash",
    "provider_session",
    "consumed_at",
)

# How long the rows of attempts that nobody finished are kept.
ABANDONED_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Finished:
    """Somebody is in: `user`, through `door`, which belongs to the session of the name `session`."""

    sign_in: SignIn
    user: User
    session: str
    door: Door


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody is in; the visitor gets the reference of the row that says why."""

    sign_in: SignIn


@dataclass(frozen=True, slots=True)
class NotAsked:
    """This browser did not ask for this answer, or too long ago: ask properly, once (invariant 4)."""

    organization: Organization
    restart_of: SignIn | None

    @property
    def next_path(self) -> str:
        """Where the visitor wanted to go."""
        return self.restart_of.next_path if self.restart_of else ""

    @property
    def draft(self) -> Configuration | None:
        """The draft that was being tested, if it still is one."""
        configuration = self.restart_of.configuration if self.restart_of else None
        return configuration if configuration and configuration.state == ConfigurationState.DRAFT else None


class _UsedUpError(Exception):
    """Another answer to the same request was quicker; nothing of this one stays."""


def finish_sign_in(
    *,
    number: int,
    encoded: str,
    relay_state: str,
    cookies: Mapping[str, str],
    actor: Actor,
    enter: Callable[[Finished], None],
) -> Finished | Refused | NotAsked | None:
    """Judge a response that was posted to the ACS of organization `number`; None if there is no such organization.

    `encoded` is the SAMLResponse field, `cookies` what the browser sent: the row of the request is found by
    InResponseTo, and the nonce in the cookie proves that this browser made it. An answer that names no request is still
    the answer to the one whose RelayState it brings back: it will be refused, with its reason, instead of being asked
    for again and again. The signature is verified outside any transaction; then one transaction decides, uses the row
    up, and has `enter` make the session.
    """
    now = timezone.now()
    request_id = saml.unverified_in_response_to(encoded)
    asked = sign_in_by_request(number, request_id) or sign_in_by_relay_state(number, relay_state)
    if asked is None:
        organization = open_organization(number)
        return NotAsked(organization, None) if organization else None
    if not _is_from_this_browser(asked, cookies) or (asked.expires_at <= now and asked.consumed_at is None):
        return _ask_again(asked, actor, now)
    if asked.consumed_at is not None:
        return _refuse_apart(asked, Reason.ALREADY_USED, actor, now)
    verdict = _judge(asked, encoded, now)
    try:
        return _decide(asked, verdict, actor, now, enter)
    except IntegrityError:
        # Two first sign-ins of one person at the same moment: the other one has made the rows that this one needs.
        return _decide(asked, verdict, actor, now, enter)


def cookie_name(request_id: str) -> str:
    """The cookie that ties one request to one browser; one for each request, so that several tabs work at once."""
    return f"sign-in{request_id}"


def _is_from_this_browser(asked: SignIn, cookies: Mapping[str, str]) -> bool:
    nonce = cookies.get(cookie_name(asked.request_id), "")
    return hmac.compare_digest(hash_of_token(nonce), asked.nonce_hash)


def _ask_again(asked: SignIn, actor: Actor, now: datetime) -> Refused | NotAsked:
    if asked.is_restart:
        return _refuse_apart(asked, Reason.COOKIE_LOST, actor, now)
    return NotAsked(asked.organization, asked)


def _judge(asked: SignIn, encoded: str, now: datetime) -> saml.Verdict:
    organization, encrypted = asked.organization, saml.may_be_encrypted(encoded)
    us = decrypting_service_provider(organization) if encrypted else service_provider(organization.number)
    return saml.validate_response(
        encoded,
        service_provider=us,
        identity_provider=asked.configuration.identity_provider(),
        request=saml.PendingRequest(asked.request_id),
        now=now,
    )


def _decide(
    asked: SignIn, verdict: saml.Verdict, actor: Actor, now: datetime, enter: Callable[[Finished], None]
) -> Finished | Refused:
    try:
        with transaction.atomic():
            outcome = _let_in_or_refuse(asked, verdict, actor, now)
            if isinstance(outcome, Finished):
                enter(outcome)
            return outcome
    except _UsedUpError:
        return _refuse_apart(asked, Reason.ALREADY_USED, actor, now)


def _let_in_or_refuse(asked: SignIn, verdict: saml.Verdict, actor: Actor, now: datetime) -> Finished | Refused:
    _write_verdict(asked, verdict, actor)
    if verdict.assertion is None:
        return _refuse(asked, reason_of(verdict), verdict.status_message, now)
    try:
        membership = _admit(asked, verdict.assertion, actor)
    except RefusedError as refusal:
        return _refuse(asked, refusal.reason, refusal.detail, now)
    return _let_in(asked, membership, verdict.assertion, now)


def _use_up(asked: SignIn, now: datetime) -> None:
    """Use the request up, once, and write down what became of it. Raises _UsedUpError.

    One UPDATE on the row's own columns, which one of many concurrent requests wins. It comes last but for the session:
    whoever loses has written nothing that stays.
    """
    asked.consumed_at = now
    outcome = {name: getattr(asked, name) for name in _OUTCOME}
    if not SignIn.objects.filter(pk=asked.pk, consumed_at__isnull=True).update(**outcome):
        raise _UsedUpError


def _write_verdict(asked: SignIn, verdict: saml.Verdict, actor: Actor) -> None:
    asked.checks = [check._asdict() for check in verdict.checks]
    asked.claims = claims_of(verdict)
    asked.signed, asked.certificate = verdict.signed, verdict.certificate
    asked.ip_address, asked.user_agent = actor.address or None, actor.user_agent[:400]


def _admit(asked: SignIn, assertion: saml.Assertion, actor: Actor) -> Membership:
    if asked.purpose == Purpose.TEST:
        hold_settings(asked.organization)
    _check_open(asked)
    person = person_in(assertion)
    asked.address = person.address
    actor = Actor(email=person.address, address=actor.address, user_agent=actor.user_agent)
    is_test = asked.purpose == Purpose.TEST
    membership = admit(
        person=person,
        connection=asked.connection,
        provider_entity_id=assertion.issuer,
        actor=actor,
        admins_only=is_test,
    )
    if is_test and asked.configuration.state == ConfigurationState.DRAFT:
        activate(configuration=asked.configuration, actor=actor)
    keep_names(membership, assertion)
    return membership


def _check_open(asked: SignIn) -> None:
    """What may have changed while the person was at the provider: it was read, with the row, for this request."""
    if asked.purpose == Purpose.TEST:
        # Another admin's test of the same draft may have ended meanwhile.
        asked.configuration.refresh_from_db(fields=["state"])
    if not asked.organization.plan.sso:
        raise RefusedError(Reason.PLAN)
    if asked.connection.state == ConnectionState.DISABLED and asked.purpose != Purpose.TEST:
        raise RefusedError(Reason.DISABLED)
    if asked.configuration.state == ConfigurationState.RETIRED:
        raise RefusedError(Reason.REPLACED)


def _let_in(asked: SignIn, membership: Membership, assertion: saml.Assertion, now: datetime) -> Finished:
    session = secrets.token_urlsafe(32)
    carried = carry_doors_over(from_session=asked.session, to_session=session, user=membership.user)
    door = open_door(
        session=session,
        user=membership.user,
        kind=DoorKind.SSO,
        organization=asked.organization,
        connection=asked.connection.public_id,
        expires_at=_expiry(asked.organization, assertion, now),
        is_first=not carried,
    )
    asked.state, asked.user = SignInState.SUCCEEDED, membership.user
    asked.door, asked.name_id_hash = door.public_id, hash_of_token(assertion.name_id)
    asked.provider_session = session_of(assertion)
    _use_up(asked, now)
    return Finished(asked, membership.user, session, door)


def _expiry(organization: Organization, assertion: saml.Assertion, now: datetime) -> datetime:
    """The organization's session length, or less if the provider says so (core 2.7.2); never shorter than a minute."""
    until = now + organization.session_length
    if assertion.session_not_on_or_after is not None:
        until = min(until, assertion.session_not_on_or_after)
    return max(until, now + timedelta(minutes=1))


def _refuse(asked: SignIn, reason: Reason, detail: str, now: datetime) -> Refused:
    """Returned, not raised, so that it commits: the row keeps every check."""
    asked.state, asked.reason, asked.detail = SignInState.REFUSED, reason, detail[:1000]
    _use_up(asked, now)
    return Refused(asked)


def _refuse_apart(asked: SignIn, reason: Reason, actor: Actor, now: datetime) -> Refused:
    """Refuse in a row of its own: what became of the request itself must not be touched by who comes after."""
    row = SignIn.objects.create(
        reference=new_reference(),
        organization=asked.organization,
        connection=asked.connection,
        configuration=asked.configuration,
        purpose=asked.purpose,
        restart_of=asked,
        state=SignInState.REFUSED,
        reason=reason,
        request_id=saml.new_request_id(),
        nonce_hash=hash_of_token(secrets.token_urlsafe(32)),
        started_at=now,
        expires_at=now,
        consumed_at=now,
        ip_address=actor.address or None,
        user_agent=actor.user_agent[:400],
    )
    return Refused(row)


@transaction.atomic
def purge_sign_ins() -> int:
    """Forget attempts that nobody finished, a month after they began; return how many. Finished ones are the log."""
    abandoned: dict[str, Any] = {
        "state": SignInState.STARTED,
        "started_at__lt": timezone.now() - ABANDONED_AFTER,
    }
    return SignIn.objects.filter(**abandoned).delete()[0]
