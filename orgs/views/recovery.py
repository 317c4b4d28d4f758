"""Recovery: how an admin gets to Access & SSO Settings when single sign-on does not work (invariant 9)."""

from __future__ import annotations

import functools
import time
from datetime import timedelta
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from orgs import access
from orgs.errors import NotAllowedError
from orgs.forms import RecoveryCodeForm
from orgs.models import Membership
from orgs.selectors.organizations import admin_addresses, settled_factors
from orgs.services import recovery
from orgs.sessions.lifetimes import RECOVERY_GRANT, in_words
from orgs.sessions.names import name_session
from orgs.views.responses import see_other, show
from outbox.progress import Progress, progress_of
from outbox.selectors import latest_about


def by_password_first(view: access.View) -> access.View:
    """Redirect a user without a password grant to the password page, whether there is such an organization or not.

    Another organization's provider may have said who they are, and would learn from a 404 whose admin they are.
    """

    @functools.wraps(view)
    def led(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if access.has_password_grant(request):
            return view(request, *args, **kwargs)
        return redirect_to_login(request.get_full_path(), reverse("account_login"))

    return led


@by_password_first
@access.recovery_page
@require_http_methods(["GET", "HEAD", "POST"])
def recover(request: access.OrganizationRequest) -> HttpResponse:
    """Make the recovery grant by a mailed code, or by the second factor of this session's own sign-in.

    POST `action`: mail (send a code), code (use it, with `code`), factor.
    """
    action = request.POST.get("action", "")
    if action == "mail":
        return _mail_code(request)
    if action == "factor" and passed_second_factor(request):
        return _open_by_factor(request)
    form = RecoveryCodeForm(request.POST if action == "code" else None)
    if action == "code" and form.is_valid() and _use_code(request, form):
        return _opened(request)
    return _page(request, form)


def _mail_code(request: access.OrganizationRequest) -> HttpResponse:
    slug = request.membership.organization.slug
    try:
        recovery.mail_recovery_code(membership=request.membership, actor=access.actor_of(request))
    except NotAllowedError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"A code is on its way to {request.membership.user.email}.")
    return see_other("recovery", slug, query={"sent": "1"})


def _open_by_factor(request: access.OrganizationRequest) -> HttpResponse:
    recovery.create_recovery_grant(
        membership=request.membership,
        session=name_session(request),
        means="second factor",
        actor=access.actor_of(request),
    )
    return _opened(request)


def _use_code(request: access.OrganizationRequest, form: RecoveryCodeForm) -> bool:
    try:
        recovery.use_recovery_code(
            membership=request.membership,
            code=form.cleaned_data["code"],
            session=name_session(request),
            actor=access.actor_of(request),
        )
    except NotAllowedError as refusal:
        form.add_error("code", str(refusal))
        return False
    return True


def _opened(request: access.OrganizationRequest) -> HttpResponse:
    told = _who_is_told(request.membership)
    length = in_words(RECOVERY_GRANT)
    messages.success(request, f"You can use Access & SSO Settings for {length}. {told}")
    return see_other("settings_access", request.membership.organization.slug)


def _who_is_told(membership: Membership) -> str:
    """Return a sentence about the mails that `tell_admins_of_recovery` sends: to every admin, this one among them."""
    others = len(admin_addresses(membership.organization)) - 1
    if others < 1:
        return f"We are sending a notification to {membership.user.email}."
    return f"We are sending a notification to the other admin{pluralize(others)}."


def _page(request: access.OrganizationRequest, form: RecoveryCodeForm) -> HttpResponse:
    context = {
        "organization": request.membership.organization,
        "form": form,
        "was_sent": "sent" in request.GET or form.is_bound,
        "mail": _mail_of(request.membership),
        "passed_second_factor": passed_second_factor(request),
        "factor_url": factor_url(request),
    }
    return show(request, "orgs/recovery.html", context)


def _mail_of(membership: Membership) -> Progress | None:
    """Return where the mail with the newest code is."""
    about = recovery.about_recovery(membership)
    return progress_of(latest_about([about]).get(about))


def factor_url(request: access.PersonRequest) -> str:
    """Return where a user who has a second factor proves it and comes back; "" for any other."""
    if not settled_factors(request.user):
        return ""
    return f"{reverse('mfa_reauthenticate')}?{urlencode({'next': request.path})}"


def passed_second_factor(request: access.PersonRequest, *, within: timedelta | None = None) -> bool:
    """Return whether allauth saw a second factor or passkey of this user in this session, and not one made just before.

    `within` asks for one that was used so short a time ago.
    """
    since = time.time() - within.total_seconds() if within else 0
    records = get_authentication_records(request, request.user)
    used = {each.get("id") for each in records if each.get("method") == "mfa" and each.get("at", 0) > since}
    return not used.isdisjoint(settled_factors(request.user))
