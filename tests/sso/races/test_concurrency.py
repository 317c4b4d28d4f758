"""Twelve browsers' worth of the same response at once: one wins (invariant 4)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from orgs.models import GrantKind, SessionGrant, User
from sso.models import SignIn, SignInState
from tests.sso.conftest import new_browser

THREADS = 12


def at_once(work, count: int = THREADS) -> list:
    """Run the same work in many threads that begin together, each with its own database connection."""
    gate = threading.Barrier(count)

    def run(number: int):
        try:
            gate.wait(timeout=30)
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.fixture
def organization(make_organization):
    return make_organization()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time anyway")
def test_one_of_twelve_wins(journey):
    encoded = journey.answer("ada", journey.start())

    def post(number: int) -> str:
        browser = new_browser()
        browser.cookies = journey.browser.cookies.copy()
        return journey.post(encoded, browser=browser)["Location"]

    answers = at_once(post)
    assert answers.count("/o/contoso/") == 1, answers
    assert sum(location.startswith(journey.tenant.sso_url) for location in answers) == 1, "the others share one restart"
    assert answers.count("/o/contoso/sign-in") == THREADS - 2, answers
    assert SignIn.objects.filter(state=SignInState.SUCCEEDED).count() == 1
    assert SessionGrant.objects.filter(kind=GrantKind.SSO).count() == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time anyway")
def test_six_first_sign_ins_of_one_person_make_one_account(journey):
    encoded = [journey.answer("ada", journey.start()) for _ in range(6)]
    answers = at_once(lambda number: journey.post(encoded[number], browser=copy_of(journey)).status_code, 6)
    assert answers == [303] * 6
    assert User.objects.filter(email="ada@contoso.example").count() == 1
    assert SignIn.objects.filter(state=SignInState.SUCCEEDED).count() == 6


def copy_of(journey):
    """Another connection of the same browser: the same cookies."""
    browser = new_browser()
    browser.cookies = journey.browser.cookies.copy()
    return browser
