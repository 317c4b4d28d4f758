"""The Django admin as our operators know it: its name, its way in, and what it leaves out."""

from __future__ import annotations

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

# Addresses never change by hand (AM-64), second factors hold secrets, sessions end by their doors, and what a group
# gives its members would change on no record: operators' rights stand on their own accounts.
_LEFT_OUT = [EmailAddress, EmailConfirmation, Authenticator, UserSession, Group]


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
