"""How far the provider's clock is from ours: no more is concluded than one response shows."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sso.saml import CheckName, PendingRequest, Verdict
from tests.saml.judging import assert_refused, judge
from tests.saml.provider import NOW, REQUEST_ID, SamlResponse, key_pair

SECOND = timedelta(seconds=1)
MADE = NOW - timedelta(minutes=2)


def answered(written: datetime, made: datetime | None = MADE) -> Verdict:
    """The verdict on a response written at a moment, to a request made two minutes ago."""
    answer = SamlResponse(issued=written.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    return judge(answer, request=PendingRequest(REQUEST_ID, made))


@pytest.mark.parametrize(
    ("written", "skew"),
    [
        (NOW, 0),
        (NOW + SECOND, 1),
        (NOW + 150 * SECOND, 150),
        (NOW - 60 * SECOND, 0),
        (MADE, 0),
        (MADE - SECOND, -1),
        (MADE - 90 * SECOND, -90),
    ],
    ids=str,
)
def test_a_moment_outside_has_only_the_clock_to_explain_it(written: datetime, skew: int) -> None:
    verdict = answered(written)
    assert verdict.accepted
    assert verdict.clock_skew == skew


@pytest.mark.parametrize("written", [NOW + 0.999 * SECOND, MADE - 0.999 * SECOND])
def test_less_than_a_second_may_have_been_cut_off(written: datetime) -> None:
    assert answered(written).clock_skew == 0


def test_without_the_moment_of_the_request_only_a_clock_that_is_ahead_shows() -> None:
    assert answered(NOW - 9 * 60 * SECOND, made=None).clock_skew == 0
    assert answered(NOW + 90 * SECOND, made=None).clock_skew == 90
    assert judge(SamlResponse()).clock_skew == 0


@pytest.mark.parametrize("minutes", [-600, 600])
def test_a_clock_that_is_too_wrong_is_told_with_the_refusal(minutes: int) -> None:
    verdict = answered((NOW if minutes > 0 else MADE) + timedelta(minutes=minutes))
    assert_refused(verdict, CheckName.ISSUE_INSTANT)
    assert verdict.clock_skew == minutes * 60


@pytest.mark.parametrize(
    "answer",
    [
        SamlResponse(pair=key_pair("eve"), issued="2026-03-02T10:30:00Z"),
        SamlResponse(destination="https://evil.test/acs", issued="2026-03-02T10:30:00Z"),
        SamlResponse(issued="2026-03-02T10:30:00+01:00"),
    ],
    ids=["another key", "another address", "local time"],
)
def test_nothing_is_said_of_a_clock_that_was_not_read(answer: SamlResponse) -> None:
    verdict = judge(answer)
    assert not verdict.accepted
    assert verdict.clock_skew is None
