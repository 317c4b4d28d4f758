"""Organizations."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import BooleanField, ExpressionWrapper, OuterRef, QuerySet
from django.http import HttpRequest

from audit.actors import Actor
from database.paging import NumberUpTo, counted
from orgs.access import actor_of
from orgs.admin.acting import TellsRefusals, carry_out
from orgs.admin.links import related_links
from orgs.conditions import sso_works
from orgs.models import Membership, MembershipSource, MembershipState, Organization, Plan
from orgs.services import accounts
from orgs.services.organizations import (
    change_plan,
    close_organization,
    create_organization,
    rename_organization,
    reopen_organization,
    set_require_sso,
    set_session_hours,
)
from orgs.text.email_addresses import normal_address


class NewOrganizationForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no type in brackets when it runs
    """A form that also asks for the first admin, since an organization is never without one."""

    admin = forms.EmailField(label="First admin", help_text="E-mail address; an account is created if there is none.")

    class Meta:
        model = Organization
        fields = ("name", "plan")

    def clean_admin(self) -> str:
        """Return the address in its one stored form."""
        return normal_address(self.cleaned_data["admin"])


class SSOActiveFilter(admin.SimpleListFilter):
    """A filter by whether an identity provider of the organization works now."""

    title = "SSO active"
    parameter_name = "sso_active"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Yes"), ("0", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Organization]) -> QuerySet[Organization]:
        wanted = {"1": sso_works(), "0": ~sso_works()}
        return queryset.filter(wanted[self.value() or ""]) if self.value() in wanted else queryset


@admin.register(Organization)
class OrganizationAdmin(TellsRefusals[Organization]):
    """Organizations, the customers. They are closed, never deleted, and keep their number."""

    list_display = ("number", "name", "plan", "members", "connected", "requires", "is_open")
    list_display_links = ("number", "name")
    list_filter = (
        "plan",
        SSOActiveFilter,
        "require_sso",
        ("closed_at", admin.EmptyFieldListFilter),
        "created_at",
    )
    list_select_related = ("plan",)
    ordering = ("name", "number")
    search_fields = ("=number", "name", "slug")
    search_help_text = "Name, slug or number"
    readonly_fields = ("number", "connected", "requires", "created_at", "closed_at", "related")
    actions = ("close", "reopen", "stop_requiring_sso")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        """Add the number of active members, and whether an identity provider works."""
        active_members = Membership.objects.filter(organization=OuterRef("pk"), state=MembershipState.ACTIVE)
        works = ExpressionWrapper(sso_works(), output_field=BooleanField())
        return super().get_queryset(request).annotate(members=NumberUpTo(active_members), works=works)

    def get_fields(self, request: HttpRequest, obj: Organization | None = None) -> list[Any]:
        """Return fewer fields for a new organization."""
        if obj is None:
            return ["name", "plan", "admin"]
        return [
            "number",
            ("name", "slug"),
            "plan",
            "session_hours",
            ("connected", "requires"),
            ("created_at", "closed_at"),
            "related",
        ]

    def get_form(
        self,
        request: HttpRequest,
        obj: Organization | None = None,
        change: bool = False,  # noqa: FBT001, FBT002  Django's
        **kwargs: Any,
    ) -> Any:
        if obj is None:
            kwargs |= {"form": NewOrganizationForm, "fields": ["name", "plan"]}
        # The admin shows help texts as HTML, in which <slug> would be a tag.
        kwargs["help_texts"] = {"slug": "Part of the organization's addresses, between /o/ and the next slash."}
        return super().get_form(request, obj, change=change, **kwargs)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Add one action for each plan."""
        actions: dict[str, Any] = super().get_actions(request)
        if self.has_operate_permission(request):
            for plan in Plan.objects.all():
                name = f"plan_{plan.slug}"
                actions[name] = (partial(_move, plan), name, f"Change plan to {plan}")
        return actions

    def has_delete_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may run this page's actions."""
        return self.has_change_permission(request)

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: bool) -> None:  # noqa: FBT001  Django's
        actor = actor_of(request)
        if change:
            _save(obj, set(form.changed_data), actor)
        else:
            obj.__dict__.update(_create(obj, form.cleaned_data["admin"], actor).__dict__)

    @admin.display(description="members")
    def members(self, organization: Organization) -> str:
        """Return the number of active members, as far as they are counted."""
        return counted(organization.members)  # type: ignore[attr-defined]  # annotated above

    @admin.display(description="SSO works")
    def connected(self, organization: Organization) -> str:
        """Return whether users can sign in through an identity provider now; a red cross would call "no" a fault."""
        works: bool = organization.works  # type: ignore[attr-defined]  # annotated above
        return "yes" if works and organization.plan.sso and organization.is_open else "no"

    @admin.display(description="Require SSO")
    def requires(self, organization: Organization) -> str:
        """Return whether an admin has turned Require SSO on."""
        return "yes" if organization.require_sso else "no"

    @admin.display(description="open", boolean=True)
    def is_open(self, organization: Organization) -> bool:
        """Return whether members may enter."""
        return organization.is_open

    @admin.display(description="related objects")
    def related(self, organization: Organization) -> str:
        """Return links to the lists that belong to the organization."""
        return related_links("organization", organization)

    @admin.action(description="Close (no member can sign in; all data is kept)", permissions=["operate"])
    def close(self, request: HttpRequest, organizations: QuerySet[Organization]) -> None:
        """Close the chosen organizations."""
        actor = actor_of(request)
        carry_out(self, request, organizations, lambda o: close_organization(organization=o, actor=actor), "Closed {}")

    @admin.action(description="Reopen", permissions=["operate"])
    def reopen(self, request: HttpRequest, organizations: QuerySet[Organization]) -> None:
        """Reopen the chosen organizations."""
        closed = organizations.filter(closed_at__isnull=False)
        actor = actor_of(request)
        carry_out(self, request, closed, lambda o: reopen_organization(organization=o, actor=actor), "Reopened {}")

    @admin.action(description="Turn Require SSO off", permissions=["operate"])
    def stop_requiring_sso(self, request: HttpRequest, organizations: QuerySet[Organization]) -> None:
        """Let users sign in with their passwords again where the identity provider fails."""
        stop = partial(set_require_sso, required=False, actor=actor_of(request))
        requiring = organizations.filter(require_sso=True)
        carry_out(self, request, requiring, lambda o: stop(organization=o), "Turned Require SSO off for {}")


def _move(plan: Plan, page: OrganizationAdmin, request: HttpRequest, organizations: QuerySet[Organization]) -> None:
    """Move the chosen organizations to a plan."""
    others = organizations.exclude(plan=plan)
    change = partial(change_plan, plan=plan, actor=actor_of(request))
    carry_out(page, request, others, lambda o: change(organization=o), f"Changed the plan of {{}} to {plan}")


def _create(wanted: Organization, address: str, actor: Actor) -> Organization:
    return create_organization(
        name=wanted.name,
        plan=wanted.plan,
        admin=accounts.account_for(address=address, actor=actor),
        actor=actor,
        source=MembershipSource.OPERATOR,
    )


def _save(edited: Organization, changed: set[str], actor: Actor) -> None:
    """Pass each changed field to the service that owns it."""
    if changed & {"name", "slug"}:
        rename_organization(organization=edited, name=edited.name, slug=edited.slug, actor=actor)
    if "plan" in changed:
        change_plan(organization=edited, plan=edited.plan, actor=actor)
    if "session_hours" in changed:
        set_session_hours(organization=edited, hours=edited.session_hours, actor=actor)
