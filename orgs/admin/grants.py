"""Live and ended grants."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.admin import LookOnlyAdmin
from orgs.access import actor_of
from orgs.admin.acting import carry_out
from orgs.models import SessionGrant
from orgs.services.grants import end_grant


@admin.register(SessionGrant)
class SessionGrantAdmin(LookOnlyAdmin[SessionGrant]):
    """Session grants. Ending a grant signs its user out at the next request."""

    list_display = ("opened_at", "kind", "user", "organization", "expires_at", "ended_at")
    list_filter = ("kind", ("ended_at", admin.EmptyFieldListFilter), "opened_at")
    list_select_related = ("user", "organization")
    search_fields = ("^user__email", "=organization__number", "organization__name")
    fields = ("kind", "user", "organization", "connection", "opened_at", "expires_at", "ended_at", "public_id")
    actions = ("end",)

    @admin.action(description="End these grants", permissions=["operate"])
    def end(self, request: HttpRequest, grants: QuerySet[SessionGrant]) -> None:
        """End the chosen grants."""
        actor = actor_of(request)
        open_ones = grants.filter(ended_at__isnull=True)
        carry_out(self, request, open_ones, lambda grant: end_grant(grant=grant, actor=actor), "Ended {}")
