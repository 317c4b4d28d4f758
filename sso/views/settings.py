"""Access & SSO Settings: an admin connects, tests and requires the identity provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orgs.access import OrganizationRequest, actor_of, organization_page
from orgs.errors import NotAllowedError
from orgs.models import Role
from orgs.views.answers import see_other
from sso.claim_findings import findings_in
from sso.forms import SettingsForm
from sso.sealed import Note, seal
from sso.selectors import (
    active_configuration,
    configuration_by_public_id,
    draft_configuration,
    sign_in_of_doors,
)
from sso.services import discard_draft as give_up_draft
from sso.services import save_settings
from sso.stored_settings import SettingsChangedError, changes, stored_settings
from sso.views.access_page import access_page, metadata_page
from sso.views.sign_in import go_to_provider

if TYPE_CHECKING:
    from django.http import HttpRequest

    from orgs.models import Organization
    from sso.models import SignIn
    from sso.services import Saved

_SAVED_OFF = "Single sign-on is still off: upload the Metadata XML of your identity provider to turn it on."
_SAVED_ON = "Single sign-on is on. Try it with Test sign-in before you tell your people."
_SAVED_DRAFT = (
    "The new metadata is saved as a draft, and people go on signing in as before. Test the sign-in: when yours "
    "succeeds, the draft takes over."
)
_NOTHING_TO_TEST = "There is nothing to test yet. Upload the Metadata XML of your identity provider and save."


@organization_page(Role.ADMIN, recovery=True)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def settings_access(request: HttpRequest) -> HttpResponse:
    """The page, and saving it. A plan without SSO sees it locked, and can save nothing."""
    organization = _organization(request)
    if request.method != "POST":
        return _page(request, SettingsForm(organization=organization))
    form = SettingsForm(request.POST, request.FILES, organization=organization)
    if not organization.plan.sso:
        return _page(request, form, status=403)
    return _save(request, form) if form.is_valid() else _page(request, form, status=422)


@organization_page(Role.ADMIN, recovery=True)
@require_POST
@never_cache
def test_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead the admin to the provider, through the draft if one waits, and back to the settings."""
    organization = _organization(request)
    draft = draft_configuration(organization)
    if draft is None and active_configuration(organization) is None:
        messages.error(request, _NOTHING_TO_TEST)
        return see_other("settings_access", organization.slug)
    back = _after_test(organization)
    return go_to_provider(request, organization, next=back, test=seal(Note.TEST, draft.public_id.hex) if draft else "")


@organization_page(Role.ADMIN, recovery=True)
@require_POST
@never_cache
def discard_draft(request: HttpRequest) -> HttpResponse:
    """Give the draft up."""
    organization = _organization(request)
    give_up_draft(organization=organization, actor=actor_of(request))
    messages.success(request, "The draft is discarded. What was in use before stays in use.")
    return see_other("settings_access", organization.slug)


@organization_page(Role.ADMIN, recovery=True)
@require_safe
@never_cache
def uploaded_metadata(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What one uploaded file said."""
    configuration = configuration_by_public_id(_organization(request), public_id)
    if configuration is None:
        raise Http404
    return render(request, "sso/uploaded_metadata.html", metadata_page(configuration))


def _after_test(organization: Organization) -> str:
    return reverse("settings_access", args=[organization.slug]) + "?tested=1"


def _test_of_this_session(request: OrganizationRequest) -> SignIn | None:
    """The test from which the admin has just come back in this very session; whatever else the address says is none."""
    sign_in = sign_in_of_doors(request.doors) if "tested" in request.GET else None
    organization = request.membership.organization
    is_test = sign_in is not None and sign_in.next_path == _after_test(organization)
    return sign_in if sign_in and is_test and sign_in.organization_id == organization.pk else None


def _save(request: HttpRequest, form: SettingsForm) -> HttpResponse:
    organization = _organization(request)
    before = stored_settings(organization)
    try:
        saved = save_settings(
            organization=organization,
            provider=form.cleaned_data["provider"],
            just_in_time_role=form.cleaned_data["just_in_time_role"],
            metadata=form.metadata,
            metadata_text=form.metadata_as_text,
            require_sso=form.cleaned_data["require_sso"],
            sign_requests=form.cleaned_data["sign_requests"],
            single_logout=form.cleaned_data["single_logout"],
            seen=form.cleaned_data["seen"],
            by=cast(OrganizationRequest, request).user,
            actor=actor_of(request),
        )
    except SettingsChangedError as error:
        form.take_over()
        form.add_error(None, str(error))
        return _page(request, form, status=409)
    except NotAllowedError as error:
        form.add_error("require_sso" if form.cleaned_data["require_sso"] else None, str(error))
        return _page(request, form, status=422)
    messages.success(request, _what_saving_did(organization, saved, changes(before, stored_settings(organization))))
    return see_other("settings_access", organization.slug)


def _what_saving_did(organization: Organization, saved: Saved, changed: list[str]) -> str:
    then = []
    if saved.is_draft:
        then = [_SAVED_DRAFT]
    elif saved.configuration is not None:
        then = [_SAVED_ON]
    elif active_configuration(organization) is None:
        then = [_SAVED_OFF]
    return " ".join(["Saved.", *changed, *then]) if changed or then else "Saved. Nothing was different from before."


def _page(request: HttpRequest, form: SettingsForm, status: int = 200) -> HttpResponse:
    form.keep_upload()
    form.point_at_error()
    context: dict[str, Any] = access_page(_organization(request), cast(OrganizationRequest, request).user, form)
    tested = _test_of_this_session(cast(OrganizationRequest, request))
    context |= {"tested": tested, "findings": findings_in(tested.claims) if tested else []}
    return render(request, "sso/settings_access.html", context, status=status)


def _organization(request: HttpRequest) -> Organization:
    return cast(OrganizationRequest, request).membership.organization
