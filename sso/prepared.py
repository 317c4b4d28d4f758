"""Statements that PostgreSQL keeps, planned, for as long as a connection lives."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

# The names that each PostgreSQL connection keeps; None once it has turned out not to keep them (a pooler).
_kept: WeakKeyDictionary[Any, set[str] | None] = WeakKeyDictionary()

# invalid_sql_statement_name, duplicate_prepared_statement, feature_not_supported (PostgreSQL, appendix A): it is kept
# by another connection than this one, or was planned for columns of another type.
_NOT_KEPT = frozenset({"26000", "42P05", "0A000"})


class Prepared:
    """A statement that each connection keeps, since planning it takes longer than answering it.

    PostgreSQL parses it once, and after five runs plans it no more unless a plan for the very values is cheaper
    (PREPARE, Notes). It runs as it stands wherever nothing can be kept: on SQLite, inside a transaction, which an error
    would end, and behind a pooler that gives each transaction another connection.
    """

    def __init__(self, name: str, text: str) -> None:
        """`text` has a %s for each parameter, one at least, and no other %; pg_prepared_statements shows the `name`."""
        head, *rest = text.split("%s")
        numbered = head + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))
        # Another release's statement of this name is another statement.
        self._name = f"{name}_{hashlib.sha256(text.encode()).hexdigest()[:12]}"
        self._text = text
        self._execute = f"EXECUTE {self._name} ({', '.join(['%s'] * len(rest))})"
        self._prepare = f"PREPARE {self._name} AS {numbered}; {self._execute}"

    def rows(self, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run it on the default database; return all rows. Raises django.db.DatabaseError, as a cursor does."""
        database = connections[DEFAULT_DB_ALIAS]
        with database.cursor() as cursor:
            wording = self._wording(database)
            try:
                cursor.execute(wording, parameters)
            except DatabaseError as error:
                if wording == self._text or getattr(error.__cause__, "pgcode", None) not in _NOT_KEPT:
                    raise
                _kept[database.connection] = None
                cursor.execute(self._text, parameters)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def _wording(self, database: BaseDatabaseWrapper) -> str:
        if database.vendor != "postgresql" or not database.get_autocommit():
            return self._text
        kept = _kept.setdefault(database.connection, set())
        if kept is None:
            return self._text
        if self._name in kept:
            return self._execute
        # Before it has run: PREPARE stays even if the EXECUTE behind it fails.
        kept.add(self._name)
        return self._prepare
