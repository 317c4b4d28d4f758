"""What a sign-in costs the database, counted instead of timed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orgs.models import Role
from sso.models import SignInState
from sso.services.sign_in.asserted import CLAIM_SURNAME
from tests.sso.conftest import Journey, new_browser

# PostgreSQL uses the request up and opens the grant in one statement, SQLite in eight with those of the transaction.
ROUND_TRIPS = 4 if connection.vendor == "postgresql" else 11
# A transaction, or a statement that changes something outside of one.
COMMIT = re.compile(r"BEGIN .*?COMMIT|WITH|INSERT|UPDATE|DELETE")


def cost(work: Callable[[], object]) -> tuple[int, int]:
    """Return how many statements some work takes, with those of transactions, and in how many commits it writes."""
    with CaptureQueriesContext(connection) as captured:
        work()
    texts = [re.sub(r"\A(SET LOCAL [^;]+; )+", "", query["sql"]) for query in captured.captured_queries]
    verbs = [text.lstrip().split()[0].rstrip(";").upper() for text in texts]
    return len(verbs), len(COMMIT.findall(" ".join(verbs)))


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
def test_four_round_trips_and_two_commits(known):
    """Read the request with everything that decides about it; read the person whom the signed response names; use the
    request up and open the grant; begin the session. Without WITH the third is two statements in a transaction, after
    four that read again all that the grant depends on.
    """
    known.sign_in("grace")
    known.browser = new_browser()
    encoded = known.answer("grace", known.start())
    assert cost(lambda: known.post(encoded)) == (ROUND_TRIPS, 2)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_whatever_else_is_written_is_written_in_the_same_transaction(known):
    """Here: another name than last time."""
    encoded = known.answer("grace", known.start(), claims={CLAIM_SURNAME: "Murray"})
    _, commits = cost(lambda: known.post(encoded))
    assert commits == 2
    assert known.last().state == SignInState.SUCCEEDED
    assert known.browser.get("/session").json()["email"] == "grace@contoso.example"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_refusal_commits_once(known):
    encoded = known.answer("grace", known.start(), audience="https://other.example")
    assert cost(lambda: known.post(encoded)) == (2, 1)
    assert known.last().state == SignInState.REFUSED
