"""Starting a sign-in: the first half, before the identity provider responds.

`start_sign_in` writes the row, and the browser carries the request to the provider with a cookie that only it has. The
response comes back to `POST /saml/2/acs/<number>` (`acs` in sso/views/protocol.py), and from there to the session it
takes five steps, in this order:

1. `finish_sign_in` (finish.py) validates: it finds the row by InResponseTo and that cookie, and
   `saml.validate_response` makes a verdict, outside any transaction.
2. `resolve_person` (resolve_person.py) authorizes: the user whom the verified assertion names, by their membership.
3. `persist` (persist.py) writes: the request consumed, with its verdict, and the grant.
4. `make_session` (sso/views/protocol.py) makes the session that the grant names.
5. `redirect_after_sign_in` (sso/views/protocol.py) redirects with 303, to the page that was asked for.

A refusal ends them where it is found: the row keeps every check and the reason.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from audit import retention
from audit.actors import Actor
from database.batches import delete_in_batches
from orgs.crypto.tokens import hash_of_token
from orgs.models import Organization
from orgs.transactions import atomic
from sso import saml
from sso.errors import NotConnectedError, TooManyStartsError
from sso.models import (
    Configuration,
    ConfigurationState,
    ConnectionState,
    Provider,
    Purpose,
    SignIn,
    SignInState,
    StartedBy,
)
from sso.selectors.connections import active_configuration
from sso.selectors.keys import service_provider, signing_key

# No 0/O, 1/I/L: visitors read these codes out.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

# Sign-ins that succeed do not count, so that a whole company behind one address can begin its day.
MOST_STARTS, STARTS_COUNTED_FOR = 600, timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Started:
    """A sign-in that waits for its response: the row, what to send, and the secret for the browser's cookie."""

    sign_in: SignIn
    request: saml.AuthnRequest
    nonce: str


@atomic
def start_sign_in(
    *,
    organization: Organization,
    actor: Actor,
    session: str = "",
    next_path: str = "",
    login_hint: str = "",
    configuration: Configuration | None = None,
    restart_of: SignIn | None = None,
    started_by: StartedBy = StartedBy.VISITOR,
    force_authn: bool = False,
    is_test: bool = False,
    nonce: str = "",
) -> Started:
    """Write the row of a sign-in, and return the request for the browser to carry.

    `session` names the session whose grants may be carried over; `configuration` is a draft to be tested; `force_authn`
    asks the provider not to rely on a session that it has, as the configuration may do, too; `is_test` says that an
    admin tests the active configuration; `nonce` is the one that other waiting requests of this browser have, "" if
    there are none.
    Raises NotConnectedError and TooManyStartsError. Source: SAML core 3.4.1, profiles 4.1.4.1.
    """
    configuration = _usable(organization, configuration)
    _check_number(organization, actor)
    again = restart_of is not None and restart_of.force_authn
    sign_in = SignIn(
        organization=organization,
        session=session,
        next_path=next_path[:2000],
        restart_of=restart_of,
        repeat_restarts=restart_of.repeat_restarts if restart_of else 0,
        started_by=started_by,
        force_authn=force_authn or again or configuration.force_authn,
        purpose=_purpose(configuration, is_test=is_test or (restart_of is not None and restart_of.is_test)),
    )
    nonce = nonce or secrets.token_urlsafe(32)
    _write_down(sign_in, configuration, actor, nonce)
    return Started(sign_in, _request(sign_in, configuration, login_hint), nonce)


@atomic
def keep_next_path(*, organization: Organization, actor: Actor, next_path: str) -> SignIn | None:
    """Keep where an unsolicited response leads, in a row for which no browser has been sent to the provider yet.

    The browser comes to the start page next, and `take_next_path` gives its place to the row of the request. Return
    None where nothing can be started now; then nothing is kept.
    """
    try:
        configuration = _usable(organization, None)
        _check_number(organization, actor)
    except (NotConnectedError, TooManyStartsError):
        return None
    sign_in = SignIn(organization=organization, next_path=next_path, started_by=StartedBy.PROVIDER)
    _write_down(sign_in, configuration, actor, nonce="")
    return sign_in


def take_next_path(*, sign_in: SignIn) -> str:
    """Return what `keep_next_path` has kept, and remove its row, once."""
    taken, _ = SignIn.objects.filter(pk=sign_in.pk, nonce_hash="").delete()
    return sign_in.next_path if taken else ""


def _usable(organization: Organization, draft: Configuration | None) -> Configuration:
    if not organization.is_open or not organization.plan.sso:
        raise NotConnectedError
    configuration = draft or active_configuration(organization)
    if configuration is None or configuration.flaw or configuration.connection.state == ConnectionState.DISABLED:
        raise NotConnectedError
    return configuration


def _purpose(configuration: Configuration, *, is_test: bool) -> Purpose:
    if configuration.state == ConfigurationState.DRAFT:
        return Purpose.TEST
    return Purpose.TEST_ACTIVE if is_test else Purpose.SIGN_IN


def _check_number(organization: Organization, actor: Actor) -> None:
    """Limit the rows that one client adds to the log of one organization. Raises TooManyStartsError.

    A refused sign-in counts like one without a response: every visitor can have any number of responses refused.
    """
    if not actor.client:
        return
    unfinished = SignIn.objects.filter(
        organization=organization, client=actor.client, started_at__gt=timezone.now() - STARTS_COUNTED_FOR
    ).exclude(state=SignInState.SUCCEEDED)
    if unfinished[:MOST_STARTS].count() == MOST_STARTS:
        raise TooManyStartsError


def _write_down(sign_in: SignIn, configuration: Configuration, actor: Actor, nonce: str) -> None:
    """Complete the row and insert it."""
    now = timezone.now()
    sign_in.reference = new_reference()
    sign_in.connection = configuration.connection
    sign_in.configuration = configuration
    sign_in.request_id = saml.new_request_id()
    sign_in.nonce_hash = hash_of_token(nonce) if nonce else ""
    sign_in.started_at = now
    # A user who takes longer is simply asked again (invariant 4).
    sign_in.expires_at = now + saml.REQUEST_LIFE
    sign_in.ip_address = actor.address or None
    sign_in.client = actor.client
    sign_in.user_agent = actor.user_agent[:400]
    sign_in.save(force_insert=True)


def _request(sign_in: SignIn, configuration: Configuration, login_hint: str) -> saml.AuthnRequest:
    return saml.build_authn_request(
        service_provider(sign_in.organization.number),
        configuration.identity_provider(),
        request_id=sign_in.request_id,
        issue_instant=sign_in.started_at,
        relay_state=sign_in.public_id.hex,
        login_hint=login_hint if configuration.connection.provider == Provider.AZURE else "",
        force_authn=sign_in.force_authn,
        key=signing_key(sign_in.organization) if configuration.signs_requests else None,
    )


def new_reference() -> str:
    """Return a code such as 7KQ4-M2XD-P9TR: 59 random bits, easy to read out."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(12))
    return "-".join(letters[at : at + 4] for at in (0, 4, 8))


def purge_unfinished_sign_ins() -> int:
    """Delete unfinished sign-ins that started long ago; return how many."""
    limit = timezone.now() - retention.UNFINISHED_SIGN_INS
    unfinished = SignIn.objects.filter(state=SignInState.STARTED, started_at__lt=limit)
    return delete_in_batches(unfinished, by="started_at")


def purge_sign_ins() -> int:
    """Delete sign-ins that started before what is kept of the log; return how many."""
    limit = retention.oldest_sign_in()
    return delete_in_batches(SignIn.objects.filter(started_at__lt=limit), by="started_at") if limit else 0
