"""The page behind the link of an invitation: public, and opening it uses nothing up."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from orgs import access
from orgs.errors import NotAllowedError
from orgs.forms import NewPasswordForm
from orgs.selectors.organizations import has_own_password, invitation_by_token
from orgs.services import invitations
from orgs.views.responses import see_other, show

if TYPE_CHECKING:
    from orgs.models import Invitation

# Not "no-referrer": then browsers send 'Origin: null' with our own forms, too, and the check against forged ones fails.
_REFERRER_POLICY = "strict-origin"


@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Lead the invited person in, by the way that fits: single sign-on, their account, or a new one."""
    found = invitation_by_token(token)
    answer = _invited(request, found, token) if found else _over(request)
    answer["Referrer-Policy"] = _REFERRER_POLICY
    return answer


def _invited(request: HttpRequest, found: Invitation, token: str) -> HttpResponse:
    context = {"invitation": found, "organization": found.organization}
    if found.organization.requires_sso:
        return render(request, "orgs/invited_to_sso.html", context)
    if access.has_password_grant(request):
        return _with_this_account(request, found)
    if has_own_password(found.email):
        return render(request, "orgs/invited_to_sign_in.html", context | {"next": reverse("invitation", args=[token])})
    return _with_new_account(request, found)


def _with_this_account(request: HttpRequest, found: Invitation) -> HttpResponse:
    context = {"invitation": found, "organization": found.organization}
    user = cast(access.PersonRequest, request).user
    if user.email != found.email:
        return render(request, "orgs/invited_as_another.html", context, status=403 if request.method == "POST" else 200)
    if request.method != "POST":
        return render(request, "orgs/invited_to_accept.html", context)
    try:
        invitations.accept_invitation(invitation=found, user=user, actor=access.actor_of(request))
    except NotAllowedError as refusal:
        return _over(request, str(refusal))
    messages.success(request, f"Welcome to {found.organization.name}.")
    return see_other("organization_home", found.organization.slug)


def _with_new_account(request: HttpRequest, found: Invitation) -> HttpResponse:
    form = NewPasswordForm(request.POST or None, address=found.email)
    if request.method != "POST" or not form.is_valid():
        return show(request, "orgs/invited_to_join.html", {"invitation": found, "form": form})
    try:
        membership = invitations.accept_as_newcomer(
            invitation=found, password=form.cleaned_data["password1"], actor=access.actor_of(request)
        )
    except NotAllowedError as refusal:
        return _over(request, str(refusal))
    home = reverse("organization_home", args=[found.organization.slug])
    response: HttpResponse = perform_login(request, membership.user, redirect_url=home)
    return response


def _over(request: HttpRequest, refusal: str = "") -> HttpResponse:
    return render(request, "orgs/invitation_over.html", {"refusal": refusal}, status=410)
