"""The Django admin as our operators know it: its name, its way in, and what it leaves out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import FieldDoesNotExist, FieldError, ValidationError
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from orgs.access import has_password_door
from orgs.views.answers import see_other

logger = logging.getLogger(__name__)

# Addresses never change by hand (AM-64), second factors hold secrets, sessions end by their doors, and what a group
# gives its members would change on no record: operators' rights stand on their own accounts.
_LEFT_OUT = [EmailAddress, EmailConfirmation, Authenticator, UserSession, Group]

# The pages on which a second factor is set up, and what they lead to and ask for.
_SETTING_UP = {
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "end_other_sessions",
    "mfa_view_recovery_codes",
    "account_reauthenticate",
    "account_logout",
}
# What Django's admin raises when a number, a date, the name of a model or of a field is none.
_MISREAD = (ValueError, ArithmeticError, LookupError, DataError, ValidationError, FieldDoesNotExist, FieldError)


def prepare(site: AdminSite) -> None:
    """Give the site our name and take away what nobody may edit."""
    site.site_header = site.site_title = "Amplisso operators"
    site.index_title = "What would you like to look after?"
    site.unregister([model for model in _LEFT_OUT if site.is_registered(model)])


@login_not_required
def sign_in(request: HttpRequest) -> HttpResponse:
    """Send visitors to the ordinary sign-in; to somebody who is signed in and no operator there is nothing here."""
    wanted = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        wanted = reverse("admin:index")
    if not request.user.is_authenticated:
        return redirect_to_login(wanted)
    if not getattr(request.user, "is_staff", False):
        raise Http404
    return redirect(wanted)


def change_password(request: HttpRequest) -> HttpResponse:
    """Operators change their passwords where everybody does."""
    return redirect("account_change_password")


class SecondFactorForOperators:
    """Middleware: an operator without a second factor gets one page, the one to set it up.

    It looks at sessions with a password only: single sign-on opens nothing of what operators may do. With DEBUG on the
    pages stay open and the admin shows a banner, so that the demo's operator can look around.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Lead to the page that adds a second factor; public pages and those of setting it up stay open."""
        if not getattr(view, "login_required", True) or not _lacks_second_factor(request):
            return None
        request.lacks_second_factor = True  # type: ignore[attr-defined]  # ours, for the templates
        name = request.resolver_match.url_name if request.resolver_match else ""
        return None if settings.DEBUG or name in _SETTING_UP else see_other("mfa_index")


def _lacks_second_factor(request: HttpRequest) -> bool:
    if not has_password_door(request) or not getattr(request.user, "is_staff", False):
        return False
    factors = Authenticator.objects.filter(user=request.user.pk)
    return not factors.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()


class UnreadableAddresses:
    """Middleware: answer 404 where an address of the admin, or a chosen row, can't be read; Django raises there.

    What was raised goes to the log as a warning, in case it is a fault of ours after all.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Say that there is no such page, if the address or the choice of rows has something to misread."""
        if not isinstance(exception, _MISREAD) or not _is_told_what_to_show(request):
            return None
        logger.warning("An address of the admin could not be read", exc_info=exception)
        return render(request, "404.html", status=404)


def _is_told_what_to_show(request: HttpRequest) -> bool:
    found = request.resolver_match
    if found is None or "admin" not in found.app_names:
        return False
    return bool(request.GET or found.args or found.kwargs or "_selected_action" in request.POST)
