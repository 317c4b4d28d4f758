"""Indexes that are made while a table is in use."""

from __future__ import annotations

import pytest
from django.db import NotSupportedError, connection, models, transaction
from django.db.migrations.state import ModelState, ProjectState

from database.safe_indexes import AddIndexInUse
from orgs.models import FormerSlug

NAME = "former_slug_age"
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no concurrent indexes")


def names() -> set[str]:
    """Return the names of the table's indexes, without those that are invalid."""
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            return set(connection.introspection.get_constraints(cursor, FormerSlug._meta.db_table))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = %s::regclass AND indisvalid",
            [FormerSlug._meta.db_table],
        )
        return {name for (name,) in cursor.fetchall()}


class Migrating:
    """The operation that adds the index, and the states before and after it."""

    def __init__(self) -> None:
        self.operation = AddIndexInUse("formerslug", models.Index(fields=["given_up_at"], name=NAME))
        self.before, self.after = ProjectState(), ProjectState()
        fields = [("id", models.BigAutoField(primary_key=True)), ("given_up_at", models.DateTimeField())]
        for state in (self.before, self.after):
            state.add_model(ModelState("orgs", "FormerSlug", list(fields)))
        self.operation.state_forwards("orgs", self.after)

    def forwards(self) -> None:
        """Add the index."""
        with connection.schema_editor(atomic=False) as editor:
            self.operation.database_forwards("orgs", editor, self.before, self.after)

    def backwards(self) -> None:
        """Drop the index."""
        with connection.schema_editor(atomic=False) as editor:
            self.operation.database_backwards("orgs", editor, self.after, self.before)


@pytest.mark.django_db(transaction=True)
def test_it_is_added_and_dropped() -> None:
    migrating = Migrating()
    migrating.forwards()
    assert NAME in names()
    migrating.backwards()
    assert NAME not in names()


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_one_that_was_left_behind_invalid_is_made_again() -> None:
    migrating = Migrating()
    migrating.forwards()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [NAME])
    assert NAME not in names()
    try:
        migrating.forwards()
        assert NAME in names()
    finally:
        migrating.backwards()


@on_postgresql
@pytest.mark.django_db
def test_it_refuses_a_transaction() -> None:
    with transaction.atomic(), pytest.raises(NotSupportedError):
        Migrating().forwards()
