"""One address cannot fill the log of an organization."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from sso.models import SignIn
from sso.services import start
from tests.sso.conftest import new_browser


@pytest.fixture
def few(monkeypatch):
    """So that a test need not begin six hundred."""
    monkeypatch.setattr(start, "MOST_STARTS", 3)


def begin(journey, address="192.0.2.7"):
    return new_browser().get(f"/sso/{journey.organization.number}/start", REMOTE_ADDR=address)


def test_the_limit_leaves_room_for_a_company_behind_one_address():
    assert start.MOST_STARTS >= 500


def test_too_many_are_told_when_to_come_back(few, journey):
    assert [begin(journey).status_code for _ in range(4)] == [302, 302, 302, 429]
    answer = begin(journey)
    assert answer["Retry-After"] == "600"
    assert b"Too many" in answer.content
    assert SignIn.objects.count() == 3


def test_others_and_those_who_wait_may_begin(few, journey, connect, make_organization):
    other = connect(make_organization("Fabrikam"))
    for _ in range(3):
        begin(journey)
    assert begin(journey, "192.0.2.8").status_code == 302
    assert begin(other).status_code == 302
    assert begin(journey).status_code == 429
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert begin(journey).status_code == 302


def test_what_nobody_asked_for_counts_too(few, journey):
    encoded = journey.answer("ada", "")
    answers = [journey.post(encoded, browser=new_browser()).status_code for _ in range(4)]
    assert answers == [302, 302, 302, 429]
    assert SignIn.objects.count() == 3
