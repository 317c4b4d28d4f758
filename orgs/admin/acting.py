"""Actions of the admin, carried out row by row, and the messages about their outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import model_ngettext
from django.db.models import Model
from django.http import HttpRequest
from django.shortcuts import redirect

from audit.admin_lists import LongList
from orgs.errors import NotAllowedError

Row = TypeVar("Row", bound=Model)


class TellsRefusals(LongList[Row]):
    """A page of the admin whose form shows the refusal of a service as a message, and changes nothing."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Show or save one row; Django's own view rolls the whole change back when an exception is raised."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except NotAllowedError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return redirect(request.get_full_path())


def carry_out(
    page: ModelAdmin[Row], request: HttpRequest, rows: Iterable[Row], act: Callable[[Row], Any], done: str
) -> None:
    """Call `act` for each row; a refusal by a service is shown in its own words and does not stop the others.

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
