"""What a sign-in costs the database, counted instead of timed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orgs.models import Role
from sso.models import SignInState
from sso.services.asserted import CLAIM_SURNAME
from tests.sso.conftest import Journey, new_browser
from tests.sso.decoys import with_decoy

# What is kept by PostgreSQL is called by its name.
READ, WRITE = "SELECT", ["BEGIN", "SELECT", "SELECT", "SELECT", "UPDATE", "INSERT", "INSERT", "COMMIT"]
if connection.vendor == "postgresql":
    READ, WRITE = "EXECUTE", ["EXECUTE"]


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
def test_two_round_trips_and_one_commit(known):
    """The request with everything that decides about it, and the person. Then the request is used up, and its row keeps
    the verdict; the door; the session. Without WITH that is written by three statements in a transaction, after three
    that ask whether all that the door depends on still holds.
    """
    known.sign_in("grace")
    known.browser = new_browser()
    encoded = known.answer("grace", known.start())
    assert words(lambda: known.post(encoded)) == [READ, *WRITE]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_one_more_where_the_guess_finds_nobody(known):
    for _ in range(2):
        known.browser = new_browser()
        encoded = with_decoy(known.answer("grace", known.start()), known.tenant.users["ada"].object_id)
        said = words(lambda: known.post(encoded))  # noqa: B023 - called at once
    assert said == [READ, READ, *WRITE]
    assert known.last().user.email == "grace@contoso.example"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_whatever_else_is_written_is_written_in_the_same_transaction(known):
    """Here: another name than last time."""
    encoded = known.answer("grace", known.start(), claims={CLAIM_SURNAME: "Murray"})
    said = words(lambda: known.post(encoded))
    assert said[:3] == [READ, "BEGIN", "SELECT"]
    assert said[-1] == "COMMIT"
    assert said.count("COMMIT") == 1
    assert known.last().state == SignInState.SUCCEEDED
    assert known.browser.get("/session").json()["email"] == "grace@contoso.example"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_refusal_commits_once(known):
    encoded = known.answer("grace", known.start(), audience="https://other.example")
    assert words(lambda: known.post(encoded)) == [READ, "UPDATE"]
    assert known.last().state == SignInState.REFUSED
