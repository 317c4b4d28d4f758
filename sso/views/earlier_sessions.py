"""Ending sessions that were opened through the identity provider which an organization had before."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from orgs.access import OrganizationRequest, actor_of, organization_page
from orgs.models import Role
from orgs.selectors.grants import MOST_SHOWN
from orgs.sessions.names import session_name
from orgs.views.responses import see_other
from sso.selectors.connections import active_configuration
from sso.selectors.versions import count_earlier_sessions, replaced_provider
from sso.services.earlier_sessions import end_earlier_sessions

if TYPE_CHECKING:
    from typing import Any

    from django.http import HttpRequest

    from sso.models import Configuration


@organization_page(Role.ADMIN, recovery=True)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def earlier_sessions(request: HttpRequest) -> HttpResponse:
    """Say which sessions end, in numbers; POST ends them, but not the admin's own."""
    organization = cast(OrganizationRequest, request).membership.organization
    if request.method != "POST":
        about = about_earlier_sessions(request, active_configuration(organization))
        context = {"section": "access", "organization": organization, **about}
        return render(request, "sso/earlier_sessions.html", context)
    ended = end_earlier_sessions(
        organization=organization, but_session=session_name(request), actor=actor_of(request)
    ).sessions
    messages.success(request, f"{ended} session{'' if ended == 1 else 's'} of your earlier identity provider ended.")
    return see_other("settings_access", organization.slug)


def about_earlier_sessions(request: HttpRequest, active: Configuration | None) -> dict[str, Any]:
    """Return what pages say of the replaced provider: None, or with the numbers of sessions other than this one."""
    replaced = replaced_provider(active)
    if replaced is None:
        return {"replaced": None}
    earlier = count_earlier_sessions(replaced, but_session=session_name(request), most=MOST_SHOWN)
    return {"replaced": replaced, "earlier": earlier}
