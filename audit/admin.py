"""The log for operators, and a kind of page that is read-only."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from audit.admin_lists import LongList
from audit.models import Event

__all__ = ["EventAdmin", "LookOnlyAdmin", "json_block"]

Row = TypeVar("Row", bound=Model)


class LookOnlyAdmin(LongList[Row]):
    """A page whose rows cannot be added, edited or deleted by hand: services write them, and actions call services."""

    actions_on_bottom = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may run this page's actions: those who might change the rows, were they editable."""
        return super().has_change_permission(request)


def json_block(value: Any) -> str:
    """Return JSON in a readable layout."""
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False)) if value else "-"


def organization_link(number: int | None) -> str:
    """Return an organization's number as a link to it, or a dash; for rows that have no foreign key to it.

    The link uses the name of the address only: the log knows nothing of organizations.
    """
    if number is None:
        return "-"
    page = reverse("admin:orgs_organization_changelist")
    return format_html('<a href="{}?q={}">{}</a>', page, number, number)


@admin.register(Event)
class EventAdmin(LookOnlyAdmin[Event]):
    """Events, newest first."""

    list_display = ("at", "name", "organization", "actor_email", "target", "risk", "outcome", "ip_address")
    list_filter = ("risk", "outcome", "at", "name")
    search_fields = ("=organization_number", "=address", "^actor_email", "^target")
    search_help_text = (
        "Beginning of the actor's e-mail address or of the target, IP address, or an organization's number"
    )
    fields = (
        ("at", "name"),
        ("risk", "outcome"),
        "organization",
        ("actor_email", "actor_id"),
        ("ip_address", "user_agent"),
        ("target", "target_kind", "target_id"),
        "what_before",
        "what_after",
        "public_id",
    )

    @admin.display(description="organization", ordering="organization_number")
    def organization(self, event: Event) -> str:
        """Return the organization's number, as a link to it."""
        return organization_link(event.organization_number)

    @admin.display(description="IP address", ordering="address")
    def ip_address(self, event: Event) -> str:
        """Return the IP address that the event came from."""
        return event.address or "-"

    @admin.display(description="before")
    def what_before(self, event: Event) -> str:
        """Return the values before the event."""
        return json_block(event.before)

    @admin.display(description="after")
    def what_after(self, event: Event) -> str:
        """Return the values after the event."""
        return json_block(event.after)
