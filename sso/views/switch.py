"""Asking before a browser switches users: an organization's provider decides that for its own members only."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from orgs.access import actor_of, grants_of
from orgs.services import grants
from orgs.sessions.names import session_name
from orgs.views.responses import see_other
from sso.services.sign_in.switch import waiting_sign_in
from sso.views.after_sign_out import WAITING_GRANTS
from sso.views.protocol import make_session, redirect_after_sign_in

if TYPE_CHECKING:
    from django.http import HttpRequest

    from orgs.models import User
    from sso.services.sign_in.outcomes import Finished


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def switch(request: HttpRequest, number: int) -> HttpResponse:
    """Ask which user to be; `token` names the sign-in that waits. One that waits no more begins again."""
    token = request.GET.get("token", "")
    finished = (
        waiting_sign_in(number=number, token=token, session=session_name(request)) if grants_of(request) else None
    )
    if finished is None:
        return see_other("start_sign_in", number) if request.method == "POST" else redirect("start_sign_in", number)
    if request.method != "POST":
        _remember(request, finished)
        context = {"before": request.user, "after": finished.grant.user, "organization": finished.sign_in.organization}
        return render(request, "sso/switch.html", context)
    if request.POST.get("action") == "continue":
        return _begin_session_as(request, finished)
    grants.end_session(
        session=finished.grant.session, user=finished.grant.user, actor=actor_of(request), by="the signed-in user"
    )
    return see_other("home")


def _remember(request: HttpRequest, finished: Finished) -> None:
    """Note the waiting grant in the session, so that signing out ends it, too."""
    grant = finished.grant.public_id.hex
    if grant not in (known := request.session.get(WAITING_GRANTS, [])):
        request.session[WAITING_GRANTS] = [*known, grant][-10:]


def _begin_session_as(request: HttpRequest, finished: Finished) -> HttpResponse:
    before = cast("User", request.user)
    with transaction.atomic():
        grants.end_session(
            session=session_name(request), user=before, actor=actor_of(request), by="a sign-in as another"
        )
        make_session(request, finished.grant)
    return redirect_after_sign_in(finished.sign_in)
