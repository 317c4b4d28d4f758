"""Single logout: the page that leads to the provider, and the address at which both sides' messages arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from orgs.access import actor_of
from orgs.selectors import open_organization
from sso.providers import guide_of
from sso.sealed import Note, unseal
from sso.selectors import sign_in_to_sign_out
from sso.services import ask_provider_to_sign_out, take_logout_message

if TYPE_CHECKING:
    from django.http import HttpRequest

    from orgs.models import Organization


@login_not_required
@require_GET
@never_cache
def sign_out_at_provider(request: HttpRequest, number: int) -> HttpResponse:
    """Say that somebody is signed out here, and go on to the provider (profiles 4.4.3.1); `of` is a sealed sign-in."""
    public_id = unseal(Note.SIGN_OUT, request.GET.get("of", ""))
    sign_in = sign_in_to_sign_out(_organization(number), public_id) if public_id else None
    address = ask_provider_to_sign_out(sign_in=sign_in) if sign_in else ""
    if sign_in is None or not address:
        return redirect("sign_in")
    provider = guide_of(sign_in.connection.provider).name
    context = {"organization": sign_in.organization, "provider": provider, "address": address}
    return render(request, "sso/signing_out.html", context)


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "POST"])
@never_cache
def slo(request: HttpRequest, number: int) -> HttpResponse:
    """Take a LogoutRequest or a LogoutResponse, by Redirect or by POST (bindings 3.4 and 3.5).

    No cookie is needed: the provider may come in a frame, where browsers send none.
    """
    outcome = take_logout_message(
        organization=_organization(number),
        query=request.META.get("QUERY_STRING", "") if request.method == "GET" else "",
        form=request.POST.dict(),
        actor=actor_of(request),
    )
    if outcome is None:
        return render(request, "sso/sign_out_refused.html", status=403)
    if outcome.answer_to:
        return HttpResponseRedirect(outcome.answer_to, status=303 if request.method == "POST" else 302)
    return render(request, "sso/signed_out.html", {"at_provider": outcome.at_provider})


def _organization(number: int) -> Organization:
    organization = open_organization(number)
    if organization is None:
        raise Http404
    return organization
