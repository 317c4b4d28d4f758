"""Ten thousand random changes to a genuine response: refused, or of no consequence; and never an exception.

2,500 of them in the ordinary suite; all of them where CI is set, as .ci/run does.
"""

from __future__ import annotations

import os
from functools import partial

import pytest

from sso.models import Identity, SignInState
from sso.saml import Assertion, PendingRequest, Verdict, unverified_hint, validate_response
from tests.attacks.conftest import Siege, is_anybody_in
from tests.attacks.cost.measure import MOST_SECONDS, at_best
from tests.attacks.messages.mutations import genuine, mutated
from tests.attacks.messages.target import BASES, GENUINE, Target
from tests.conftest import new_browser
from tests.saml.provider import NOW, encode, idp

MANY = bool(os.environ.get("CI"))
CHUNKS = 40 if MANY else 10
CHUNK = 250
OVER_HTTP = 60 if MANY else 15


def judge(encoded: str) -> Verdict:
    target = Target("assertion")
    return validate_response(
        encoded,
        service_provider=target.service_provider,
        identity_provider=idp(),
        request=PendingRequest(target.request_id),
        now=NOW,
    )


@pytest.fixture(scope="module")
def bases() -> list[tuple[bytes, Assertion]]:
    """What is changed, and what it vouches for as it is."""
    made = [genuine(Target(base)) for base in BASES]
    said = [judge(encode(data)).assertion for data in made]
    assert None not in said
    return [(data, assertion) for data, assertion in zip(made, said, strict=True) if assertion]


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_changed_at_random(bases: list[tuple[bytes, Assertion]], chunk: int) -> None:
    accepted = 0
    for number in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        data, said = bases[number % len(bases)]
        encoded = mutated(data, number)
        verdict, spent = at_best(partial(judge, encoded))
        _, looked = at_best(partial(unverified_hint, encoded))
        assert spent + looked < MOST_SECONDS, f"change {number}: {spent + looked:.1f} s of processor time"
        if verdict.accepted:
            accepted += 1
            assert verdict.assertion == said, f"change {number}"
    # Some changes touch parts that no signature covers and no code reads. Many would mean that changes change nothing.
    assert accepted < CHUNK / 4


@pytest.mark.parametrize("base", BASES)
def test_changed_at_random_over_http(siege: Siege, base: str) -> None:
    """A randomly changed response that is posted to the ACS never signs in another user."""
    for number in range(OVER_HTTP):
        browser = new_browser()
        target = siege.ask_without_page(browser, base)
        answer = siege.post(browser, mutated(genuine(target), number))
        assert answer.status_code in {302, 303}, "refused, or asked for properly by way of the start page"
        row = siege.row(target)
        assert is_anybody_in(browser) == (row.state == SignInState.SUCCEEDED)
        assert row.state != SignInState.SUCCEEDED or row.address == GENUINE, number
    assert not Identity.objects.exclude(subject=GENUINE).exists()
