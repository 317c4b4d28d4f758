"""One address cannot fill the log of an organization."""

from __future__ import annotations

import uuid
from copy import copy
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.utils import timezone

from audit.actors import Actor
from sso import saml
from sso.errors import TooManyStartsError
from sso.models import SignIn, SignInState
from sso.services.sign_in import start
from tests.sso.conftest import new_browser


@pytest.fixture
def few(monkeypatch):
    """So that a test need not begin six hundred."""
    monkeypatch.setattr(start, "MOST_STARTS", 3)


def begin(journey, address="192.0.2.7"):
    return new_browser().get(f"/sso/{journey.organization.number}/start", REMOTE_ADDR=address)


def start_again(sign_in, times):
    """Add rows like a started sign-in's, without the cost of building a request for each."""
    for _ in range(times):
        sign_in.pk, sign_in.public_id = None, uuid.uuid4()
        sign_in.reference, sign_in.request_id = start.new_reference(), saml.new_request_id()
        yield copy(sign_in)


def test_three_thousand_people_behind_one_address_sign_in_within_ten_minutes(journey):
    """300 at a time, each group being at the provider for as long as the next one needs to start."""
    actor = Actor(address="192.0.2.7")
    at_provider: list[int] = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(10):
            one = start.start_sign_in(organization=journey.organization, actor=actor).sign_in
            group = [one.pk, *(row.pk for row in SignIn.objects.bulk_create(start_again(one, 299)))]
            SignIn.objects.filter(pk__in=at_provider).update(state=SignInState.SUCCEEDED, consumed_at=timezone.now())
            at_provider = group
            clock.shift(timedelta(seconds=59))
    assert SignIn.objects.count() == 3000


def test_the_601st_unfinished_start_within_ten_minutes_is_refused(journey):
    begin_one = partial(start.start_sign_in, organization=journey.organization, actor=Actor(address="192.0.2.7"))
    SignIn.objects.bulk_create(start_again(begin_one().sign_in, 598))
    begin_one()
    with pytest.raises(TooManyStartsError):
        begin_one()
    SignIn.objects.filter(pk=SignIn.objects.first().pk).update(state=SignInState.SUCCEEDED, consumed_at=timezone.now())
    begin_one()


def test_a_sign_in_that_succeeds_does_not_count_and_a_refused_one_does(few, journey):
    assert [journey.sign_in("ada").status_code for _ in range(4)] == [303] * 4
    begin(journey, "127.0.0.1")
    for _ in range(2):
        journey.sign_in("ada", audience="https://elsewhere.example")
    assert SignIn.objects.filter(state=SignInState.REFUSED).count() == 2
    assert begin(journey, "127.0.0.1").status_code == 429


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
    ],
)
def test_clients_are_counted_by_ipv4_address_or_ipv6_network(few, journey, first, second, is_same):
    for _ in range(3):
        begin(journey, first)
    assert begin(journey, second).status_code == (429 if is_same else 302)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-dest": "image"},
        {"sec-fetch-dest": "iframe"},
        {"sec-fetch-dest": "empty"},
        {"sec-fetch-dest": ""},
        {"sec-fetch-dest": "document", "sec-purpose": "prefetch;prerender"},
    ],
)
def test_what_is_not_a_page_of_its_own_starts_nothing(journey, headers):
    answer = new_browser().get(f"/sso/{journey.organization.number}/start", headers=headers)
    assert (answer.status_code, answer.cookies.get("sessionid")) == (403, None)
    assert b"Open this page by itself" in answer.content
    assert not SignIn.objects.exists()


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-dest": "document", "sec-fetch-mode": "navigate"}])
def test_a_page_of_its_own_starts_a_sign_in(journey, headers):
    answer = new_browser().get(f"/sso/{journey.organization.number}/start", headers=headers)
    assert answer.status_code == 302
    assert SignIn.objects.count() == 1


def test_too_many_are_told_when_to_come_back(few, journey):
    assert [begin(journey).status_code for _ in range(4)] == [302, 302, 302, 429]
    answer = begin(journey)
    assert answer["Retry-After"] == "600"
    assert b"Too many" in answer.content
    assert b"Wait 10 minutes" in answer.content
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
