"""Admin pages of identities: which user is known by which subject at which provider."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.admin import LookOnlyAdmin
from orgs.access import actor_of
from orgs.admin.acting import carry_out
from orgs.admin.links import link_to
from sso.models import Identity
from sso.services import connections, operator_views


@admin.register(Identity)
class IdentityAdmin(LookOnlyAdmin[Identity]):
    """Admin of identities. An unlinked user is found by their address at the next sign-in."""

    list_display = ("user", "connection", "subject_kind", "created_at", "last_used_at")  # change_view shows the rest
    list_filter = ("subject_kind",)
    ordering = ("-pk",)
    list_select_related = ("user", "connection__organization")
    search_fields = (
        "=connection__organization__number",
        "=subject",
        "^user__email",
        "connection__organization__name",
    )
    fields = (
        "user_link",
        "connection_link",
        "provider_entity_id",
        ("subject_kind", "subject"),
        "address",
        ("created_at", "last_used_at"),
    )
    actions = ("unlink",)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        """Show one identity, and record that in the organization's own audit log."""
        answer = super().change_view(request, object_id, *args, **kwargs)
        identity = self.get_object(request, object_id)
        if identity is not None and answer.status_code == HTTPStatus.OK:
            operator_views.record_identity_viewed(identity=identity, actor=actor_of(request))
        return answer

    user_link = link_to("user")
    connection_link = link_to("connection")

    @admin.action(description="Unlink (the next sign-in is matched by e-mail address)", permissions=["operate"])
    def unlink(self, request: HttpRequest, identities: QuerySet[Identity]) -> None:
        """Delete the chosen identities."""
        actor = actor_of(request)
        carry_out(
            self, request, identities, lambda i: connections.unlink_identity(identity=i, actor=actor), "Unlinked {}"
        )
