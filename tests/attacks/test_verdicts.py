"""Every attack against `validate_response`: refused, by a rule that was meant to, and cheaply."""

from __future__ import annotations

import time

import pytest

from sso.saml import Outcome, Verdict, validate_response
from tests.attacks.groups import GROUPS, cases
from tests.attacks.target import BASES, EVIL, Case, Target
from tests.saml.provider import NOW, idp

# A bomb costs ten seconds and more; an honest verdict three milliseconds. Processor time, so that a busy machine
# can't fail this.
MOST_SECONDS = 1.0


@pytest.fixture(scope="module", autouse=True)
def warmed_up() -> None:
    """Schemas and keys are made once, and are not what any attack costs."""
    for base in BASES:
        assert judge(Target(base).answer().encoded()).accepted, "the genuine response must be good"


def judge(encoded: str) -> Verdict:
    target = Target("assertion")
    return validate_response(
        encoded,
        service_provider=target.service_provider,
        identity_provider=idp(),
        request=_pending(target),
        now=NOW,
    )


def _pending(target: Target):
    from sso.saml import PendingRequest

    return PendingRequest(target.request_id)


@pytest.mark.parametrize(("base", "case"), cases())
def test_refused(base: str, case: Case) -> None:
    encoded = case.attack(Target(base))
    begin = time.process_time()
    verdict = judge(encoded)
    spent = time.process_time() - begin
    assert verdict.failure is not None, "accepted"
    assert verdict.assertion is None
    assert EVIL not in repr(verdict.assertion)
    assert verdict.failure.outcome is Outcome.FAILED
    assert not case.by or verdict.failure.name in case.by, verdict.failure
    assert spent < MOST_SECONDS, f"{spent:.1f} s of processor time"


def test_there_are_as_many_as_there_should_be() -> None:
    """A table that lost its rows would pass."""
    assert len(GROUPS) >= 20
    assert all(GROUPS.values())
    assert len(cases()) > 1500
