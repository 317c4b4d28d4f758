"""Statements that are put together once, for the few that every sign-in makes.

Django's ORM takes ten times as long to write such a statement as to run it (docs/performance.md). They are still
written with it, or from its models; only the text is kept. Signals are not sent: these models have none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Field, Model, QuerySet
from django.db.models.query import get_related_populators

Row = TypeVar("Row", bound=Model)

# Values that no query has of its own, to find out where its parameters went.
_MARKS: dict[type, Callable[[int], Any]] = {
    int: lambda at: 1_886_543_210 + at,
    str: lambda at: f"parameter {at} of a prepared query",
}


class PreparedQuery(Generic[Row]):
    """A query for one row. `parameters` names the arguments of `build`, each an int or a str that goes to the database.

    `build` is called once, with other values than `first` is: the query must not depend on them otherwise.
    """

    def __init__(self, build: Callable[..., QuerySet[Row]], **parameters: type) -> None:
        self._build = build
        self._marks = {name: _MARKS[kind](at) for at, (name, kind) in enumerate(parameters.items())}

    def first(self, **values: int | str) -> Row | None:
        """Return the first row with whatever `build` asks for beside it; None if there is none."""
        plan = self._plan
        with connection.cursor() as cursor:
            cursor.execute(plan.sql, [values[each] if is_name else each for is_name, each in plan.parameters])
            row = cursor.fetchone()
        return None if row is None else cast(Row, plan.read(list(row)))

    @cached_property
    def _plan(self) -> _Plan:
        names = {mark: name for name, mark in self._marks.items()}
        return _Plan(self._build(**self._marks), names)


class _Plan:
    """The text of a query, and how django.db.models.query makes objects of its rows."""

    def __init__(self, queryset: QuerySet[Any], names: dict[Any, str]) -> None:
        query = queryset.query.chain()
        query.set_limits(high=1)
        compiler: Any = query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql, parameters = compiler.as_sql()
        self.parameters = [(each in names, names.get(each, each)) for each in parameters]
        columns = [column for column, _, _ in compiler.select]
        self._converters = [(at, *found) for at, found in compiler.get_converters(columns).items()]
        shown = compiler.klass_info["select_fields"]
        self._model, self._columns = compiler.klass_info["model"], slice(shown[0], shown[-1] + 1)
        self._names = [column.target.attname for column in columns[self._columns]]
        populators: Any = get_related_populators  # the stubs are ahead of Django
        self._beside = populators(compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS)

    def read(self, row: list[Any]) -> Model:
        for at, converters, expression in self._converters:
            for convert in converters:
                row[at] = convert(row[at], expression, connection)
        found: Model = self._model.from_db(DEFAULT_DB_ALIAS, self._names, row[self._columns])
        for each in self._beside:
            each.populate(row, found)
        return found


def insert(row: Model) -> None:
    """Write a new row, and give it the number that the database gave it."""
    sql, fields, is_numbered = _insertion(type(row))
    with connection.cursor() as cursor:
        cursor.execute(sql, [_value(field, row, is_new=True) for field in fields])
        if is_numbered:
            row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def update(row: Model, *names: str, only_if: str = "") -> bool:
    """Write the named fields of a row; with `only_if`, SQL on the row's own columns, False if that does not hold."""
    sql, fields = _change(type(row), names, only_if)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*(_value(field, row, is_new=False) for field in fields), row.pk])
        return bool(cursor.rowcount)


@lru_cache
def _insertion(model: type[Model]) -> tuple[str, list[Field[Any, Any]], bool]:
    number = model._meta.auto_field
    fields = [field for field in model._meta.local_concrete_fields if field is not number]
    columns, places = ", ".join(f'"{field.column}"' for field in fields), ", ".join("%s" for _ in fields)
    returning = f' RETURNING "{number.column}"' if number else ""
    sql = f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({places}){returning}'  # noqa: S608 - names of ours
    return sql, fields, number is not None


@lru_cache
def _change(model: type[Model], names: tuple[str, ...], only_if: str) -> tuple[str, list[Field[Any, Any]]]:
    fields = [cast("Field[Any, Any]", model._meta.get_field(name)) for name in names]
    changes = ", ".join(f'"{field.column}" = %s' for field in fields)
    condition = f" AND {only_if}" if only_if else ""
    return f'UPDATE "{model._meta.db_table}" SET {changes} WHERE "id" = %s{condition}', fields  # noqa: S608 - names of ours


def _value(field: Field[Any, Any], row: Model, *, is_new: bool) -> Any:
    return field.get_db_prep_save(field.pre_save(row, is_new), connection)
