"""Form for the last day of a waiver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from sso.models import Waiver
from sso.services import waivers

if TYPE_CHECKING:
    from django.http import QueryDict

_HELP = f"To the end of that day in UTC, at most {waivers.MOST_DAYS} days from now."


class WaiverForm(forms.Form):
    """The last day of one waiver. Which days are possible is for the service to say; the browser is told, too."""

    until = forms.DateField(
        input_formats=["%Y-%m-%d"],
        help_text=_HELP,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={
            "required": "Choose the last day.",
            "invalid": "Enter the date as year, month and day, such as 2026-12-05.",
        },
    )

    def __init__(self, data: QueryDict | None = None, *, kind: Waiver, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, prefix=kind.value, initial=initial)
        self.kind = kind
        first, last = waivers.first_and_last_day()
        field = self.fields["until"]
        field.label = f"Accept {kind.in_words} until"
        field.widget.attrs |= {"min": first.isoformat(), "max": last.isoformat()}
