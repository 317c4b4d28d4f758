"""Lists of the Django admin that stay fast with millions of rows: what is paged, counted, sorted and searched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from database.paging import CappedPaginator
from database.prefixes import begins_with

Row = TypeVar("Row", bound=Model)

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as Page
else:

    class Page(admin.ModelAdmin):
        """A base for generic pages, since Django's own class takes no type in brackets when it runs."""

        def __class_getitem__(cls, item: type) -> type:
            return cls


# Rows of another table, such as users, that one search finds at once.
_MOST_RELATED: Final = 10


class LongList(Page[Row]):
    """A list whose pages end after 10,000 rows, sorted by one index, and searched by one column after the other.

    A search shows what the first of `search_fields` that finds anything has found: `=name` is compared exactly, `^name`
    by its beginning, and a name without a sign is for short tables, where the words may stand anywhere. Addresses are
    stored in small letters, so capitals make no difference there. A field of another table, such as `^user__email`,
    finds up to ten rows there first, so that the long table is searched by its foreign key.
    """

    list_per_page = 50
    show_full_result_count = False
    paginator = CappedPaginator
    sortable_by = ()
    # Further conditions by a name of `search_fields`, for an index of some rows only.
    search_within: ClassVar[Mapping[str, Q]] = {}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Row], search_term: str
    ) -> tuple[QuerySet[Row], bool]:
        """Return what a search finds, and that no row is there twice."""
        words = search_term.strip()
        if not words:
            return queryset, False
        for condition in self._conditions(words):
            found = queryset.filter(condition)
            if found.order_by().exists():
                return found, False
        return queryset.none(), False

    def _conditions(self, words: str) -> Iterator[Q]:
        for name in self.search_fields:
            sign, path = (name[0], name[1:]) if name[0] in "=^" else ("", name)
            first, _, rest = path.partition("__")
            condition = _through(self.model, first, sign, rest, words) if rest else _own(self.model, sign, path, words)
            if condition is not None:
                yield condition & self.search_within.get(name, Q())


def _through(model: type[Model], relation: str, sign: str, path: str, words: str) -> Q | None:
    """Return the condition that a row belongs to one of the first rows of another table that are found there."""
    field = model._meta.get_field(relation)
    if not isinstance(field.related_model, type):
        raise FieldDoesNotExist(relation)
    condition = _own(field.related_model, sign, path, words)
    if condition is None:
        return None
    related = field.related_model._default_manager.filter(condition).order_by()
    keys = list(related.values_list("pk", flat=True)[:_MOST_RELATED])
    if keys and field.one_to_many:
        return Q(pk__in=model._default_manager.filter(**{f"{relation}__in": keys}).order_by().values("pk"))
    return Q(**{f"{relation}__in": keys}) if keys else None


def _own(model: type[Model], sign: str, path: str, words: str) -> Q | None:
    """Return the condition on a field; None if it can hold no such value."""
    if sign == "^":
        return begins_with(path, words.lower())
    if not sign:
        return Q(**{f"{path}__icontains": words})
    try:
        value = _field_at(model, path).clean(words, None)
    except (ValidationError, ValueError):
        return None
    return Q(**{f"{path}__in": {value, value.upper()} if isinstance(value, str) else {value}})


def _field_at(model: type[Model], path: str) -> Any:
    """Return the field that a path such as "organization__number" ends with."""
    first, _, rest = path.partition("__")
    field: Any = model._meta.get_field(first)
    return _field_at(field.related_model, rest) if rest else field
