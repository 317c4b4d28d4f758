"""Plans, which operators edit."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from orgs.access import actor_of
from orgs.admin.acting import TellsRefusals
from orgs.models import Plan
from orgs.services import plans


@admin.register(Plan)
class PlanAdmin(TellsRefusals[Plan]):
    """Plans and what each includes. A plan that organizations are on cannot be deleted."""

    list_display = ("name", "slug", "position", "sso", "scim")
    list_filter = ("sso", "scim")
    search_fields = ("name", "slug")
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Plan | None = None) -> list[str]:
        """Make the slug of an existing plan read-only, since commands and records name the plan by it."""
        return ["slug"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Plan, form: Any, change: bool) -> None:  # noqa: FBT001  Django's
        plans.save_plan(plan=obj, actor=actor_of(request))
