"""E-mail domains, which operators verify."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.admin import LookOnlyAdmin
from orgs.access import actor_of
from orgs.admin.acting import carry_out
from orgs.models import EmailDomain
from orgs.services.domains import add_domain, remove_domain, unverify_domain, verify_domain
from orgs.text.email_addresses import normal_domain


class EmailDomainForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no type in brackets when it runs
    """A form that takes a domain in any spelling."""

    class Meta:
        model = EmailDomain
        fields = ("organization", "domain")

    def clean_domain(self) -> str:
        """Return the domain in its one stored form."""
        return normal_domain(self.cleaned_data["domain"])


@admin.register(EmailDomain)
class EmailDomainAdmin(LookOnlyAdmin[EmailDomain]):
    """The domains by which /sign-in finds an organization. Verify one only with proof that it is the organization's."""

    form = EmailDomainForm
    list_display = ("domain", "organization", "is_verified", "verified_at", "created_at")
    list_filter = (("verified_at", admin.EmptyFieldListFilter),)
    list_select_related = ("organization",)
    search_fields = ("domain", "=organization__number", "organization__name")
    autocomplete_fields = ("organization",)
    fields = ("organization", "domain", "verified_at", "created_at")
    readonly_fields = ("verified_at", "created_at")
    actions = ("verify", "unverify")

    @admin.display(description="verified", boolean=True, ordering="verified_at")
    def is_verified(self, domain: EmailDomain) -> bool:
        """Return whether /sign-in uses the domain."""
        return domain.is_verified

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Return the values given in the address; leave out an organization that is not a number."""
        filled: dict[str, Any] = super().get_changeform_initial_data(request)
        return {name: value for name, value in filled.items() if name != "organization" or value.isdecimal()}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_operate_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: EmailDomain | None = None) -> bool:
        return self.has_operate_permission(request)

    def save_model(self, request: HttpRequest, obj: EmailDomain, form: Any, change: bool) -> None:  # noqa: FBT001  Django's
        added = add_domain(organization=obj.organization, domain=obj.domain, actor=actor_of(request))
        obj.pk, obj.created_at = added.pk, added.created_at

    def delete_model(self, request: HttpRequest, obj: EmailDomain) -> None:
        remove_domain(domain=obj, actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[EmailDomain]) -> None:
        for domain in queryset.select_related("organization"):
            self.delete_model(request, domain)

    @admin.action(description="Verify (the organization has proved that it owns the domain)", permissions=["operate"])
    def verify(self, request: HttpRequest, domains: QuerySet[EmailDomain]) -> None:
        """Verify the chosen domains, so that /sign-in uses them."""
        actor = actor_of(request)
        carry_out(self, request, domains, lambda domain: verify_domain(domain=domain, actor=actor), "Verified {}")

    @admin.action(description="Withdraw verification", permissions=["operate"])
    def unverify(self, request: HttpRequest, domains: QuerySet[EmailDomain]) -> None:
        """Withdraw the verification of the chosen domains, so that /sign-in no longer uses them."""
        actor = actor_of(request)
        carry_out(self, request, domains, lambda domain: unverify_domain(domain=domain, actor=actor), "Unverified {}")
