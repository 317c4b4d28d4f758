"""Several sign-ins wait in one browser: their cookies are few, and any of them may be answered first."""

from __future__ import annotations

import itertools

import pytest

from sso.models import SignIn, SignInState
from sso.services.sign_in.finish import cookie_name
from tests.sso.conftest import new_browser, request_id_in

HOME = "/o/contoso/"


def succeeded() -> int:
    return SignIn.objects.filter(state=SignInState.SUCCEEDED).count()


def test_two_hundred_starts_leave_two_cookies_and_a_sign_in_works(journey):
    answers = [journey.start() for _ in range(200)]
    assert len(journey.browser.cookies) == 2
    assert journey.post(journey.answer("ada", answers[-1]))["Location"] == HOME
    assert journey.post(journey.answer("ada", answers[0]))["Location"] == HOME
    assert len(set(SignIn.objects.values_list("nonce_hash", flat=True))) == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_tabs_finish_in_any_order(order, journey):
    waiting = [journey.start() for _ in range(3)]
    for tab in order:
        assert journey.post(journey.answer("ada", waiting[tab]))["Location"] == HOME
    assert succeeded() == 3


def test_tabs_that_start_at_the_same_moment_are_asked_once_more_by_themselves(journey):
    """A browser is restored: no tab has a cookie yet, and the last response to arrive decides the nonce."""
    first = journey.start()
    before = journey.browser.cookies.copy()
    journey.browser.cookies.clear()
    second = journey.start()
    assert journey.browser.cookies[cookie_name(10001)].value != before[cookie_name(10001)].value
    asked_again = journey.post(journey.answer("ada", first))
    assert journey.post(journey.answer("ada", second))["Location"] == HOME
    assert journey.post(journey.answer("ada", request_id_in(asked_again["Location"])))["Location"] == HOME


def test_several_organizations_have_nonces_of_their_own(journey, connect, make_organization):
    other = connect(make_organization("Fabrikam"))
    other.browser = journey.browser
    waiting = [(each, each.start()) for each in (journey, other, journey, other)]
    assert len(journey.browser.cookies) == 4
    assert len(set(SignIn.objects.values_list("nonce_hash", flat=True))) == 2
    for each, request_id in waiting:
        assert each.post(each.answer("ada", request_id))["Location"] == f"/o/{each.organization.slug}/"


def test_another_browser_has_another_nonce(journey):
    journey.start()
    journey.browser = new_browser()
    journey.start()
    assert len(set(SignIn.objects.values_list("nonce_hash", flat=True))) == 2


def test_an_answer_is_still_used_once(journey):
    encoded = journey.answer("ada", journey.start())
    journey.start()
    assert journey.post(encoded)["Location"] == HOME
    assert journey.post(encoded)["Location"] == HOME, "by the session that the first one has made"
    assert succeeded() == 1


@pytest.mark.parametrize("nonce", ["", "short", "a" * 44, "é" * 43, "a" * 42 + ";"])
def test_a_cookie_that_we_never_made_is_replaced(nonce, journey):
    journey.browser.cookies["start-10001"] = nonce
    request_id = journey.start()
    assert len(journey.browser.cookies["start-10001"].value) == 43
    assert journey.browser.cookies["start-10001"].value != nonce
    assert journey.post(journey.answer("ada", request_id))["Location"] == HOME
