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
from orgs.selectors.organizations import open_organization
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
    hint = saml.unverified_hint(encoded)
    sign_in = sign_in_by_request(number, hint.in_response_to) or sign_in_by_relay_state(number, relay_state)
    if sign_in is None:
        organization = open_organization(number)
        return UnsolicitedResponse(organization, None) if organization else None
    if not _is_from_this_browser(sign_in, cookies) or (sign_in.expires_at <= now and sign_in.consumed_at is None):
        return _ask_again(sign_in, actor, now)
    if sign_in.consumed_at is not None:
        return _repeated(sign_in)
    verdict = _judge(sign_in, encoded, now, with_keys=hint.may_be_encrypted)
    try:
        return twice(
            lambda: _decide(sign_in, verdict, actor, now, complete=_sign_in),
            again=lambda: _decide(sign_in, verdict, actor, now, complete=_sign_in_locked),
        )
    except AlreadyConsumed:
        return _repeated(SignIn.objects.select_related("organization").get(pk=sign_in.pk))


def cookie_name(number: int) -> str:
    """Return the name of the cookie that ties the requests of one browser at organization `number` to that browser."""
    return f"sign-in-{number}"


def _is_from_this_browser(sign_in: SignIn, cookies: Mapping[str, str]) -> bool:
    nonce = cookies.get(cookie_name(sign_in.organization.number), "")
    return hmac.compare_digest(hash_of_token(nonce), sign_in.nonce_hash)


def _ask_again(sign_in: SignIn, actor: Actor, now: datetime) -> Refused | UnsolicitedResponse:
    # A user who takes long at the provider has lost no cookie, however often that happens.
    is_late = sign_in.consumed_at is None and sign_in.expires_at <= now
    if sign_in.is_restart and not is_late:
        return refuse_apart(sign_in, actor, now)
    return UnsolicitedResponse(sign_in.organization, sign_in)


def _repeated(sign_in: SignIn) -> Refused | Repeated:
    """Return what the browser that asked is told when it sends a response again: how the first one ended."""
    return Refused(sign_in) if sign_in.state == SignInState.REFUSED else Repeated(sign_in)


def _judge(sign_in: SignIn, encoded: str, now: datetime, *, with_keys: bool) -> saml.Verdict:
    organization = sign_in.organization
    us = decrypting_service_provider(organization) if with_keys else service_provider(organization.number)
    return saml.validate_response(
        encoded,
        service_provider=us,
        identity_provider=sign_in.configuration.identity_provider(),
        request=saml.PendingRequest(sign_in.request_id, sign_in.started_at, sign_in.force_authn),
        now=now,
    )


class _Asserted(NamedTuple):
    """A verified assertion, the person whom it names, and the user who has signed in as that person before."""

    assertion: saml.Assertion
    person: Person
    known: KnownPerson | None


_Complete = Callable[[SignIn, _Asserted, Actor, datetime], Finished]


def _decide(
    sign_in: SignIn, verdict: saml.Verdict, actor: Actor, now: datetime, *, complete: _Complete
) -> Finished | Refused:
    """Sign the user in or refuse, and write it. Raises AlreadyConsumed and OutdatedError; then nothing is written."""
    _write_verdict(sign_in, verdict, actor)
    sign_in.consumed_at = now
    _clear_outcome(sign_in)
    if verdict.assertion is None:
        sign_in.signer = signer_of(sign_in.configuration, verdict)
        return refuse(sign_in, reason_of(verdict), verdict.status_message)
    try:
        return complete(sign_in, _recognize(sign_in, verdict.assertion), actor, now)
    except SignInRefused as refusal:
        _clear_outcome(sign_in)
        sign_in.operator_reason, sign_in.facts = refusal.operator_reason, refusal.facts
        return refuse(sign_in, refusal.reason, refusal.detail)


def _clear_outcome(sign_in: SignIn) -> None:
    """Clear what an earlier try, or one that was refused when it was to be written, has put into the row."""
    sign_in.user = sign_in.grant = sign_in.signer = sign_in.facts = None
    sign_in.provider_session, sign_in.name_id_hash = {}, ""
    sign_in.reason = sign_in.operator_reason = sign_in.detail = ""


def _write_verdict(sign_in: SignIn, verdict: saml.Verdict, actor: Actor) -> None:
    sign_in.checks = [check._asdict() for check in verdict.checks]
    sign_in.claims = claims_of(verdict)
    sign_in.signed, sign_in.certificate, sign_in.clock_skew = verdict.signed, verdict.certificate, verdict.clock_skew
    sign_in.ip_address, sign_in.user_agent = actor.address or None, actor.user_agent[:400]


def _recognize(sign_in: SignIn, assertion: saml.Assertion) -> _Asserted:
    """Read the person from an assertion, and the user from the database. Raises SignInRefused."""
    check_open(sign_in)
    person = person_in(assertion)
    sign_in.address = person.address
    return _Asserted(assertion, person, known_person(sign_in.connection, person.provider, person.subject))


def _sign_in(sign_in: SignIn, asserted: _Asserted, actor: Actor, now: datetime) -> Finished:
    """Sign the user in: most of them, for whom nothing else is to be written, without a lock.

    That is one statement of PostgreSQL's, which asks once more what was read before.
    """
    is_plain = sign_in.purpose != Purpose.TEST and not sign_in.session and is_settled(asserted.known, asserted.person)
    if is_plain and can_write_at_once():
        return _write(sign_in, asserted, actor, now)
    return _sign_in_locked(sign_in, asserted, actor, now)


def _sign_in_locked(sign_in: SignIn, asserted: _Asserted, actor: Actor, now: datetime) -> Finished:
    """Sign the user in behind the organization's lock, where all that decides is read again: one transaction.

    That is for whatever else has to be written, for SQLite, and for a first try that was outdated.
    """
    with transaction.atomic():
        known = _hold(sign_in, asserted.person, asserted.known)
        finished = _write(sign_in, asserted._replace(known=known), actor, now)
        grants.carry_grants_over(from_session=sign_in.session, to=finished.grant)
    return finished


def _write(sign_in: SignIn, asserted: _Asserted, actor: Actor, now: datetime) -> Finished:
    """Resolve the person and persist the sign-in, with all that comes of it."""
    authorized = resolve_person(sign_in=sign_in, person=asserted.person, known=asserted.known, actor=actor)
    grant = _new_grant(sign_in, authorized.membership.user, asserted.assertion, now)
    persist(sign_in, authorized, grant)
    return Finished(sign_in, grant)


def _hold(sign_in: SignIn, person: Person, known: KnownPerson | None) -> KnownPerson | None:
    """Lock the organization until all is written, read again what decides the sign-in, and return the person.

    A member only shares the organization, so that other sign-ins go on. A test or a first sign-in changes who may
    enter, or how, and holds it alone. Raises SignInRefused and OutdatedError.
    """
    changes_access = sign_in.purpose == Purpose.TEST or not is_member(known)
    lock = locks.hold_organization if changes_access else locks.share_organization
    sign_in.organization = lock(sign_in.organization)
    configurations = Configuration.objects.select_related("connection").defer("metadata", "findings")
    sign_in.configuration = configurations.get(pk=sign_in.configuration_id)
    sign_in.connection = sign_in.configuration.connection
    sign_in.connection.organization = sign_in.organization
    check_open(sign_in)
    found = known_person(sign_in.connection, person.provider, person.subject)
    if known is not None and found is None:
        raise SignInRefused(Reason.UNLINKED)
    if not changes_access and not is_member(found):
        raise OutdatedError
    return found


def _new_grant(sign_in: SignIn, user: User, assertion: saml.Assertion, now: datetime) -> SessionGrant:
    """Return the grant of a successful sign-in, not yet written, and put it into the sign-in's row."""
    grant = grants.new_grant(
        session=secrets.token_urlsafe(32),
        user=user,
        kind=GrantKind.SSO,
        organization=sign_in.organization,
        connection=sign_in.connection.public_id,
        expires_at=end_of_sso_grant(
            now, length=sign_in.organization.session_length, provider_end=assertion.session_not_on_or_after
        ),
    )
    sign_in.state, sign_in.user = SignInState.SUCCEEDED, user
    sign_in.grant, sign_in.name_id_hash = grant.public_id, hash_of_token(assertion.name_id)
    sign_in.provider_session = session_of(assertion)
    return grant
