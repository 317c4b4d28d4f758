"""Waivers: an admin allows one until a day, and ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from orgs.access import OrganizationRequest, actor_of, organization_page
from orgs.errors import NotAllowedError
from orgs.models import Role
from orgs.views.responses import post_to, see_other
from sso.connection_view import connection_view
from sso.days import day_in_words
from sso.errors import DayError
from sso.forms import SettingsForm
from sso.services import waivers
from sso.views.connection.page import connection_page
from sso.waiver_forms import WaiverForm

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from sso.models import Waiver


@organization_page(Role.ADMIN, recovery=True)
@post_to("settings_access", "slug")
@never_cache
def allow_waiver(request: HttpRequest, kind: Waiver) -> HttpResponse:
    """Allow a waiver until a day that the admin chooses; also for an admin who cannot sign in without it."""
    form = WaiverForm(request.POST, kind=kind)
    if not form.is_valid():
        return _page(request, form)
    by = cast(OrganizationRequest, request)
    organization = by.membership.organization
    try:
        until = waivers.allow_waiver(
            organization=organization,
            kind=kind,
            last_day=form.cleaned_data["until"],
            by=by.user,
            actor=actor_of(request),
        )
    except DayError as error:
        form.add_error("until", str(error))
        return _page(request, form)
    except NotAllowedError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{kind.label} are accepted until {day_in_words(until)}.")
    return see_other("settings_access", organization.slug)


@organization_page(Role.ADMIN, recovery=True)
@post_to("settings_access", "slug")
@never_cache
def end_waiver(request: HttpRequest, kind: Waiver) -> HttpResponse:
    """End a waiver at once."""
    by = cast(OrganizationRequest, request)
    organization = by.membership.organization
    if waivers.end_waiver(organization=organization, kind=kind, by=by.user, actor=actor_of(request)):
        messages.success(request, f"{kind.label} are no longer accepted.")
    else:
        messages.info(request, f"{kind.label} were already no longer accepted. Nothing was changed.")
    return see_other("settings_access", organization.slug)


def _page(request: HttpRequest, form: WaiverForm) -> HttpResponse:
    """Show the settings again, with the error at the field that the browser goes to."""
    form.fields["until"].widget.attrs["autofocus"] = True
    by = cast(OrganizationRequest, request)
    view = connection_view(by.membership.organization)
    context = connection_page(by.user, SettingsForm(view=view), form)
    return render(request, "sso/settings_access.html", context, status=422)
