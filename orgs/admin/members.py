"""Memberships and invitations."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.admin import LookOnlyAdmin
from orgs.access import actor_of
from orgs.admin.acting import carry_out
from orgs.admin.links import link_to
from orgs.models import Invitation, Membership, Role
from orgs.services import members


@admin.register(Membership)
class MembershipAdmin(LookOnlyAdmin[Membership]):
    """Memberships of all organizations. Changes are actions, which keep an admin in every organization."""

    list_display = ("user", "organization", "role", "state", "source", "person_name", "accepted_at", "created_at")
    list_filter = ("role", "state", ("accepted_at", admin.EmptyFieldListFilter))
    ordering = ("-pk",)
    list_select_related = ("user", "organization")
    search_fields = ("^user__email", "=organization__number", "organization__name")
    fields = (
        "user_link",
        "organization_link",
        ("role", "state", "source"),
        ("given_name", "family_name", "display_name"),
        ("accepted_at", "created_at"),
        "public_id",
    )
    actions = ("suspend", "restore", "remove")

    user_link = link_to("user")
    organization_link = link_to("organization")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Add one action for each role."""
        actions: dict[str, Any] = super().get_actions(request)
        if self.has_operate_permission(request):
            actions |= {f"make_{role.slug}": (_role_action(role), f"make_{role.slug}", _make(role)) for role in Role}
        return actions

    @admin.action(description="Suspend", permissions=["operate"])
    def suspend(self, request: HttpRequest, memberships: QuerySet[Membership]) -> None:
        """Suspend the chosen members."""
        actor = actor_of(request)
        carry_out(
            self,
            request,
            memberships,
            lambda m: members.suspend_member(membership=m, by=None, actor=actor),
            "Suspended {}",
        )

    @admin.action(description="Restore", permissions=["operate"])
    def restore(self, request: HttpRequest, memberships: QuerySet[Membership]) -> None:
        """Restore suspended members."""
        actor = actor_of(request)
        carry_out(
            self,
            request,
            memberships,
            lambda m: members.restore_member(membership=m, by=None, actor=actor),
            "Restored {}",
        )

    @admin.action(description="Remove from the organization", permissions=["operate"])
    def remove(self, request: HttpRequest, memberships: QuerySet[Membership]) -> None:
        """Remove the chosen members."""
        actor = actor_of(request)
        carry_out(
            self,
            request,
            memberships,
            lambda m: members.remove_member(membership=m, by=None, actor=actor),
            "Removed {}",
        )


def _make(role: Role) -> str:
    return f"Make {role.label}"


def _role_action(role: Role) -> Any:
    return partial(_give_role, role)


def _give_role(role: Role, page: MembershipAdmin, request: HttpRequest, memberships: QuerySet[Membership]) -> None:
    change = partial(members.change_role, role=role, by=None, actor=actor_of(request))
    carry_out(page, request, memberships, lambda m: change(membership=m), f"Changed the role of {{}} to {role.label}")


@admin.register(Invitation)
class InvitationAdmin(LookOnlyAdmin[Invitation]):
    """Invitations that were sent. Admins and managers resend and revoke them on their Members page."""

    list_display = ("email", "organization", "role", "invited_by", "sent_at", "expires_at", "accepted_at", "revoked_at")
    list_filter = (("accepted_at", admin.EmptyFieldListFilter), ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("organization", "invited_by")
    ordering = ("-pk",)
    search_fields = ("^email", "=organization__number", "organization__name")
    fields = (
        "email",
        "organization",
        "role",
        "invited_by",
        ("created_at", "sent_at", "expires_at"),
        ("accepted_at", "revoked_at"),
    )
