"""Settings, General: the name of an organization, how long sessions last, and its e-mail domains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from orgs import access
from orgs.errors import NotAllowedError
from orgs.forms import DomainForm, GeneralForm, SessionLengthForm, initial_of
from orgs.models import Role
from orgs.selectors.grants import MOST_SHOWN, count_sessions
from orgs.selectors.organizations import domain_in, domains_of
from orgs.services import domains, organizations
from orgs.views.responses import post_to, see_other, show

if TYPE_CHECKING:
    from django import forms


@access.organization_page(Role.VIEWER)
@require_safe
def settings(request: access.OrganizationRequest) -> HttpResponse:
    """Redirect Settings to General."""
    return HttpResponseRedirect(reverse("settings_general", args=[request.membership.organization.slug]))


@access.organization_page(Role.VIEWER, to_change=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def general(request: access.OrganizationRequest) -> HttpResponse:
    """Show the organization to all of its members; managers and admins change name and address."""
    organization = request.membership.organization
    form = GeneralForm(request.POST or None, initial=initial_of(organization))
    if request.method == "POST" and form.is_valid() and _rename(request, form):
        return see_other("settings_general", form.cleaned_data["slug"])
    return _page(request, general=form)


def _rename(request: access.OrganizationRequest, form: GeneralForm) -> bool:
    try:
        organizations.rename_organization(
            organization=request.membership.organization, actor=access.actor_of(request), **form.cleaned_data
        )
    except NotAllowedError as refusal:
        form.add_error("slug", str(refusal))
        return False
    messages.success(request, "The name and address were saved.")
    return True


@access.organization_page(Role.ADMIN)
@post_to("settings_general", "slug")
def session_length(request: access.OrganizationRequest) -> HttpResponse:
    """Change how long users stay signed in to this organization."""
    organization = request.membership.organization
    form = SessionLengthForm(request.POST)
    if not form.is_valid():
        return _page(request, session_length=form)
    hours = form.cleaned_data["hours"]
    organizations.set_session_hours(organization=organization, hours=hours, actor=access.actor_of(request))
    messages.success(request, f"Members now stay signed in for at most {hours} hour{'' if hours == 1 else 's'}.")
    return see_other("settings_general", organization.slug)


@access.organization_page(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def sign_everyone_out(request: access.OrganizationRequest) -> HttpResponse:
    """Show how many sessions signing everyone out ends; POST does it, the admin's own session included."""
    organization = request.membership.organization
    if request.method != "POST":
        counts = count_sessions(organization, most=MOST_SHOWN)
        context = {"section": "general", "organization": organization, "counts": counts}
        return render(request, "orgs/sign_everyone_out.html", context)
    has_password = access.has_password_grant(request)
    ended = organizations.sign_everyone_out(organization=organization, actor=access.actor_of(request))
    members = f"{ended.members} member{'' if ended.members == 1 else 's'}"
    sessions = f"{ended.sessions} session{'' if ended.sessions == 1 else 's'}"
    messages.success(request, f"All members were signed out of {organization.name}: {members}, {sessions}.")
    return see_other("settings_general" if has_password else "organization_sign_in", organization.slug)


@access.organization_page(Role.ADMIN)
@post_to("settings_general", "slug")
def add_domain(request: access.OrganizationRequest) -> HttpResponse:
    """Add an e-mail domain, which is not used before an operator has verified it."""
    organization = request.membership.organization
    form = DomainForm(request.POST)
    if not form.is_valid():
        return _page(request, domain=form)
    found = domains.add_domain(
        organization=organization, domain=form.cleaned_data["domain"], actor=access.actor_of(request)
    )
    messages.success(request, f"{found.domain} was added.")
    return see_other("settings_general", organization.slug)


@access.organization_page(Role.ADMIN)
@post_to("settings_general", "slug")
def remove_domain(request: access.OrganizationRequest, domain: str) -> HttpResponse:
    """Take an e-mail domain off the list."""
    found = domain_in(request.membership.organization, domain) if domain.isprintable() else None
    if found is None:
        raise Http404
    domains.remove_domain(domain=found, actor=access.actor_of(request))
    messages.success(request, f"{found.domain} was removed.")
    return see_other("settings_general", request.membership.organization.slug)


def _page(request: access.OrganizationRequest, **typed: forms.Form) -> HttpResponse:
    """Return the page with all of its forms, one of them as it was just filled in."""
    membership = request.membership
    organization = membership.organization
    context = {
        "section": "general",
        "organization": organization,
        "domains": domains_of(organization),
        "may_rename": membership.role >= Role.MANAGER,
        "is_admin": membership.role == Role.ADMIN,
        "general": GeneralForm(initial=initial_of(organization)),
        "session_length": SessionLengthForm(initial={"hours": organization.session_hours}),
        "domain": DomainForm(),
    }
    return show(request, "orgs/general.html", context | typed)
