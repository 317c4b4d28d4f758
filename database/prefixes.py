"""Searching columns of text by their beginning, with an index, on PostgreSQL and SQLite.

PostgreSQL compares text by the rules of a language unless told otherwise, and no index in that order finds what begins
with some letters. Everything here compares by bytes, and so do the indexes that `ByBytes` is part of.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, F, Func, Model, Q, QuerySet, Value
from django.db.models.functions import Lower, StrIndex, Substr
from django.db.models.lookups import Exact, GreaterThanOrEqual, LessThan
from django.db.models.sql.compiler import SQLCompiler

_Row = TypeVar("_Row", bound=Model)
# Greater than every character, by bytes of UTF-8 as well.
_LAST_CHARACTER = "\U0010ffff"


class ByBytes(Func):
    """A column of text that is compared by its bytes; an index and a query that uses it both name it."""

    template = '%(expressions)s COLLATE "C"'
    arity = 1
    output_field = CharField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> tuple[str, Any]:
        """Return SQL for SQLite, whose own order is that of bytes."""
        return self.as_sql(compiler, connection, template="%(expressions)s COLLATE BINARY", **context)


def in_small_letters(field: str) -> ByBytes:
    """Return a field in small letters, as far as the database knows capitals."""
    return ByBytes(Lower(field))


def words_after_the_first(field: str) -> ByBytes:
    """Return what follows the first word of a field in small letters: the family name in most full names."""
    return ByBytes(Lower(Substr(field, StrIndex(field, Value(" ")) + 1)))


def is_exactly(field: str, text: str) -> Q:
    """Return the condition that a field is a text, for an index by bytes."""
    return Q(Exact(ByBytes(F(field)), text))


def begins_with(column: str | ByBytes, text: str) -> Q:
    """Return the condition that a field, or an expression of it, begins with a text, letter for letter.

    It is a range, and not LIKE: SQLite has no index for a LIKE with an escape character.
    """
    column = ByBytes(F(column)) if isinstance(column, str) else column
    return Q(GreaterThanOrEqual(column, text)) & Q(LessThan(column, text + _LAST_CHARACTER))


def values_beginning(rows: QuerySet[_Row], field: str, text: str, *, most: int) -> list[str]:
    """Return the first values of a field, by their bytes, that begin with a text: at most `most`, each once."""
    found = rows.filter(begins_with(field, text)).annotate(by_bytes=ByBytes(F(field))).order_by("by_bytes")
    return list(found.values_list("by_bytes", flat=True).distinct()[:most])
