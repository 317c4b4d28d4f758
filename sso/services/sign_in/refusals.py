"""Refusing a sign-in: in the row of its request, or in a row of its own where another browser may answer that one."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db.models import F

from audit.actors import Actor
from orgs.crypto.tokens import hash_of_token
from sso import saml
from sso.models import SignIn, SignInState
from sso.reasons import Reason
from sso.services.sign_in.outcomes import Refused
from sso.services.sign_in.persist import consume_request
from sso.services.sign_in.start import new_reference

# Rows for responses that came without the request's cookie, for each request. Unlike those that wait for a response
# they are over when they begin.
_KEPT_APART = 5


def refuse(sign_in: SignIn, reason: Reason, detail: str) -> Refused:
    """Consume the request with a reason; the row keeps every check. Raises AlreadyConsumed."""
    sign_in.state, sign_in.reason, sign_in.detail = SignInState.REFUSED, reason, detail[:1000]
    consume_request(sign_in)
    return Refused(sign_in)


def refuse_apart(sign_in: SignIn, actor: Actor, now: datetime) -> Refused:
    """Refuse a response without the cookie in a row of its own: the browser that asked may still answer the request.

    Further responses to the same request return the last of these rows.
    """
    alike = SignIn.objects.filter(restart_of=sign_in, reason=Reason.COOKIE_LOST, expires_at=F("started_at"))
    rows = list(alike.order_by("-id")[:_KEPT_APART])
    if len(rows) == _KEPT_APART:
        return Refused(rows[0])
    row = SignIn.objects.create(
        reference=new_reference(),
        organization=sign_in.organization,
        connection=sign_in.connection,
        configuration=sign_in.configuration,
        purpose=sign_in.purpose,
        restart_of=sign_in,
        state=SignInState.REFUSED,
        reason=Reason.COOKIE_LOST,
        request_id=saml.new_request_id(),
        nonce_hash=hash_of_token(secrets.token_urlsafe(32)),
        started_at=now,
        expires_at=now,
        consumed_at=now,
        ip_address=actor.address or None,
        user_agent=actor.user_agent[:400],
    )
    return Refused(row)
