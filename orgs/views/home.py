"""The first pages after sign-in: the user's organizations, and the home of each."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from orgs import access
from orgs.errors import NotAllowedError
from orgs.forms import OrganizationForm
from orgs.models import Role
from orgs.selectors.organizations import membership_to_accept, memberships_of
from orgs.services import members, organizations
from orgs.views.responses import post_to, see_other, show

if TYPE_CHECKING:
    from orgs.models import Membership, Organization, SessionGrant


@dataclass(frozen=True, slots=True)
class Entrance:
    """One organization that this session may enter."""

    membership: Membership
    grant: SessionGrant
    until: datetime


@dataclass(frozen=True, slots=True)
class Entrances:
    """A user's memberships as this session sees them."""

    open: list[Entrance] = field(default_factory=list)
    to_accept: list[Membership] = field(default_factory=list)
    by_sso: list[Membership] = field(default_factory=list)
    ended: list[Membership] = field(default_factory=list)

    @property
    def only_one(self) -> Entrance | None:
        """Return the one organization there is to choose from."""
        others = self.to_accept or self.by_sso or self.ended
        return self.open[0] if len(self.open) == 1 and not others else None


@access.any_grant
@require_safe
def home(request: access.PersonRequest) -> HttpResponse:
    """List the organizations of the signed-in user; redirect to the only one if there is just one."""
    entrances = _entrances(request)
    if entrances.only_one:
        slug = entrances.only_one.membership.organization.slug
        return HttpResponseRedirect(reverse("organization_home", args=[slug]))
    return render(request, "orgs/home.html", {"entrances": entrances})


@access.organization_page(Role.VIEWER)
@require_safe
def organization_home(request: access.OrganizationRequest) -> HttpResponse:
    """Show a member their organization, their role, how they signed in and until when."""
    until = access.expiry(request.grant, request.membership)
    return render(request, "orgs/organization_home.html", {"until": until})


@require_http_methods(["GET", "HEAD", "POST"])
def new_organization(request: HttpRequest) -> HttpResponse:
    """Make a further organization, on Starter, with the user as its admin."""
    form = OrganizationForm(request.POST or None)
    organization = _create(request, form) if request.method == "POST" and form.is_valid() else None
    if organization is None:
        return show(request, "orgs/new_organization.html", {"form": form})
    messages.success(request, f"{organization.name} is ready. You are its admin.")
    return see_other("organization_home", organization.slug)


def _create(request: HttpRequest, form: OrganizationForm) -> Organization | None:
    """Make the organization; None if the account may not now, which the form then says."""
    try:
        return organizations.create_organization(
            name=form.cleaned_data["name"],
            admin=cast(access.PersonRequest, request).user,
            actor=access.actor_of(request),
        )
    except NotAllowedError as refusal:
        form.add_error(None, str(refusal))
        return None


@post_to("home")
def accept_membership(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Let the user's password open a membership that single sign-on made for them (invariant 8)."""
    membership = membership_to_accept(cast(access.PersonRequest, request).user, public_id)
    if membership is None:
        raise Http404
    members.accept_membership(membership=membership, actor=access.actor_of(request))
    messages.success(request, _accepted(membership))
    return see_other("home")


def _accepted(membership: Membership) -> str:
    organization = membership.organization
    if organization.requires_sso:
        return f"You have accepted. {organization.name} still requires single sign-on."
    return f"You have accepted. You can now open {organization.name} with your password, too."


def _entrances(request: access.PersonRequest) -> Entrances:
    """Sort the memberships; those that do not open are listed only if a password vouches for the account."""
    found = Entrances()
    by_password = access.has_password_grant(request)
    for membership in memberships_of(request.user):
        grant = access.opening_grant(request.grants, membership)
        if grant is not None:
            found.open.append(Entrance(membership, grant, access.expiry(grant, membership)))
        elif by_password and membership.accepted_at is not None:
            (found.by_sso if membership.organization.requires_sso else found.ended).append(membership)
        if by_password and membership.accepted_at is None:
            found.to_accept.append(membership)
    return found
