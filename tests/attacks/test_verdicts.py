"""Every attack against `validate_response`: refused, by a rule that was meant to, and cheaply."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import pytest

from sso.saml import Fault, KeyPair, Outcome, Verdict, make_key_pair, validate_response
from tests.attacks.cost.measure import MOST_SECONDS, at_best
from tests.attacks.messages.groups import GROUPS, cases
from tests.attacks.messages.target import BASES, EVIL, Case, Target
from tests.saml.provider import NOW, REQUEST, SP, idp


@pytest.fixture(scope="module", autouse=True)
def warmed_up() -> None:
    """Schemas and keys are made once, and are not what any attack costs."""
    for base in BASES:
        assert judge(target_of(base).answer().encoded()).accepted, "the genuine response must be good"


@cache
def ours() -> KeyPair:
    """Return our key pair; its certificate is public, so every attacker can encrypt for it."""
    return make_key_pair("amplisso.example", now=NOW)


def target_of(base: str) -> Target:
    """The one request there is."""
    return Target(base, certificate=ours().certificate)


def judge(encoded: str) -> Verdict:
    return validate_response(
        encoded,
        service_provider=replace(SP, keys=(ours(),)),
        identity_provider=idp(),
        request=REQUEST,
        now=NOW,
    )


@pytest.mark.parametrize(("base", "case"), cases())
def test_refused(base: str, case: Case) -> None:
    encoded = case.attack(target_of(base))
    verdict, spent = at_best(partial(judge, encoded))
    assert verdict.failure is not None, "accepted"
    assert verdict.assertion is None
    assert EVIL not in repr(verdict.assertion)
    assert verdict.failure.outcome is Outcome.FAILED
    assert not case.by or verdict.failure.name in case.by, verdict.failure
    assert_told_apart(verdict)
    assert spent < MOST_SECONDS, f"{spent:.1f} s of processor time"


def assert_told_apart(verdict: Verdict) -> None:
    """Assert that what arrived never reads like what was expected, and has a number where it is over a limit."""
    assert verdict.failure is not None
    expected, received = verdict.failure.expected, verdict.failure.received
    assert expected
    assert received
    assert expected != received
    if verdict.fault is Fault.TOO_LARGE:
        assert any(map(str.isdecimal, received)), verdict.failure


def test_there_are_as_many_as_there_should_be() -> None:
    """A table that lost its rows would pass."""
    assert len(GROUPS) >= 20
    assert all(GROUPS.values())
    assert len(cases()) > 1500
