"""Single logout: telling the provider that a user signed out here, and ending sessions that it wants ended.

Signing out here never waits for any of it: the grants are ended before the provider is told.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from audit import retention
from audit.actors import Actor
from audit.events import EventName, Outcome
from audit.services import record
from database.batches import delete_in_batches
from orgs.models import Organization
from orgs.services.grants import end_grants_of_sessions
from orgs.transactions import atomic
from sso import saml
from sso.models import Configuration, Direction, SignIn, SignOut, SignOutState
from sso.selectors.connections import active_configuration
from sso.selectors.keys import decrypting_service_provider, service_provider, signing_key
from sso.selectors.sign_ins import grants_of_provider_session, may_sign_out_at_provider

_LONGEST_DETAIL = 2000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignedOut:
    """The outcome of a logout message: `answer_to` is the address of our response, "" if none is due.

    `at_provider` says how our own request ended; None if the message was not about that.
    """

    answer_to: str = ""
    at_provider: SignOutState | None = None


def request_id_of(sign_in: SignIn) -> str:
    """Return the ID of the one request that ends the session of a sign-in; others cannot guess it.

    It is constant, so that the constraint on the rows keeps a page that is loaded again from asking again.
    """
    return "_" + salted_hmac("sso.sign_out", sign_in.public_id.hex, algorithm="sha256").hexdigest()[:40]


def ask_provider_to_sign_out(*, sign_in: SignIn) -> str:
    """Write down that the provider is asked to end the session of a sign-in, and return where the browser goes for it.

    "" if the connection does not do that, it was asked before, or the user is still in here: signing out here always
    comes first.
    """
    configuration = may_sign_out_at_provider(sign_in)
    if configuration is None or not _note_question(sign_in):
        return ""
    return saml.logout_request_address(
        service_provider(sign_in.organization.number),
        configuration.identity_provider(),
        saml.ProviderSession(**sign_in.provider_session),
        request_id=request_id_of(sign_in),
        issue_instant=timezone.now(),
        key=signing_key(sign_in.organization),
    )


@atomic
def _note_question(sign_in: SignIn) -> bool:
    """Write the row, unless there is one: two pages at once write one."""
    _, is_new = SignOut.objects.get_or_create(
        connection=sign_in.connection,
        direction=Direction.OURS,
        message_id=request_id_of(sign_in),
        defaults={"state": SignOutState.ASKED, "user": sign_in.user, "sign_in": sign_in},
    )
    return is_new


def take_logout_message(
    *, organization: Organization, query: str, form: Mapping[str, str], actor: Actor
) -> SignedOut | None:
    """Carry out what a logout message says. `query` is the raw query of a GET, or `form` the fields of a POST.

    None if it was refused; the reason is for the log, since any visitor can send such a message.
    """
    configuration = active_configuration(organization)
    if configuration is None:
        return None
    message = _read(organization, configuration, query, form)
    if isinstance(message, saml.LogoutRefusal):
        return _refuse(configuration, message, actor)
    if isinstance(message, saml.LogoutResponse):
        return _note_answer(configuration, message)
    return _end_sessions(organization, configuration, message, actor)


def purge_sign_outs() -> int:
    """Delete sign-outs that were asked for long ago; return how many."""
    limit = timezone.now() - retention.SIGN_OUTS
    return delete_in_batches(SignOut.objects.filter(asked_at__lt=limit), by="asked_at")


def _read(
    organization: Organization, configuration: Configuration, query: str, form: Mapping[str, str]
) -> saml.LogoutRequest | saml.LogoutResponse | saml.LogoutRefusal:
    # On first use, because importing xmlsec fails beside an lxml that doesn't match; checks.py says what to do.
    from sso.saml.logout.read import query_may_be_encrypted, read_logout_form, read_logout_query

    provider, now = configuration.identity_provider(), timezone.now()
    if query:
        us = _we(organization, with_keys=query_may_be_encrypted(query))
        return read_logout_query(query, service_provider=us, identity_provider=provider, now=now)
    messages = [form[name] for name in ("SAMLRequest", "SAMLResponse") if name in form]
    if len(messages) != 1:
        return saml.LogoutRefusal("not one request or one response", is_genuine=False)
    us = _we(organization, with_keys=saml.unverified_hint(messages[0]).may_be_encrypted)
    relay_state = form.get("RelayState", "")
    return read_logout_form(messages[0], relay_state, service_provider=us, identity_provider=provider, now=now)


def _we(organization: Organization, *, with_keys: bool) -> saml.ServiceProvider:
    """Return our side, with keys only for an encrypted message, since any visitor can send one."""
    return decrypting_service_provider(organization) if with_keys else service_provider(organization.number)


@atomic
def _refuse(configuration: Configuration, refusal: saml.LogoutRefusal, actor: Actor) -> None:
    """Write a genuine refusal into the organization's log, which any visitor could fill with the rest.

    Why a response could not be used is also kept with the request that it names. Only the browser and the provider know
    that name, and the request goes on waiting for a better answer.
    """
    if refusal.in_response_to:
        _waiting(configuration, refusal.in_response_to).update(detail=refusal.reason[:_LONGEST_DETAIL])
    number = configuration.connection.organization.number
    _log.info("A logout message for organization %s was refused: %s", number, refusal.reason)
    if refusal.is_genuine:
        record(
            EventName.SIGN_OUT_REFUSED,
            actor=actor,
            target=configuration.connection.audit_target,
            after={"reason": refusal.reason[:1000]},
            outcome=Outcome.REFUSED,
        )


@atomic
def _note_answer(configuration: Configuration, response: saml.LogoutResponse) -> SignedOut | None:
    state = SignOutState.DONE if response.succeeded else SignOutState.REFUSED
    if response.is_partial:
        state = SignOutState.PARTIAL
    waiting = _waiting(configuration, response.in_response_to)
    if not waiting.update(state=state, detail=response.status[:_LONGEST_DETAIL], answered_at=timezone.now()):
        return None
    return SignedOut(at_provider=state)


def _waiting(configuration: Configuration, message_id: str) -> QuerySet[SignOut]:
    """Return our own request of this ID, if it has not been answered."""
    return SignOut.objects.filter(
        connection=configuration.connection,
        direction=Direction.OURS,
        message_id=message_id,
        state=SignOutState.ASKED,
    )


def _end_sessions(
    organization: Organization, configuration: Configuration, request: saml.LogoutRequest, actor: Actor
) -> SignedOut | None:
    try:
        _end_once(configuration, request, actor)
    except IntegrityError:
        return _refuse(configuration, saml.LogoutRefusal("a request that was used before", is_genuine=True), actor)
    provider = configuration.identity_provider()
    if not provider.slo_response_url:
        return SignedOut()
    return SignedOut(
        saml.logout_response_address(
            service_provider(organization.number),
            provider,
            replace(request, relay_state=request.relay_state[:1000]),
            response_id=saml.new_request_id(),
            issue_instant=timezone.now(),
            key=signing_key(organization),
        )
    )


@atomic
def _end_once(configuration: Configuration, request: saml.LogoutRequest, actor: Actor) -> None:
    """End the grants a request names. The row comes first against replay: raises IntegrityError for a copy."""
    row = SignOut.objects.create(
        connection=configuration.connection,
        direction=Direction.PROVIDERS,
        message_id=request.id,
        state=SignOutState.DONE,
        answered_at=timezone.now(),
    )
    grants = grants_of_provider_session(configuration.connection, request.name_id, request.session_indexes)
    row.grants_ended = end_grants_of_sessions(grants=grants, by="identity provider", actor=actor)
    row.save(update_fields=["grants_ended"])
