"""Changed identifiers: members whom the provider calls by another kind of identifier, and what an admin does."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from database.paging import keyset_page
from orgs.access import OrganizationRequest, actor_of, has_password_grant, organization_page
from orgs.emails import about_relinking
from orgs.errors import NotAllowedError
from orgs.models import Role
from orgs.sessions.lifetimes import SECOND_FACTOR_FRESH
from orgs.views.recovery import factor_url, passed_second_factor
from orgs.views.responses import PAGE_LENGTH, page_of, post_to, see_other
from outbox.selectors import latest_about
from sso.selectors.connections import active_configuration
from sso.selectors.relinking import LATEST_FIRST, candidates, guarded_users, relinkings_of
from sso.services import relinking
from sso.wording.relinking import Row, past_of, row_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@organization_page(Role.ADMIN, recovery=True)
@require_safe
@never_cache
def changed_identifiers(request: HttpRequest) -> HttpResponse:
    """Show the members who can be re-linked, at once or one at a time, and those who cannot.

    `all=1` ticks all members of this page of the list.
    """
    asked = cast(OrganizationRequest, request)
    organization = asked.membership.organization
    active = active_configuration(organization)
    rows = [row_of(each) for each in (candidates(active) if active else [])]
    possible = [each for each in rows if not each.why_not]
    guarded = guarded_users(organization, asked.user)
    at_once = [each for each in possible if each.candidate.membership.user_id not in guarded]
    context = {
        "section": "access",
        "organization": organization,
        "page": page_of(request, at_once),
        "ticked": "all" in request.GET,
        "singly": _first([each for each in possible if each.candidate.membership.user_id in guarded]),
        "impossible": _first([each for each in rows if each.why_not]),
        "relinked": relinkings_of(organization).count(),
        **_factor(asked),
    }
    return render(request, "sso/changed_identifiers.html", context)


def _first(rows: list[Row]) -> dict[str, Any]:
    """Return the first rows of a list that is not leafed through, and how many are left out."""
    return {"rows": rows[:PAGE_LENGTH], "more": max(0, len(rows) - PAGE_LENGTH)}


@organization_page(Role.ADMIN, recovery=True)
@require_safe
@never_cache
def relinked_members(request: HttpRequest) -> HttpResponse:
    """Show the members who were re-linked and for whom it can be undone, the newest first."""
    asked = cast(OrganizationRequest, request)
    organization = asked.membership.organization
    guarded = guarded_users(organization, asked.user)
    page = keyset_page(relinkings_of(organization), LATEST_FIRST, request.GET)
    told = latest_about([about_relinking(organization, each.user_id) for each in page])
    past = [
        past_of(each, is_guarded=each.user_id in guarded, message=told.get(about_relinking(organization, each.user_id)))
        for each in page
    ]
    context = {
        "section": "access",
        "organization": organization,
        "page": page,
        "past": past,
        "needs_factor": any(each.is_guarded for each in past),
        **_factor(asked),
    }
    return render(request, "sso/relinked_members.html", context)


def _factor(request: OrganizationRequest) -> dict[str, Any]:
    """Return whether the admin has just passed a second factor, and where they do it.

    A session of single sign-on alone learns nothing of the account's second factors (invariant 1).
    """
    if not has_password_grant(request):
        login = f"{reverse('account_login')}?{urlencode({'next': request.path})}"
        return {"has_factor": False, "factor_url": login, "factor_by": "password"}
    passed = _has_factor(request)
    url = factor_url(request)
    return {"has_factor": passed, "factor_url": url or reverse("mfa_index"), "factor_by": "factor" if url else "none"}


def _has_factor(request: OrganizationRequest) -> bool:
    return has_password_grant(request) and passed_second_factor(request, within=SECOND_FACTOR_FRESH)


@organization_page(Role.ADMIN, recovery=True)
@post_to("changed_identifiers", "slug")
@never_cache
def relink_members(request: HttpRequest) -> HttpResponse:
    """Tie the ticked members, `sign_in` has the references, to the identifiers that were received."""
    asked = cast(OrganizationRequest, request)
    organization = asked.membership.organization
    try:
        users = relinking.relink_members(
            organization=organization,
            references=request.POST.getlist("sign_in"),
            by=asked.membership,
            has_second_factor=_has_factor(asked),
            actor=actor_of(request),
        )
    except NotAllowedError as refusal:
        messages.error(request, str(refusal))
    else:
        who = users[0].email if len(users) == 1 else f"{len(users)} members"
        done = f"Re-linked {who}. They can sign in again with the new identifier, and get an e-mail about it."
        messages.success(request, done)
    return see_other("changed_identifiers", organization.slug)


@organization_page(Role.ADMIN, recovery=True)
@post_to("relinked_members", "slug")
@never_cache
def undo_relinking(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Tie a member to the former identifier again."""
    asked = cast(OrganizationRequest, request)
    organization = asked.membership.organization
    try:
        user = relinking.undo_relinking(
            organization=organization,
            public_id=public_id,
            by=asked.membership,
            has_second_factor=_has_factor(asked),
            actor=actor_of(request),
        )
    except NotAllowedError as refusal:
        messages.error(request, str(refusal))
    else:
        done = f"{user.email} has the previous identifier again, and gets an e-mail about it."
        messages.success(request, done)
    return see_other("relinked_members", organization.slug)
