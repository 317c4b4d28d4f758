"""Single logout: the page that leads to the providers, and the address at which both sides' messages arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from orgs.access import actor_of, grants_of
from orgs.selectors.organizations import open_organization
from orgs.sessions.lifetimes import ENCRYPTED_PARAM
from orgs.views.responses import see_other
from sso.crypto.encrypted_params import TokenPurpose, decrypt, encrypt
from sso.models import SignOutState
from sso.providers import guide_of
from sso.services.sign_out.chain import Step, ask_next, chain, number_in, steps_of
from sso.services.sign_out.start import take_logout_message

if TYPE_CHECKING:
    from django.http import HttpRequest

    from orgs.models import Organization
    from sso.models import SignIn
    from sso.services.sign_out.start import SignedOut

# The encrypted token, in a browser on its way from one provider to the next.
_COOKIE = "signing_out"
# The outcome of a sign-out, by the provider's response.
_ENDED = {
    SignOutState.DONE: "confirmed",
    SignOutState.PARTIAL: "partly",
    SignOutState.REFUSED: "not confirmed",
    None: "asked by the provider",
}


@login_not_required
@require_GET
@never_cache
def sign_out_at_provider(request: HttpRequest, number: int) -> HttpResponse:
    """Say that the user is signed out here, and go on to the next provider (profiles 4.4.3.1), or say how it went.

    `of` is an encrypted token of the sign-ins whose sessions are to be ended.
    """
    token = request.GET.get("of", "")
    sign_ins = chain(organization=_organization(number), token=token)
    asked = ask_next(sign_ins)
    steps = steps_of(sign_ins)
    if asked is None:
        return _say_how_it_went(request, steps)
    list(messages.get_messages(request))  # that they are signed out here is the heading of this page already
    sign_in, address = asked
    context = {"address": address, "provider": _provider(sign_in), "steps": _told(steps, now=sign_in)}
    response = render(request, "sso/signing_out.html", context)
    if len(sign_ins) > 1:
        _remember(response, token)
    return response


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "POST"])
@never_cache
def slo(request: HttpRequest, number: int) -> HttpResponse:
    """Take a LogoutRequest or a LogoutResponse, by Redirect or by POST (bindings 3.4 and 3.5).

    No cookie is needed: the provider may come in a frame, where browsers send none. A good message is answered by a
    redirect, since it would be refused when it is loaded again. An address without any message, typed by hand, is
    answered with what it is for, whether there is such an organization or not.
    """
    if request.method == "GET" and not {"SAMLRequest", "SAMLResponse"} & request.GET.keys():
        return render(request, "sso/for_sign_outs.html")
    outcome = take_logout_message(
        organization=_organization(number),
        query=request.META.get("QUERY_STRING", "") if request.method == "GET" else "",
        form=request.POST.dict(),
        actor=actor_of(request),
    )
    onwards = _next_page(request, outcome)
    if onwards:
        return HttpResponseRedirect(onwards, status=303)
    if outcome is None:
        return _refuse(request)
    if outcome.answer_to:
        return HttpResponseRedirect(outcome.answer_to, status=303 if request.method == "POST" else 302)
    return see_other("signed_out", query={"of": encrypt(TokenPurpose.SIGNED_OUT, _ENDED[outcome.at_provider])})


@login_not_required
@require_safe
@never_cache
def signed_out(request: HttpRequest) -> HttpResponse:
    """Say that the browser is signed out, and while the token is good, how the provider responded.

    `of` is an encrypted token of the outcome. A signed-in user sees their organizations instead.
    """
    if grants_of(request):
        return redirect("home")
    return render(
        request, "sso/signed_out.html", {"ended": decrypt(TokenPurpose.SIGNED_OUT, request.GET.get("of", ""))}
    )


def unfinished_sign_out(request: HttpRequest) -> str:
    """Return the page that goes on with a sign-out through several providers; "" if this browser is in none."""
    token = request.COOKIES.get(_COOKIE, "")
    number = number_in(token)
    return f"{reverse('sign_out_at_provider', args=[number])}?{urlencode({'of': token})}" if number else ""


def _next_page(request: HttpRequest, outcome: SignedOut | None) -> str:
    """Return the next page after a provider's response, good or bad: none of them stops the others."""
    may_go_on = _is_answer(request) and (outcome is None or not outcome.answer_to)
    return unfinished_sign_out(request) if may_go_on else ""


def _is_answer(request: HttpRequest) -> bool:
    return "SAMLResponse" in request.GET or "SAMLResponse" in request.POST


def _refuse(request: HttpRequest) -> HttpResponse:
    """Refuse a message; a response changes nothing, so a browser without grants is just told it is signed out.

    It is most often one that was good, loaded again.
    """
    if _is_answer(request) and not grants_of(request):
        return see_other("signed_out")
    return render(request, "sso/sign_out_refused.html", status=403)


def _say_how_it_went(request: HttpRequest, steps: list[Step]) -> HttpResponse:
    if not any(step.state for step in steps):
        return redirect("sign_in")
    everywhere = all(step.state == SignOutState.DONE for step in steps)
    response = render(request, "sso/signed_out_at_providers.html", {"steps": _told(steps), "everywhere": everywhere})
    response.delete_cookie(_COOKIE, samesite="None")
    return response


def _told(steps: list[Step], now: SignIn | None = None) -> list[dict[str, str]]:
    """Return the steps in the words of the pages; `now` is the sign-in whose provider comes next."""
    current = next((index for index, step in enumerate(steps) if step.sign_in == now), len(steps))
    return [
        {
            "organization": step.sign_in.organization.name,
            "provider": _provider(step.sign_in),
            "state": "now" if index == current else step.state or ("next" if index > current else ""),
        }
        for index, step in enumerate(steps)
    ]


def _provider(sign_in: SignIn) -> str:
    return guide_of(sign_in.connection.provider).name


def _remember(response: HttpResponse, token: str) -> None:
    """Keep the token in a cookie: only SameSite=None ones come with a provider's POST. The sign-in page reads it."""
    response.set_cookie(_COOKIE, token, max_age=ENCRYPTED_PARAM, secure=True, httponly=True, samesite="None")


def _organization(number: int) -> Organization:
    organization = open_organization(number)
    if organization is None:
        raise Http404
    return organization
