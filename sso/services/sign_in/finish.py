"""Judging the provider's response: the second half of a sign-in."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from orgs.crypto.tokens import hash_of_token
from orgs.errors import OutdatedError
from orgs.models import GrantKind, SessionGrant, User
from orgs.selectors import open_organization
from orgs.services import grants, locks
from orgs.sessions.lifetimes import end_of_sso_grant
from orgs.transactions import twice
from sso import saml
from sso.acs_sql.read import KnownPerson, known_person, sign_in_by_relay_state, sign_in_by_request
from sso.acs_sql.write import can_write_at_once
from sso.errors import AlreadyConsumed, SignInRefused
from sso.models import Configuration, Purpose, SignIn, SignInState
from sso.reasons import Reason
from sso.selectors.keys import decrypting_service_provider, service_provider
from sso.services.sign_in.logged_verdict import claims_of, reason_of, session_of
from sso.services.sign_in.outcomes import Finished, Refused, Repeated, UnsolicitedResponse
from sso.services.sign_in.persist import persist
from sso.services.sign_in.refusals import refuse, refuse_apart
from sso.services.sign_in.resolve_person import (
    Person,
    check_open,
    is_member,
    is_settled,
    person_in,
    resolve_person,
)
from sso.services.sign_in.signers import signer_of


def finish_sign_in(
    *,
    number: int,
    encoded: str,
    relay_state: str,
    cookies: Mapping[str, str],
    actor: Actor,
) -> Finished | Refused | Repeated | UnsolicitedResponse | None:
    """Judge a response that was posted to the ACS of organization `number`; None if there is no such organization.

    `encoded` is the SAMLResponse field, `cookies` what the browser sent: the row of the request is found by
    InResponseTo, and the nonce in the cookie proves that this browser made it. A response that names no request is
    still the response to the one whose RelayState it brings back: it will be refused, with its reason, instead of being
    asked for again and again. The signature is verified outside any transaction; then it is decided, and everything is
    written together: the request consumed, the verdict, the grant. The view then makes the session that the grant
    names. A request that has been answered stays as it is, whatever its browser sends again.
    """
    now = timezone.now()
    seen = saml.unverified_hint(encoded)
    asked = sign_in_by_request(number, seen.in_response_to) or sign_in_by_relay_state(number, relay_state)
    if asked is None:
        organization = open_organization(number)
        return UnsolicitedResponse(organization, None) if organization else None
    if not _is_from_this_browser(asked, cookies) or (asked.expires_at <= now and asked.consumed_at is None):
        return _ask_again(asked, actor, now)
    if asked.consumed_at is not None:
        return _repeated(asked)
    verdict = _judge(asked, encoded, now, with_keys=seen.may_be_encrypted)
    try:
        return twice(
            lambda: _decide(asked, verdict, actor, now, sign_in=_sign_in),
            again=lambda: _decide(asked, verdict, actor, now, sign_in=_sign_in_locked),
        )
    except AlreadyConsumed:
        return _repeated(SignIn.objects.select_related("organization").get(pk=asked.pk))


def cookie_name(number: int) -> str:
    """Return the name of the cookie that ties the requests of one browser at organization `number` to that browser."""
    return f"sign-in-{number}"


def _is_from_this_browser(asked: SignIn, cookies: Mapping[str, str]) -> bool:
    nonce = cookies.get(cookie_name(asked.organization.number), "")
    return hmac.compare_digest(hash_of_token(nonce), asked.nonce_hash)


def _ask_again(asked: SignIn, actor: Actor, now: datetime) -> Refused | UnsolicitedResponse:
    # A user who takes long at the provider has lost no cookie, however often that happens.
    is_late = asked.consumed_at is None and asked.expires_at <= now
    if asked.is_restart and not is_late:
        return refuse_apart(asked, actor, now)
    return UnsolicitedResponse(asked.organization, asked)


def _repeated(asked: SignIn) -> Refused | Repeated:
    """Return what the browser that asked is told when it sends a response again: how the first one ended."""
    return Refused(asked) if asked.state == SignInState.REFUSED else Repeated(asked)


def _judge(asked: SignIn, encoded: str, now: datetime, *, with_keys: bool) -> saml.Verdict:
    organization = asked.organization
    us = decrypting_service_provider(organization) if with_keys else service_provider(organization.number)
    return saml.validate_response(
        encoded,
        service_provider=us,
        identity_provider=asked.configuration.identity_provider(),
        request=saml.PendingRequest(asked.request_id, asked.started_at, asked.force_authn),
        now=now,
    )


class _Asserted(NamedTuple):
    """A verified assertion, the person whom it names, and the user who has signed in as that person before."""

    assertion: saml.Assertion
    person: Person
    known: KnownPerson | None


_SignInOne = Callable[[SignIn, _Asserted, Actor, datetime], Finished]


def _decide(
    asked: SignIn, verdict: saml.Verdict, actor: Actor, now: datetime, *, sign_in: _SignInOne
) -> Finished | Refused:
    """Sign the user in or refuse, and write it. Raises AlreadyConsumed and OutdatedError; then nothing is written."""
    _write_verdict(asked, verdict, actor)
    asked.consumed_at = now
    _clear_outcome(asked)
    if verdict.assertion is None:
        asked.signer = signer_of(asked.configuration, verdict)
        return refuse(asked, reason_of(verdict), verdict.status_message)
    try:
        return sign_in(asked, _recognize(asked, verdict.assertion), actor, now)
    except SignInRefused as refusal:
        _clear_outcome(asked)
        asked.operator_reason, asked.facts = refusal.operator_reason, refusal.facts
        return refuse(asked, refusal.reason, refusal.detail)


def _clear_outcome(asked: SignIn) -> None:
    """Clear what an earlier try, or one that was refused when it was to be written, has put into the row."""
    asked.user = asked.grant = asked.signer = asked.facts = None
    asked.provider_session, asked.name_id_hash = {}, ""
    asked.reason = asked.operator_reason = asked.detail = ""


def _write_verdict(asked: SignIn, verdict: saml.Verdict, actor: Actor) -> None:
    asked.checks = [check._asdict() for check in verdict.checks]
    asked.claims = claims_of(verdict)
    asked.signed, asked.certificate, asked.clock_skew = verdict.signed, verdict.certificate, verdict.clock_skew
    asked.ip_address, asked.user_agent = actor.address or None, actor.user_agent[:400]


def _recognize(asked: SignIn, assertion: saml.Assertion) -> _Asserted:
    """Read the person from an assertion, and the user from the database. Raises SignInRefused."""
    check_open(asked)
    person = person_in(assertion)
    asked.address = person.address
    return _Asserted(assertion, person, known_person(asked.connection, person.provider, person.subject))


def _sign_in(asked: SignIn, asserted: _Asserted, actor: Actor, now: datetime) -> Finished:
    """Sign the user in: most of them, for whom nothing else is to be written, without a lock.

    That is one statement of PostgreSQL's, which asks once more what was read before.
    """
    is_plain = asked.purpose != Purpose.TEST and not asked.session and is_settled(asserted.known, asserted.person)
    if is_plain and can_write_at_once():
        return _write(asked, asserted, actor, now)
    return _sign_in_locked(asked, asserted, actor, now)


def _sign_in_locked(asked: SignIn, asserted: _Asserted, actor: Actor, now: datetime) -> Finished:
    """Sign the user in behind the organization's lock, where all that decides is read again: one transaction.

    That is for whatever else has to be written, for SQLite, and for a first try that was outdated.
    """
    with transaction.atomic():
        known = _hold(asked, asserted.person, asserted.known)
        finished = _write(asked, asserted._replace(known=known), actor, now)
        grants.carry_grants_over(from_session=asked.session, to=finished.grant)
    return finished


def _write(asked: SignIn, asserted: _Asserted, actor: Actor, now: datetime) -> Finished:
    """Resolve the person and persist the sign-in, with all that comes of it."""
    authorized = resolve_person(asked=asked, person=asserted.person, known=asserted.known, actor=actor)
    grant = _new_grant(asked, authorized.membership.user, asserted.assertion, now)
    persist(asked, authorized, grant)
    return Finished(asked, grant)


def _hold(asked: SignIn, person: Person, known: KnownPerson | None) -> KnownPerson | None:
    """Lock the organization until all is written, read again what decides the sign-in, and return the person.

    A member only shares the organization, so that other sign-ins go on. A test or a first sign-in changes who may
    enter, or how, and holds it alone. Raises SignInRefused and OutdatedError.
    """
    changes_access = asked.purpose == Purpose.TEST or not is_member(known)
    lock = locks.hold_organization if changes_access else locks.share_organization
    asked.organization = lock(asked.organization)
    configurations = Configuration.objects.select_related("connection").defer("metadata", "findings")
    asked.configuration = configurations.get(pk=asked.configuration_id)
    asked.connection = asked.configuration.connection
    asked.connection.organization = asked.organization
    check_open(asked)
    found = known_person(asked.connection, person.provider, person.subject)
    if known is not None and found is None:
        raise SignInRefused(Reason.UNLINKED)
    if not changes_access and not is_member(found):
        raise OutdatedError
    return found


def _new_grant(asked: SignIn, user: User, assertion: saml.Assertion, now: datetime) -> SessionGrant:
    """Return the grant of a successful sign-in, not yet written, and put it into the sign-in's row."""
    grant = grants.new_grant(
        session=secrets.token_urlsafe(32),
        user=user,
        kind=GrantKind.SSO,
        organization=asked.organization,
        connection=asked.connection.public_id,
        expires_at=end_of_sso_grant(
            now, length=asked.organization.session_length, provider_end=assertion.session_not_on_or_after
        ),
    )
    asked.state, asked.user = SignInState.SUCCEEDED, user
    asked.grant, asked.name_id_hash = grant.public_id, hash_of_token(assertion.name_id)
    asked.provider_session = session_of(assertion)
    return grant
