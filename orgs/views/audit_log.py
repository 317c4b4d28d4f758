"""Settings, Audit log: the events of the organization, for its admins."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from audit.selectors import NEWEST_FIRST, count_by_risk, events_found, events_of
from database.paging import keyset_page
from orgs import access
from orgs.forms import AuditFilterForm
from orgs.models import Role
from orgs.text.visible_text import visible
from orgs.views.responses import show

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from audit.models import Event

DEFAULT_PERIOD = "30"  # days
COLUMNS = (
    "id", "at", "name", "event", "risk", "outcome", "organization_number", "actor_id", "actor_email", "address",
    "user_agent", "target_kind", "target_id", "target", "before", "after",
)  # fmt: skip
# Spreadsheets take these for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@access.organization_page(Role.ADMIN)
@require_safe
def audit_log(request: access.OrganizationRequest) -> HttpResponse:
    """List the events of a period, with how many there were of each risk (AM-90, AM-93)."""
    form = _form(request)
    number = request.membership.organization.number
    found = events_found(number, form.cleaned_data.get("search", ""))
    context = {
        "section": "audit",
        "form": form,
        "counts": count_by_risk(number, since=form.since()),
        "page": keyset_page(_events(request, form), NEWEST_FIRST, request.GET, any_of=found),
        "query": urlencode(form.data, doseq=True),
    }
    return show(request, "orgs/audit_log.html", context)


@access.organization_page(Role.ADMIN)
@require_safe
def audit_csv(request: access.OrganizationRequest) -> HttpResponseBase:
    """Return the events of a period with every field, as CSV (RFC 4180, UTF-8), oldest last."""
    form = _form(request)
    found = events_found(request.membership.organization.number, form.cleaned_data.get("search", ""))
    events = _events(request, form).filter(reduce(or_, found, Q())).order_by("-at", "-id")
    response = StreamingHttpResponse(_lines(events.iterator(chunk_size=500)), content_type="text/csv; charset=utf-8")
    name = f"audit-log-{request.membership.organization.number}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _form(request: access.OrganizationRequest) -> AuditFilterForm:
    asked = request.GET.copy()
    asked.setdefault("period", DEFAULT_PERIOD)
    for name in ("page", "after", "before"):
        asked.pop(name, None)
    form = AuditFilterForm(asked)
    form.full_clean()
    return form


def _events(request: access.OrganizationRequest, form: AuditFilterForm) -> QuerySet[Event]:
    wanted = form.cleaned_data
    return events_of(
        request.membership.organization.number,
        risk=wanted.get("risk", ""),
        since=form.since(),
    )


class _Echo:
    """A file that returns the text written to it."""

    def write(self, line: str) -> str:
        return line


def _lines(events: Iterable[Event]) -> Iterator[str]:
    writer: Any = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for event in events:
        yield writer.writerow([_cell(value) for value in _values(event)])


def _values(event: Event) -> list[object]:
    return [
        event.public_id, event.at.isoformat(), event.name, event.get_name_display(), event.risk, event.outcome,
        event.organization_number, event.actor_id, event.actor_email, event.address, event.user_agent,
        event.target_kind, event.target_id, event.target, _json(event.before), _json(event.after),
    ]  # fmt: skip


def _json(facts: dict[str, object]) -> str:
    return json.dumps(facts, sort_keys=True) if facts else ""


def _cell(value: object) -> str:
    """Return a value as text that no spreadsheet takes for a formula."""
    text = "" if value is None else visible(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text
