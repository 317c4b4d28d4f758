"""Statements that PostgreSQL keeps."""

from __future__ import annotations

import pytest
from django.db import DataError, OperationalError, connection, transaction

from orgs.models import Organization
from sso.prepared import Prepared
from tests.sso.test_round_trips import words

TEXT = "SELECT name, number FROM orgs_organization WHERE number = %s AND name <> %s"

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps nothing")
for_real = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def statement(organization: Organization) -> Prepared:
    """Nobody has run it yet, on a connection that nobody has used."""
    connection.close()
    return Prepared("of_a_test", TEXT)


def ask(statement: Prepared, organization: Organization) -> list[str]:
    """Run it, hold its answer against what must come out, and return the first word of all that was said."""
    return words(lambda: check(statement.rows([organization.number, "x"]), organization))


def check(rows: list[tuple[object, ...]], organization: Organization) -> None:
    assert rows == [(organization.name, organization.number)]


@for_real
def test_each_connection_keeps_it(statement, organization):
    plain = connection.vendor != "postgresql"
    for expected in (["PREPARE"], ["EXECUTE"], ["EXECUTE"]):
        assert ask(statement, organization) == (["SELECT"] if plain else expected)
    connection.close()
    assert ask(statement, organization) == (["SELECT"] if plain else ["PREPARE"])
    assert statement.rows([organization.number, organization.name]) == []


@for_real
def test_it_runs_as_it_stands_in_a_transaction(statement, organization):
    """An error would end the transaction."""
    with transaction.atomic():
        assert ask(statement, organization) == ["SELECT"]
        assert ask(statement, organization) == ["SELECT"]


@for_real
@on_postgresql
def test_it_outlives_what_was_kept(statement, organization):
    """A pooler may give each transaction another connection."""
    ask(statement, organization)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert ask(statement, organization)[-1] == "SELECT"
    assert ask(statement, organization) == ["SELECT"], "it has seen that nothing is kept"
    assert ask(Prepared("another", TEXT), organization) == ["SELECT"]


@for_real
@on_postgresql
def test_somebody_else_has_kept_it_already(statement, organization):
    """The other side of such a pooler."""
    with connection.cursor() as cursor:
        cursor.execute(statement._prepare.partition(";")[0])
    assert ask(statement, organization)[-1] == "SELECT"


@for_real
@on_postgresql
def test_a_column_that_has_become_another_one(organization):
    """A migration may run beside a connection that has kept the statement."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS of_a_test")
        cursor.execute("CREATE TABLE of_a_test (a varchar(5)); INSERT INTO of_a_test VALUES ('x')")
        statement = Prepared("of_a_test", "SELECT a FROM of_a_test WHERE a = %s")
        try:
            assert statement.rows(["x"]) == [("x",)]
            cursor.execute("ALTER TABLE of_a_test ALTER a TYPE text")
            assert statement.rows(["x"]) == [("x",)]
        finally:
            cursor.execute("DROP TABLE of_a_test")


@for_real
@on_postgresql
def test_other_errors_are_errors(statement, organization):
    ask(statement, organization)
    with pytest.raises(DataError):
        statement.rows(["no number", "x"])
    with transaction.atomic(), pytest.raises(OperationalError), transaction.atomic():
        Prepared("never", "EXECUTE no_such_statement (%s)").rows(["x"])
    assert ask(statement, organization) == ["EXECUTE"]
