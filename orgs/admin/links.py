"""Links from one page of the admin to the rows of another that belong to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from django.contrib import admin
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html, format_html_join

Of = Literal["organization", "user"]


@dataclass(frozen=True, slots=True)
class Related:
    """A list that can be filtered by one organization or user: its label, address and filter."""

    of: Of
    label: str
    url_name: str
    parameter: str
    field: str = "pk"


# The app sso adds its own lists, since orgs knows nothing of them.
RELATED: Final[list[Related]] = [
    Related("organization", "Members", "admin:orgs_membership_changelist", "organization__id__exact"),
    Related("organization", "Invitations", "admin:orgs_invitation_changelist", "organization__id__exact"),
    Related("organization", "E-mail domains", "admin:orgs_emaildomain_changelist", "organization__id__exact"),
    Related("organization", "Grants", "admin:orgs_sessiongrant_changelist", "organization__id__exact"),
    Related("organization", "Audit log", "admin:audit_event_changelist", "q", "number"),
    Related("user", "Memberships", "admin:orgs_membership_changelist", "user__id__exact"),
    Related("user", "Grants", "admin:orgs_sessiongrant_changelist", "user__id__exact"),
    Related("user", "Audit log", "admin:audit_event_changelist", "q", "email"),
]


def related_links(of: Of, row: Model) -> str:
    """Return links to the lists that belong to one row."""
    links = (
        (f"{reverse(related.url_name)}?{related.parameter}={getattr(row, related.field)}", related.label)
        for related in RELATED
        if related.of == of
    )
    return format_html_join(" · ", '<a href="{}">{}</a>', links)


def row_link(row: Model | None) -> str:
    """Return a row's name, as a link to its page in the admin."""
    if row is None:
        return "-"
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', address, row)


def link_to(field: str, description: str = "") -> Callable[[Any, Any], str]:
    """Return a method for an admin page: the row that a field of its rows names, as a link."""

    @admin.display(description=description or field)
    def link(page: Any, row: Any) -> str:
        return row_link(getattr(row, field))

    return link
