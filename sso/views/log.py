"""The sign-in log of an organization: what happened, and what an admin does about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from orgs.access import OrganizationRequest, organization_page
from orgs.models import Role
from orgs.views.answers import page_of
from sso.check_titles import title_of
from sso.forms import SignInFilterForm
from sso.providers import explain
from sso.reasons import ADVICE
from sso.saml import Outcome
from sso.selectors import sign_in_by_reference, sign_ins_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from sso.models import SignIn


@organization_page(Role.ADMIN)
@require_safe
@never_cache
def settings_sign_ins(request: HttpRequest) -> HttpResponse:
    """The log, newest first; `state` and `search` narrow it, `page` turns it."""
    form = SignInFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    organization = cast(OrganizationRequest, request).membership.organization
    found = sign_ins_of(organization, state=wanted.get("state", ""), search=wanted.get("search", ""))
    context = {
        "section": "sign_ins",
        "form": form,
        "page": page_of(request, found),
        "is_filtered": any(wanted.values()),
        "query": _query_without_page(request),
    }
    return render(request, "sso/sign_ins.html", context)


@organization_page(Role.ADMIN)
@require_safe
@never_cache
def settings_sign_in(request: HttpRequest, reference: str) -> HttpResponse:
    """One sign-in, with every check and what to do about a refusal."""
    organization = cast(OrganizationRequest, request).membership.organization
    sign_in = sign_in_by_reference(organization, reference)
    if sign_in is None:
        raise Http404
    context = {
        "section": "sign_ins",
        "sign_in": sign_in,
        "advice": ADVICE.get(sign_in.reason),
        "explanation": explain(sign_in.detail),
        **_checks(sign_in),
        "restarts": list(sign_in.restarts.order_by("started_at")),
        **_claims(sign_in),
    }
    return render(request, "sso/sign_in_detail.html", context)


def _checks(sign_in: SignIn) -> dict[str, Any]:
    """The checks with their titles, the one that failed on its own, and how many ended how."""
    checks = [{**check, "title": title_of(check["name"])} for check in sign_in.checks]
    return {
        "checks": checks,
        "failed": next((check for check in checks if check["outcome"] == Outcome.FAILED), None),
        "counts": {outcome.value: sum(check["outcome"] == outcome for check in checks) for outcome in Outcome},
    }


def _claims(sign_in: SignIn) -> dict[str, Any]:
    """What was asserted, flat: the name ID on its own, the attributes as pairs of name and values."""
    claims = sign_in.claims or {}
    return {
        "name_id": claims.get("name_id", ""),
        "name_id_format": claims.get("name_id_format", ""),
        "attributes": list(claims.get("attributes", {}).items()),
    }


def _query_without_page(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop("page", None)
    return query.urlencode()
