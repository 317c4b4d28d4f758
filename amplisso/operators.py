"""The Django admin for our operators: its name, its sign-in, and what it leaves out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import TO_FIELD_VAR
from django.contrib.admin.views.main import SEARCH_VAR
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from orgs.access import has_password_grant
from orgs.views.responses import see_other

# Addresses never change by hand (AM-64), second factors hold secrets, sessions end by their grants, and what a group
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
# The fields of forms that hold numbers of rows, and what such a number can be. SQLite fails on larger ones.
_ROW_NUMBERS = [ACTION_CHECKBOX_NAME, "user_permissions"]
_ROW_NUMBER = re.compile(r"[0-9]{1,18}")
_TOO_LARGE = re.compile(r"\s*[-+]?[\d_]{19,}\s*")  # all that Python reads as a number


def prepare(site: AdminSite) -> None:
    """Give the site our name and remove the models that must not be edited."""
    site.site_header = site.site_title = "Amplisso operators"
    site.index_title = "Administration"
    site.unregister([model for model in _LEFT_OUT if site.is_registered(model)])


@login_not_required
def sign_in(request: HttpRequest) -> HttpResponse:
    """Redirect visitors to the ordinary sign-in; raise Http404 for a signed-in user who is no operator."""
    wanted = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        wanted = reverse("admin:index")
    if not request.user.is_authenticated:
        return redirect_to_login(wanted)
    if not getattr(request.user, "is_staff", False):
        raise Http404
    return redirect(wanted)


def change_password(request: HttpRequest) -> HttpResponse:
    """Redirect operators to the page on which every user changes a password."""
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
        """Redirect to the page that adds a second factor; public pages and those of setting it up stay open."""
        if not getattr(view, "login_required", True) or not _lacks_second_factor(request):
            return None
        request.lacks_second_factor = True  # type: ignore[attr-defined]  # ours, for the templates
        name = request.resolver_match.url_name if request.resolver_match else ""
        return None if settings.DEBUG or name in _SETTING_UP else see_other("mfa_index")


def _lacks_second_factor(request: HttpRequest) -> bool:
    if not has_password_grant(request) or not getattr(request.user, "is_staff", False):
        return False
    factors = Authenticator.objects.filter(user=request.user.pk)
    return not factors.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()


class UnreadableAddresses:
    """Middleware: answer 404 for what Django's admin would raise an error on, before it is read.

    Nothing that a page raises is caught, so a fault of ours stays a fault that is reported.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Raise Http404 for a page of the admin whose address or chosen rows no page can read."""
        found = request.resolver_match
        if found is not None and "admin" in found.app_names and not _is_well_formed(request):
            raise Http404


def _is_well_formed(request: HttpRequest) -> bool:
    """Return whether each number of a row could be one, and no field without a name is asked for."""
    narrowed = [value for name, values in request.GET.lists() if name != SEARCH_VAR for value in values]
    if any(_TOO_LARGE.fullmatch(part) for value in narrowed for part in value.split(",")):
        return False
    chosen = [number for name in _ROW_NUMBERS for number in request.POST.getlist(name)]
    return request.GET.get(TO_FIELD_VAR) != "" and all(map(_ROW_NUMBER.fullmatch, chosen))
