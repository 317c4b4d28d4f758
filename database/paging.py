"""Leafing through tables that grow: one page costs the same at the beginning and at the end.

A page begins behind a row, named by the values that it is sorted by (keyset), so that nothing has to be skipped or
counted, and so that an address still shows the same rows when new ones have come.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Final, Generic, TypeVar, cast

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import connections
from django.db.models import CharField, F, IntegerField, Model, OrderBy, Q, QuerySet, Subquery
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual
from django.utils.functional import cached_property

from database.prefixes import ByBytes

PAGE_LENGTH: Final = 50
MOST_COUNTED: Final = 10_000
_LONGEST_CURSOR: Final = 1000

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[Row]):
    """Some rows of a long list; `before` and `after` are the cursors of the pages beside it, "" where there is none."""

    rows: list[Row]
    before: str = ""
    after: str = ""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Order:
    """One or two fields that rows are sorted by, such as ("-started_at", "-id"), all in one direction.

    No two rows have the same values, and an index has the first field behind what the list is filtered by. Text is
    sorted by its bytes.
    """

    fields: tuple[str, ...]

    def cursor_of(self, row: Model) -> str:
        """Return the cursor of a row, for an address."""
        values = [_field(name, type(row)).value_to_string(row) for name in self.fields]
        return urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")

    def values_in(self, cursor: str, model: type[Model]) -> list[Any] | None:
        """Return the values that a cursor holds; None if it is no cursor of such a list."""
        if not cursor or len(cursor) > _LONGEST_CURSOR:
            return None
        try:
            texts = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            pairs = zip(self.fields, texts, strict=True)
            values = [_value(_field(name, model), text) for name, text in pairs]
        except (ValueError, TypeError, ValidationError, RecursionError):
            return None
        return None if any(value is None or "\0" in str(value) for value in values) else values

    def beyond(self, values: Sequence[Any], model: type[Model], *, backwards: bool) -> Q:
        """Return the condition that a row comes after one with these values, or before it.

        The first part repeats what follows from the others: an index can begin there.
        """
        falls = self.fields[0].startswith("-") != backwards
        at_least, more = (LessThanOrEqual, LessThan) if falls else (GreaterThanOrEqual, GreaterThan)
        columns = [_column(name, model) for name in self.fields]
        condition = Q(more(columns[-1], values[-1]))
        for column, value in list(zip(columns, values, strict=True))[-2::-1]:
            condition = Q(at_least(column, value)) & (Q(more(column, value)) | Q(Exact(column, value)) & condition)
        return condition

    def expressions(self, model: type[Model], *, backwards: bool = False) -> list[OrderBy]:
        """Return what to sort by."""
        return [OrderBy(_column(name, model), descending=name.startswith("-") != backwards) for name in self.fields]


def _field(name: str, model: type[Model]) -> Any:
    return model._meta.get_field(name.lstrip("-"))


def _value(field: Any, text: Any) -> Any:
    """Return a value that the field can hold. Raises ValidationError."""
    value = field.to_python(text)
    field.run_validators(value)
    return value


def _column(name: str, model: type[Model]) -> Any:
    field = _field(name, model)
    return ByBytes(F(field.name)) if isinstance(field, CharField) else F(field.name)


def keyset_page(
    rows: QuerySet[Row], order: Order, cursors: Mapping[str, str], *, any_of: Sequence[Q] = ()
) -> KeysetPage[Row]:
    """Return the page behind `cursors["after"]`, or before `cursors["before"]`; the first one without a usable cursor.

    With `any_of`, rows that satisfy one of these conditions at least. Each is looked up by an index of its own, which
    PostgreSQL does not do for an OR where rows have to be sorted. At most two statements, or four with `any_of`.
    """
    after, before = (order.values_in(cursors.get(name, ""), rows.model) for name in ("after", "before"))
    if after is not None:
        found = _some(rows.filter(order.beyond(after, rows.model, backwards=False)), order, any_of)
        if found:
            return _page(found[:PAGE_LENGTH], order, has_before=True, has_after=len(found) > PAGE_LENGTH)
    elif before is not None:
        earlier = rows.filter(order.beyond(before, rows.model, backwards=True))
        found = _some(earlier, order, any_of, backwards=True)
        if len(found) > PAGE_LENGTH:
            return _page(found[PAGE_LENGTH - 1 :: -1], order, has_before=True, has_after=True)
    found = _some(rows, order, any_of)
    return _page(found[:PAGE_LENGTH], order, has_before=False, has_after=len(found) > PAGE_LENGTH)


def _page(rows: list[Row], order: Order, *, has_before: bool, has_after: bool) -> KeysetPage[Row]:
    before = order.cursor_of(rows[0]) if has_before else ""
    return KeysetPage(rows, before, order.cursor_of(rows[-1]) if has_after else "")


def _some(rows: QuerySet[Row], order: Order, any_of: Sequence[Q], *, backwards: bool = False) -> list[Row]:
    """Return the first rows, one more than a page has."""
    if len(any_of) > 1 and connections[rows.db].features.supports_slicing_ordering_in_compound:
        rows = rows.filter(pk__in=_first_keys(rows, order, any_of, backwards=backwards))
    elif any_of:
        rows = rows.filter(reduce(or_, any_of))
    return list(rows.order_by(*order.expressions(rows.model, backwards=backwards))[: PAGE_LENGTH + 1])


def _first_keys(rows: QuerySet[Row], order: Order, any_of: Sequence[Q], *, backwards: bool) -> list[Any]:
    """Return the primary keys of the first rows that satisfy one of the conditions, by one statement (UNION)."""
    columns = {f"key_{at}": _column(name, rows.model) for at, name in enumerate(order.fields)}
    first = order.expressions(rows.model, backwards=backwards)
    parts = [
        rows.filter(condition).order_by(*first).annotate(**columns).values_list("pk", *columns)[: PAGE_LENGTH + 1]
        for condition in any_of
    ]
    falls = [each.descending for each in first]
    names = [f"-{name}" if falling else name for name, falling in zip(columns, falls, strict=True)]
    return [key for key, *_ in parts[0].union(*parts[1:]).order_by(*names)[: PAGE_LENGTH + 1]]


def count_up_to(rows: QuerySet[Any], by: str, *, most: int = MOST_COUNTED) -> int:
    """Return how many rows there are, and `most` + 1 if there are more: what counting costs is bounded.

    `by` is a field of the index that finds the rows. Counted in its order, they are read from nothing but the index;
    in no order, PostgreSQL may look for the first ones through the whole table.
    """
    return rows.order_by(by).values(by.lstrip("-"))[: most + 1].count()


def counted(number: int) -> str:
    """Return a number that was counted up to MOST_COUNTED + 1 in words, such as 9,431 or 10,000+."""
    return f"{number:,}" if number <= MOST_COUNTED else f"{MOST_COUNTED:,}+"


class NumberUpTo(Subquery):
    """The number of rows that belong to the row of an outer query, counted up to MOST_COUNTED + 1.

    Counting across a join would group the whole table first; this counts for the rows of one page.
    """

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any]) -> None:
        super().__init__(rows.order_by().values("pk")[: MOST_COUNTED + 1])


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # takes no type in brackets when it runs
    """Numbered pages, for Django's admin, which end at the last row that is counted."""

    @cached_property
    def count(self) -> int:
        """Return how many rows are paged through: MOST_COUNTED at most."""
        return min(cast("QuerySet[Any]", self.object_list)[: MOST_COUNTED + 1].count(), MOST_COUNTED)
