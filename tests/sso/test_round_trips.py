"""What a sign-in costs the database, counted instead of timed."""

from __future__ import annotations

from collections.abc import Callable
from unittest import mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orgs.models import Role
from sso.models import SignInState
from sso.services.people import CLAIM_SURNAME
from tests.sso.conftest import Journey, new_browser


def words(work: Callable[[], object]) -> list[str]:
    """The first word of each statement, with those that begin and end transactions."""
    with CaptureQueriesContext(connection) as captured:
        work()
    return [query["sql"].lstrip().split()[0].rstrip(";").upper() for query in captured.captured_queries]


@pytest.fixture
def known(organization, connect, member, make_user) -> Journey:
    """Contoso, and Grace, who came in before."""
    journey = connect(organization)
    member(organization, Role.MANAGER, make_user("grace@contoso.example"))
    journey.sign_in("grace")
    assert journey.last().state == SignInState.SUCCEEDED
    journey.browser = new_browser()
    return journey


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_three_round_trips_and_one_commit(known):
    """Seven without WITH: what lets somebody in is then written by three statements in a transaction."""
    encoded = known.answer("grace", known.start())
    assert words(lambda: known.post(encoded)) == [
        "SELECT",  # the request, with organization, plan, connection and configuration
        "SELECT",  # the person, with identity and membership
        # The request is used up, and its row keeps the verdict; the door; the session.
        *(["WITH"] if connection.vendor == "postgresql" else ["BEGIN", "UPDATE", "INSERT", "INSERT", "COMMIT"]),
    ]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_whatever_else_is_written_is_written_in_the_same_transaction(known):
    """Here: another name than last time."""
    encoded = known.answer("grace", known.start(), claims={CLAIM_SURNAME: "Murray"})
    said = words(lambda: known.post(encoded))
    assert said[:5] == ["SELECT", "SELECT", "BEGIN", "SELECT", "UPDATE"]
    assert said[-1] == "COMMIT"
    assert said.count("COMMIT") == 1
    assert known.last().state == SignInState.SUCCEEDED
    assert known.browser.get("/session").json()["email"] == "grace@contoso.example"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_refusal_commits_once(known):
    encoded = known.answer("grace", known.start(), audience="https://other.example")
    assert words(lambda: known.post(encoded)) == ["SELECT", "UPDATE"]
    assert known.last().state == SignInState.REFUSED


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is in this process and has no connection to lose")
def test_a_connection_that_answered_a_moment_ago_is_not_asked_again():
    with mock.patch.object(connection, "is_usable", wraps=connection.is_usable) as asked:
        connection.ensure_connection()
        connection.close_at = None
        connection.health_check_enabled, connection._answered_at = True, float("-inf")
        for idle in (0, 0, 10):
            connection._answered_at -= idle
            connection.health_check_done = False
            connection.close_if_health_check_failed()
            connection.close_if_unusable_or_obsolete()
    assert asked.call_count == 2
