"""The sign-in log of an organization, and what an admin does about a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from database.paging import keyset_page
from orgs.access import OrganizationRequest, actor_of, organization_page
from orgs.models import Role
from orgs.views.responses import post_to, see_other
from sso.forms import SignInFilterForm
from sso.models import Provider
from sso.providers import guide_of
from sso.reasons import IN_SETTINGS, Reason
from sso.saml import CheckName, Outcome
from sso.selectors.connections import waivers_in_force
from sso.selectors.sign_ins import (
    NEWEST_FIRST,
    identities_of_address,
    sign_in_by_reference,
    sign_ins_found,
    sign_ins_of,
)
from sso.selectors.sign_outs import sign_out_of
from sso.services import connections
from sso.wording.addresses import looked_at
from sso.wording.advice import advice_for
from sso.wording.check_titles import title_of
from sso.wording.claims import findings_in
from sso.wording.clocks import clock_of
from sso.wording.identifiers import is_other_kind, side_by_side
from sso.wording.sign_outs import story_of
from sso.wording.waivers import waiver_for

if TYPE_CHECKING:
    from django.http import HttpRequest

    from sso.models import SignIn
    from sso.wording.sign_outs import SignOutStory


@organization_page(Role.ADMIN)
@require_safe
@never_cache
def settings_sign_ins(request: HttpRequest) -> HttpResponse:
    """Show the log, newest first; `state` and `search` narrow it, `after` and `before` turn the page."""
    form = SignInFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    organization = cast(OrganizationRequest, request).membership.organization
    sign_ins = sign_ins_of(organization, state=wanted.get("state", ""))
    found = sign_ins_found(organization, wanted.get("search", ""))
    context = {
        "section": "sign_ins",
        "form": form,
        "page": keyset_page(sign_ins, NEWEST_FIRST, request.GET, any_of=found),
        "is_filtered": any(wanted.values()),
    }
    return render(request, "sso/sign_ins.html", context)


@organization_page(Role.ADMIN)
@require_safe
@never_cache
def settings_sign_in(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one sign-in, with every check and what to do about a refusal."""
    organization = cast(OrganizationRequest, request).membership.organization
    sign_in = sign_in_by_reference(organization, reference)
    if sign_in is None:
        raise Http404
    context = {
        "section": "sign_ins",
        "sign_in": sign_in,
        "advice": advice_for(sign_in),
        "in_settings": sign_in.reason in IN_SETTINGS,
        "no_answer": guide_of(sign_in.connection.provider).no_answer,
        "looked_at": looked_at(sign_in.facts),
        "identifiers": side_by_side(sign_in.facts),
        "is_other_kind": is_other_kind(sign_in.facts),
        **_waiver(sign_in),
        **_checks(sign_in),
        "may_unlink": sign_in.reason == Reason.OTHER_SUBJECT
        and identities_of_address(organization, sign_in.address).exists(),
        "restarts": list(sign_in.restarts.order_by("started_at")),
        **_claims(sign_in),
        "findings": findings_in(sign_in.claims or {}, sign_in.connection.provider),
        "thumbprint": _thumbprint(sign_in),
        "clock": clock_of(sign_in.clock_skew, sign_in.connection.provider),
        "sign_out": _sign_out(sign_in),
    }
    return render(request, "sso/sign_in_detail.html", context)


@organization_page(Role.ADMIN)
@post_to("settings_sign_in", "slug", "reference")
@never_cache
def unlink_person(request: HttpRequest, reference: str) -> HttpResponse:
    """Delete the identities of a refused sign-in's address, so that its next sign-in is a first one."""
    organization = cast(OrganizationRequest, request).membership.organization
    sign_in = sign_in_by_reference(organization, reference)
    if sign_in is None or sign_in.reason != Reason.OTHER_SUBJECT:
        raise Http404
    for identity in identities_of_address(organization, sign_in.address):
        connections.unlink_identity(identity=identity, actor=actor_of(request))
    messages.success(
        request, f"{sign_in.address} was unlinked. The next sign-in with this address is linked to this member."
    )
    return see_other("settings_sign_in", organization.slug, reference)


def _waiver(sign_in: SignIn) -> dict[str, Any]:
    """Return the waiver that would help, and until when it is in force by now."""
    kind = waiver_for(sign_in)
    return {"waiver": kind, "accepted_until": kind and waivers_in_force(sign_in.organization).get(kind)}


def _checks(sign_in: SignIn) -> dict[str, Any]:
    """Return the checks with their titles, the one that failed on its own, and the number of each outcome.

    `is_unproven`: it was refused before its signature was checked, so that any visitor may have written it.
    """
    checks = [{**check, "title": title_of(check["name"])} for check in sign_in.checks]
    return {
        "checks": checks,
        "reached": [check for check in checks if check["outcome"] != Outcome.NOT_REACHED],
        "not_reached": [check for check in checks if check["outcome"] == Outcome.NOT_REACHED],
        "failed": next((check for check in checks if check["outcome"] == Outcome.FAILED), None),
        "is_unproven": any(
            check["name"] == CheckName.SIGNATURE and check["outcome"] == Outcome.NOT_REACHED for check in checks
        ),
        "counts": {outcome.value: sum(check["outcome"] == outcome for check in checks) for outcome in Outcome},
    }


def _sign_out(sign_in: SignIn) -> SignOutStory | None:
    """Return what became of the sign-out at the provider; None if it was not told."""
    sign_out = sign_out_of(sign_in)
    return story_of(sign_out, sign_in.connection.provider) if sign_out else None


def _thumbprint(sign_in: SignIn) -> str:
    """Return the provider's portal's name for the certificate that verified; "" if it shows none."""
    if sign_in.connection.provider != Provider.AZURE:
        return ""
    known = sign_in.configuration.signing_certificates()
    return next((each.thumbprint for each in known if each.fingerprint == sign_in.certificate), "")


def _claims(sign_in: SignIn) -> dict[str, Any]:
    """Return what was asserted, flat: the name ID on its own, the attributes as pairs of name and values."""
    claims = sign_in.claims or {}
    return {
        "name_id": claims.get("name_id", ""),
        "name_id_format": claims.get("name_id_format", ""),
        "attributes": list(claims.get("attributes", {}).items()),
    }
