"""Accounts, operators among them."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import ManyToManyField, OuterRef, QuerySet
from django.http import HttpRequest

from database.paging import NumberUpTo
from orgs.access import actor_of
from orgs.admin.acting import TellsRefusals, carry_out
from orgs.admin.links import related_links
from orgs.models import Membership, User
from orgs.services import accounts
from orgs.text.email_addresses import normal_address

# A user with these rights could take any other right, so only superusers may change them.
_POWERS = ["is_staff", "is_superuser", "user_permissions"]


class NewUserForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no type in brackets when it runs
    """A form without a password: the owner of the new account sets one through the password mail."""

    class Meta:
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        """Return the address in its one stored form."""
        return normal_address(self.cleaned_data["email"])


@admin.register(User)
class UserAdmin(TellsRefusals[User]):
    """Accounts. The e-mail address is the key of an account and stays; passwords are set by their owners only."""

    list_display = ("email", "name", "is_active", "is_staff", "memberships_count", "last_login", "date_joined")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("^email",)
    search_help_text = "Beginning of the e-mail address"
    ordering = ("email",)
    filter_horizontal = ("user_permissions",)
    readonly_fields = ("is_active", "last_login", "date_joined", "confirmed", "related")
    actions = ("disable", "enable")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Add the number of organizations that each user belongs or belonged to."""
        return (
            super()
            .get_queryset(request)
            .annotate(memberships_count=NumberUpTo(Membership.objects.filter(user=OuterRef("pk"))))
        )

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> list[Any]:
        """Return only address and name for a new account."""
        if obj is None:
            return ["email", "name"]
        return ["email", "name", "confirmed", "is_active", ("last_login", "date_joined"), "related", *_POWERS]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Make the address of an existing account read-only (AM-64), and its rights for all but superusers."""
        fixed = ["email"] if obj else []
        powers = [] if getattr(request.user, "is_superuser", False) else _POWERS
        return [*self.readonly_fields, *fixed, *powers]

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002  Django's
        if obj is None:
            kwargs["form"] = NewUserForm
        return super().get_form(request, obj, change=change, **kwargs)

    def formfield_for_manytomany(self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Read the permissions with what their names are made of, in one query."""
        if db_field.name == "user_permissions":
            kwargs["queryset"] = Permission.objects.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Return whether the user may be changed: superusers by superusers only. Services check again, under a lock."""
        may_touch = obj is None or not obj.is_superuser or bool(getattr(request.user, "is_superuser", False))
        return may_touch and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may disable and enable accounts."""
        return self.has_change_permission(request)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001  Django's
        actor = actor_of(request)
        if not change:
            obj.__dict__.update(accounts.create_account(address=obj.email, name=obj.name, actor=actor).__dict__)
            return
        accounts.set_operator(user=obj, is_staff=obj.is_staff, is_superuser=obj.is_superuser, actor=actor)
        accounts.rename_account(user=obj, name=obj.name, actor=actor)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001  Django's
        before = accounts.permissions_of(form.instance)
        super().save_related(request, form, formsets, change)
        if "user_permissions" in form.changed_data:
            accounts.record_permissions(user=form.instance, before=before, actor=actor_of(request))

    @admin.display(description="organizations")
    def memberships_count(self, user: User) -> int:
        """Return how many organizations the user belongs or belonged to."""
        count: int = user.memberships_count  # type: ignore[attr-defined]  # annotated above
        return count

    @admin.display(description="address confirmed", boolean=True)
    def confirmed(self, user: User) -> bool:
        """Return whether the user has proven that the address is theirs."""
        return bool(EmailAddress.objects.filter(user=user, verified=True).exists())

    @admin.display(description="related objects")
    def related(self, user: User) -> str:
        """Return links to the lists that belong to the user."""
        return related_links("user", user)

    @admin.action(description="Disable (the user cannot sign in anywhere)", permissions=["operate"])
    def disable(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Disable the chosen accounts."""
        actor = actor_of(request)
        carry_out(self, request, users, lambda user: accounts.disable_account(user=user, actor=actor), "Disabled {}")

    @admin.action(description="Enable", permissions=["operate"])
    def enable(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Enable the chosen accounts."""
        actor = actor_of(request)
        carry_out(self, request, users, lambda user: accounts.enable_account(user=user, actor=actor), "Enabled {}")
