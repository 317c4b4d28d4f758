"""Carrying an action out, row by row, and saying what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import model_ngettext
from django.db.models import Model
from django.http import HttpRequest

from orgs.errors import NotAllowedError

Row = TypeVar("Row", bound=Model)


def carry_out(
    page: ModelAdmin[Row], request: HttpRequest, rows: Iterable[Row], act: Callable[[Row], Any], done: str
) -> None:
    """Call `act` for each row; what a service refuses is shown in its own words and stops nothing else.

    `done` is the sentence to show afterwards, such as "Closed {}", with {} where "2 organizations" belongs.
    """
    changed = 0
    for row in rows:
        try:
            act(row)
        except NotAllowedError as error:
            page.message_user(request, f"{row}: {error}", messages.ERROR)
        else:
            changed += 1
    if changed:
        rows_in_words = f"{changed} {model_ngettext(page.opts, changed)}"
        page.message_user(request, f"{done.replace('{}', rows_in_words)}.", messages.SUCCESS)
