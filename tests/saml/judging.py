"""Asking for a verdict the way the ACS does, and what every refusal has to look like."""

from __future__ import annotations

from datetime import datetime

from sso.saml import CheckName, IdentityProvider, Outcome, PendingRequest, Verdict, validate_response
from tests.saml.provider import NOW, REQUEST, SP, Answer, idp


def judge(
    answer: Answer | str,
    identity_provider: IdentityProvider | None = None,
    now: datetime = NOW,
    request: PendingRequest = REQUEST,
) -> Verdict:
    """Judge an answer, or a form field, as the response to the one request there is, unless told otherwise."""
    return validate_response(
        answer if isinstance(answer, str) else answer.encoded(),
        service_provider=SP,
        identity_provider=identity_provider or idp(),
        request=request,
        now=now,
    )


def assert_refused(verdict: Verdict, name: CheckName) -> None:
    """Nobody is signed in, and exactly this check says why."""
    assert verdict.failure is not None, "accepted"
    assert verdict.failure.name is name, verdict.failure
    assert verdict.failure.expected
    assert verdict.failure.received
    assert not verdict.accepted
    assert verdict.assertion is None
    assert [check.name for check in verdict.checks] == list(CheckName)
    reached = [check.outcome for check in verdict.checks]
    failed = list(CheckName).index(name)
    assert reached[:failed] == [Outcome.PASSED] * failed
    assert set(reached[failed + 1 :]) <= {Outcome.NOT_REACHED}
