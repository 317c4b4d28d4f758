"""Asking the identity provider: the first half of a sign-in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from orgs.models import Organization
from orgs.tokens import hash_of_token
from sso import saml
from sso.models import Configuration, ConfigurationState, Provider, Purpose, SignIn, StartedBy
from sso.selectors import active_configuration, service_provider, signing_key

# Long enough for a second factor at the provider; whoever is slower is simply asked again (invariant 4).
LIFE = timedelta(minutes=10)
# No 0/O, 1/I/L: people read these codes out.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


# A whole company behind one address begins its day with less.
MOST_STARTS, STARTS_COUNTED_FOR = 600, timedelta(minutes=10)


class TooManyStartsError(Exception):
    """One address has begun so many sign-ins at one organization that somebody only fills the log."""


class NotConnectedError(Exception):
    """This organization has no identity provider that could be asked now."""


@dataclass(frozen=True, slots=True)
class Started:
    """A sign-in that waits for its answer: the row, what to send, and the secret for the browser's cookie."""

    sign_in: SignIn
    request: saml.AuthnRequest
    nonce: str


@transaction.atomic
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
) -> Started:
    """Write down what will be asked, and return the request for the browser to carry.

    `session` names the session whose doors may be carried over; `configuration` is a draft to be tested; `force_authn`
    asks the provider not to rely on a session that it has. Raises NotConnectedError and TooManyStartsError.
    Source: SAML core 3.4.1, profiles 4.1.4.1.
    """
    configuration = _usable(organization, configuration)
    _check_number(organization, actor)
    sign_in, nonce = _write_down(organization, configuration, actor, session, next_path, restart_of, started_by)
    request = saml.build_authn_request(
        service_provider(organization.number),
        configuration.identity_provider(),
        request_id=sign_in.request_id,
        issue_instant=sign_in.started_at,
        relay_state=sign_in.public_id.hex,
        login_hint=login_hint if configuration.connection.provider == Provider.AZURE else "",
        force_authn=force_authn,
        key=signing_key(organization) if configuration.signs_requests else None,
    )
    return Started(sign_in, request, nonce)


def _usable(organization: Organization, draft: Configuration | None) -> Configuration:
    if not organization.is_open or not organization.plan.sso:
        raise NotConnectedError
    configuration = draft or active_configuration(organization)
    if configuration is None:
        raise NotConnectedError
    return configuration


def _check_number(organization: Organization, actor: Actor) -> None:
    """The rows of the log are what is limited, so they are what is counted: one look at an index, and no cache."""
    since = timezone.now() - STARTS_COUNTED_FOR
    begun = SignIn.objects.filter(organization=organization, started_at__gt=since, ip_address=actor.address or None)
    if actor.address and begun[:MOST_STARTS].count() == MOST_STARTS:
        raise TooManyStartsError


def _write_down(
    organization: Organization,
    configuration: Configuration,
    actor: Actor,
    session: str,
    next_path: str,
    restart_of: SignIn | None,
    started_by: StartedBy,
) -> tuple[SignIn, str]:
    now, nonce = timezone.now(), secrets.token_urlsafe(32)
    is_draft = configuration.state == ConfigurationState.DRAFT
    sign_in = SignIn.objects.create(
        reference=new_reference(),
        organization=organization,
        connection=configuration.connection,
        configuration=configuration,
        purpose=Purpose.TEST if is_draft else Purpose.SIGN_IN,
        started_by=started_by,
        restart_of=restart_of,
        request_id=saml.new_request_id(),
        nonce_hash=hash_of_token(nonce),
        session=session,
        next_path=next_path[:2000],
        started_at=now,
        expires_at=now + LIFE,
        ip_address=actor.address or None,
        user_agent=actor.user_agent[:400],
    )
    return sign_in, nonce


def new_reference() -> str:
    """Return a code such as 7KQ4-M2XD-P9TR: 59 random bits, easy to read out."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(12))
    return "-".join(letters[at : at + 4] for at in (0, 4, 8))
