"""Clocks, lifetimes and fresh sign-ins over HTTP, with the simulator at the other end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from orgs.models import SessionGrant
from sso.models import SignInState
from sso.reasons import Reason
from tests.sso.conftest import Journey


@pytest.fixture(autouse=True)
def clock(journey: Journey) -> Iterator[time_machine.Traveller]:
    """Contoso, connected, and a clock that stands still, at a whole second, until a test moves it."""
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False) as clock:
        yield clock


def moment(**later: float) -> datetime:
    """So much later than now, by our clock."""
    return timezone.now() + timedelta(**later)


@pytest.mark.parametrize(("minutes", "skew"), [(0, 0), (2, 120), (-2, -120), (-9, -540)])
def test_the_measured_clock_is_kept_with_the_sign_in(journey: Journey, minutes: int, skew: int) -> None:
    journey.sign_in(now=moment(minutes=minutes))
    row = journey.last()
    assert (row.state, row.clock_skew) == (SignInState.SUCCEEDED, skew)


def test_a_slow_person_is_no_wrong_clock(journey: Journey, clock: time_machine.Traveller) -> None:
    request_id, written = journey.start(), moment(minutes=1)
    clock.shift(timedelta(minutes=8))
    journey.post(journey.answer("ada", request_id, now=written))
    assert (journey.last().state, journey.last().clock_skew) == (SignInState.SUCCEEDED, 0)


@pytest.mark.parametrize("year", [1, 9999])
def test_a_refusal_keeps_it_too_whatever_year_the_provider_writes(journey: Journey, year: int) -> None:
    journey.sign_in(issue_instant=datetime(year, 6, 1, tzinfo=UTC))
    row = journey.last()
    assert (row.state, row.reason) == (SignInState.REFUSED, Reason.OUT_OF_TIME)
    assert abs(row.clock_skew) > 60_000_000_000


@pytest.mark.parametrize("end", ["not_on_or_after", "confirmation_not_on_or_after"])
def test_what_is_good_for_longer_than_a_day_is_refused(journey: Journey, end: str) -> None:
    journey.sign_in(**{end: moment(days=2)})
    assert journey.last().reason == Reason.TOO_LONG
    assert not SessionGrant.objects.exists()


class TestFreshSignIn:
    """`force=1` asks for one, and then nothing else will do."""

    def test_asked_for_and_given(self, journey: Journey, clock: time_machine.Traveller) -> None:
        request_id = journey.start(force="1")
        clock.shift(timedelta(minutes=2))
        journey.post(journey.answer("ada", request_id, authn_instant=moment(minutes=-1)))
        assert (journey.last().state, journey.last().force_authn) == (SignInState.SUCCEEDED, True)

    def test_asked_for_and_not_given(self, journey: Journey) -> None:
        before = moment(hours=-1)
        journey.post(journey.answer("ada", journey.start(force="1"), authn_instant=before))
        row = journey.last()
        assert (row.state, row.reason) == (SignInState.REFUSED, Reason.NOT_FRESH)
        (failed,) = [check for check in row.checks if check["outcome"] == "failed"]
        assert (failed["name"], failed["received"][:19]) == ("force_authn", before.isoformat()[:19])
        assert not SessionGrant.objects.exists()

    def test_not_asked_for(self, journey: Journey) -> None:
        journey.post(journey.answer("ada", journey.start(), authn_instant=moment(days=-30)))
        assert (journey.last().state, journey.last().force_authn) == (SignInState.SUCCEEDED, False)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (timedelta(hours=2), timedelta(hours=2)),
        (timedelta(days=60), timedelta(hours=12)),
        (timedelta(days=365 * 7000), timedelta(hours=12)),
        (timedelta(seconds=5), timedelta(minutes=1)),
    ],
    ids=str,
)
def test_a_session_at_the_provider_shortens_ours_and_never_extends_it(
    journey: Journey, given: timedelta, expected: timedelta
) -> None:
    assert journey.organization.session_length == timedelta(hours=12)
    until = (timezone.now() + given).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    journey.sign_in(before_signing=lambda root: root.find(".//{*}AuthnStatement").set("SessionNotOnOrAfter", until))
    assert SessionGrant.objects.get().expires_at == timezone.now() + expected
