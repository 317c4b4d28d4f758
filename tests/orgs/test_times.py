"""How pages say when something will be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.template.loader import render_to_string

from orgs.sessions.lifetimes import in_words

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(hours=12) - timedelta(microseconds=1), "12 hours from now"),
        (timedelta(hours=11, minutes=20), "11 hours from now"),
        (timedelta(hours=23, minutes=50), "1 day from now"),
        (timedelta(days=7) - timedelta(seconds=2), "1 week from now"),
        (timedelta(minutes=59, seconds=58), "an hour from now"),
        (timedelta(minutes=9, seconds=58), "10 minutes from now"),
        (-timedelta(hours=11, minutes=59), "11 hours ago"),
    ],
)
def test_what_is_to_come_is_rounded_to_the_nearest_unit(ahead: timedelta, said: str) -> None:
    with time_machine.travel(NOW, tick=False):
        shown = render_to_string("parts/time.html", {"at": NOW + ahead}).replace("\xa0", " ")
    assert f">{said}</time>" in shown
    assert f'title="{(NOW + ahead):%-d %B %Y, %H:%M:%S} UTC"' in shown


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        (timedelta(days=14), "14 days"),
        (timedelta(days=1), "one day"),
        (timedelta(hours=12), "12 hours"),
        (timedelta(hours=1), "one hour"),
        (timedelta(minutes=10), "10 minutes"),
    ],
)
def test_how_long_something_lasts(duration: timedelta, said: str) -> None:
    assert in_words(duration) == said
