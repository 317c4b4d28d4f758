"""Entra's response to a request, decided before a line of XML is written."""

import dataclasses
import datetime as dt
import uuid
from typing import Any, Final

from simulator.apps import App
from simulator.saml import claims, responses
from simulator.saml.requests import SamlRequest
from simulator.saml.responses import SamlResponse, Twists
from simulator.users import User

BACKDATED: Final = dt.timedelta(minutes=5)
LIFETIME: Final = dt.timedelta(minutes=60)
SESSION_AGE: Final = dt.timedelta(hours=3, minutes=17)
FOLLOWERS: Final = {
    "issuer": "response_issuer",
    "assertion_id": "session_index",
    "key": "certificate",
}


def usual(app: App, issuer: str, asked: SamlRequest, now: dt.datetime) -> SamlResponse:
    """Return the response to `asked` (an empty ID makes it unsolicited), without a user yet."""
    reply_url = asked.acs_url or app.reply_url
    assertion_id = responses.new_id()
    key = app.signing_key(now)
    return SamlResponse(
        issuer=issuer,
        response_issuer=issuer,
        audience=app.audience,
        destination=reply_url,
        recipient=reply_url,
        in_response_to=asked.id or None,
        subject_confirmation_in_response_to=asked.id or None,
        issue_instant=now,
        not_before=now - BACKDATED,
        not_on_or_after=now + LIFETIME,
        confirmation_not_on_or_after=now + LIFETIME,
        authn_instant=now if asked.force_authn else now - SESSION_AGE,
        key=key,
        certificate=key,
        assertion_id=assertion_id,
        session_index=assertion_id,
        signing=app.signing,
        signature_method=app.algorithm,
        digest_method=app.algorithm,
        encrypt_for=app.encryption_certificate,
    )


def named(answer: SamlResponse, app: App, user: User, requested_format: str) -> SamlResponse:
    """Return the response with the name ID of this user. Raises Refusal 501241 for an empty source."""
    value, name_format = claims.name_id(app, user, requested_format)
    return dataclasses.replace(answer, name_id=value, name_id_format=name_format)


def twisted(answer: SamlResponse, twists: Twists) -> SamlResponse:
    """Return the response with the caller's changes; what usually follows a changed value follows it."""
    changes: dict[str, Any] = dict(twists)
    for leader, follower in FOLLOWERS.items():
        if leader in changes:
            changes.setdefault(follower, changes[leader])
    changes["claims"] = claims.changed(answer.claims, twists.get("claims", {}))
    return dataclasses.replace(answer, **changes)


def declined(answer: SamlResponse, code: int, text: str) -> SamlResponse:
    """Return the response as a failure, with Entra's number in the status message."""
    return dataclasses.replace(
        answer,
        status=responses.RESPONDER,
        nested_status=responses.AUTHN_FAILED,
        status_message=_failure_text(code, text, answer.issue_instant),
    )


def _failure_text(code: int, text: str, now: dt.datetime) -> str:
    return f"AADSTS{code}: {text}\nTrace ID: {uuid.uuid4()}\nTimestamp: {now:%Y-%m-%d %H:%M:%S}Z"
