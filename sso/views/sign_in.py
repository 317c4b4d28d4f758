"""Pages of a visitor who signs in: the choice of a way, the organization's own page, and what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from allauth.core.ratelimit import consume
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from orgs.access import any_grant, visible_memberships
from orgs.selectors.organizations import organization_by_slug, organization_of_domain
from orgs.services.mailed.posting import ask_for_sign_in_pages
from orgs.text.email_addresses import domain_of
from orgs.views.responses import post_to, see_other
from sso.crypto.encrypted_params import TokenPurpose, decrypt, encrypt
from sso.forms import AddressForm
from sso.providers import guide_of, is_cancelled
from sso.reasons import Reason
from sso.redirects import safe_next_path
from sso.selectors.connections import connection_of
from sso.views.sign_out import unfinished_sign_out

if TYPE_CHECKING:
    from orgs.models import Organization
    from sso.models import SignIn

# A visitor may only be told of a refusal what their own browser, or they themselves, did (invariant 10).
_COOKIES_LOST = "cookies lost"
_CANCELLED = "cancelled"


@login_not_required
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for the e-mail address first, then show the way to sign in that it leads to.

    Only its domain is looked at (invariant 10).
    """
    if request.method != "POST":
        return _ask(request, AddressForm(initial={"next": _next(request)}))
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _ask(request, form, status=422)
    address, next_path = form.cleaned_data["email"], form.cleaned_data["next"]
    organization = organization_of_domain(domain_of(address))
    if organization is not None and organization.can_sign_in_with_sso:
        return go_to_provider(request, organization, next=next_path, hint=encrypt(TokenPurpose.LOGIN_HINT, address))
    return render(request, "sso/sign_in_otherwise.html", {"address": address, "next": next_path})


@login_not_required
@post_to("sign_in")
@never_cache
def mail_sign_in_page(request: HttpRequest) -> HttpResponse:
    """Mail a user the sign-in pages of their organizations. Neither the response nor its time reveals an account."""
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _ask(request, form, status=422)
    address = form.cleaned_data["email"]
    if consume(request, action="mail_sign_in_page", key=address):
        ask_for_sign_in_pages(address=address)
    return see_other("sign_in_page_mailed")


@login_not_required
@require_safe
@never_cache
def sign_in_page_mailed(request: HttpRequest) -> HttpResponse:
    """Say that a mail is on its way, if there is anything to write."""
    return render(request, "sso/sign_in_page_mailed.html")


@login_not_required
@require_safe
@never_cache
def organization_sign_in(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the sign-in page of one organization."""
    organization = organization_by_slug(slug)
    if organization is None:
        raise Http404
    next_path = _next(request)
    context = {
        "organization": organization,
        "form": AddressForm(initial={"next": next_path or reverse("organization_home", args=[slug])}),
        "provider": provider_name(organization),
        "start_url": start_url(organization, next=next_path),
        "other_ways_url": _with_query(reverse("sign_in"), next=next_path),
    }
    return render(request, "sso/organization_sign_in.html", context)


@login_not_required
@require_safe
@never_cache
def sign_in_refused(request: HttpRequest, number: int, reference: str) -> HttpResponse:
    """Give the reference code of a sign-in that failed. It looks nothing up, so it is the same for every visitor.

    `of` is, encrypted and good for ten minutes, what the visitor may be told, and the organization and reference of the
    sign-in: that its browser brought no cookie back, or that it was cancelled at the identity provider.
    """
    told = decrypt(TokenPurpose.REFUSED, request.GET.get("of", ""))
    context = {
        "number": number,
        "reference": reference,
        "cookies_lost": told == f"{_COOKIES_LOST} {number} {reference}",
        "cancelled": told == f"{_CANCELLED} {number} {reference}",
        "host": urlsplit(settings.BASE_URL).hostname,
    }
    return render(request, "sso/refused.html", context, status=403)


def refused_page(sign_in: SignIn, *, brings_cookie: bool) -> str:
    """Return the address of the page above, with what the visitor may be told."""
    number, reference = sign_in.organization.number, sign_in.reference
    page = reverse("sign_in_refused", args=[number, reference])
    told = _told(sign_in, brings_cookie=brings_cookie)
    return _with_query(page, of=encrypt(TokenPurpose.REFUSED, f"{told} {number} {reference}") if told else "")


def _told(sign_in: SignIn, *, brings_cookie: bool) -> str:
    """Return what a visitor may be told, "" for nothing; never what depends on the organization."""
    # A browser that brings the cookie of another sign-in does keep cookies.
    if sign_in.reason == Reason.COOKIE_LOST and not brings_cookie:
        return _COOKIES_LOST
    # The status is judged before any key or setting of the organization, and this browser has brought it itself.
    return _CANCELLED if sign_in.reason == Reason.DECLINED and is_cancelled(sign_in.detail) else ""


@any_grant
@require_GET
@never_cache
def sign_in_in_log(request: HttpRequest, number: int, reference: str) -> HttpResponse:
    """Redirect a member from the page above to the log of their organization, which only admins may open."""
    found = (each.organization for each in visible_memberships(request) if each.organization.number == number)
    organization = next(found, None)
    if organization is None:
        raise Http404
    return redirect("settings_sign_in", organization.slug, reference)


def go_to_provider(request: HttpRequest, organization: Organization, **query: str) -> HttpResponse:
    """Show a page that goes on to the provider by itself: form-action would stop a redirect there."""
    context = {
        "organization": organization,
        "provider": provider_name(organization),
        "start_url": start_url(organization, **query),
        "password_url": _with_query(reverse("account_login"), next=query.get("next", "")),
    }
    return render(request, "sso/going_to_provider.html", context)


def provider_name(organization: Organization) -> str:
    """Return what the organization's members call their identity provider; "" if it is unknown."""
    connection = connection_of(organization)
    return guide_of(connection.provider).name if connection else ""


def start_url(organization: Organization, **query: str) -> str:
    """Return the address that starts a sign-in; `query` as the start page takes it, empty values left out."""
    return _with_query(reverse("start_sign_in", args=[organization.number]), **query)


def _ask(request: HttpRequest, form: AddressForm, status: int = 200) -> HttpResponse:
    next_path = safe_next_path(form["next"].value() or "")
    context = {"form": form, "next": next_path, "sign_out_url": unfinished_sign_out(request)}
    return render(request, "sso/sign_in.html", context, status=status)


def _with_query(path: str, **query: str) -> str:
    encoded = urlencode({name: value for name, value in query.items() if value})
    return f"{path}?{encoded}" if encoded else path


def _next(request: HttpRequest) -> str:
    return safe_next_path(request.GET.get("next", ""))
