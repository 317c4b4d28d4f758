"""Statements that PostgreSQL keeps, planned, for as long as a connection lives."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

# What each connection of PostgreSQL's keeps of ours; None for one that lost something (behind a pooler).
_kept: WeakKeyDictionary[Any, set[str] | None] = WeakKeyDictionary()

# invalid_sql_statement_name, duplicate_prepared_statement, feature_not_supported (PostgreSQL, appendix A): it is kept
# by another connection than this one, or was planned for columns of another type.
_NOT_KEPT = frozenset({"26000", "42P05", "0A000"})


class Prepared:
    """A statement that is planned once for each connection: planning takes longer than answering (PostgreSQL, PREPARE).

    It runs as it stands wherever nothing can be kept: on SQLite, inside a transaction, which an error would end, and
    behind a pooler that gives each transaction another connection.
    """

    def __init__(self, name: str, text: str) -> None:
        """`text` has a %s for each parameter. `name` is what PostgreSQL's own views show it by."""
        self.text = text
        count = text.count("%s")
        numbers = (f"${number}" for number in itertools.count(1))
        # Another release's statement of this name is another statement.
        self._name = f"{name}_{hashlib.sha256(text.encode()).hexdigest()[:12]}"
        self._execute = f"EXECUTE {self._name} ({', '.join(['%s'] * count)})"
        text_by_number = "".join(
            itertools.chain(*zip(text.split("%s"), [*itertools.islice(numbers, count), ""], strict=True))
        )
        self._prepare = f"PREPARE {self._name} AS {text_by_number}; {self._execute}"

    def rows(self, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run it on the default database; return all that it answers."""
        database = connections[DEFAULT_DB_ALIAS]
        with database.cursor() as cursor:
            try:
                cursor.execute(self._wording(database), parameters)
            except DatabaseError as error:
                if getattr(error.__cause__, "pgcode", None) not in _NOT_KEPT or database.in_atomic_block:
                    raise
                _kept[database.connection] = None
                cursor.execute(self.text, parameters)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def _wording(self, database: BaseDatabaseWrapper) -> str:
        if database.vendor != "postgresql" or database.in_atomic_block:
            return self.text
        kept = _kept.setdefault(database.connection, set())
        if kept is None:
            return self.text
        if self._name in kept:
            return self._execute
        kept.add(self._name)
        return self._prepare
