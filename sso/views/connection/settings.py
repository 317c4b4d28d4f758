"""Access & SSO Settings: an admin connects, tests and requires the identity provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from orgs.access import OrganizationRequest, actor_of, organization_page
from orgs.errors import NotAllowedError
from orgs.models import Role
from orgs.services import organizations
from orgs.views.responses import post_to, see_other
from sso.connection_view import connection_view
from sso.crypto.encrypted_params import TokenPurpose, encrypt
from sso.errors import SettingsChangedError, TooManyUploadsError
from sso.forms import SettingsForm
from sso.saml import AGGREGATE_TOO_LARGE, MetadataError
from sso.selectors.connections import active_configuration, configuration_by_public_id, draft_configuration
from sso.selectors.sign_ins import sign_in_of_grants
from sso.services import connections, kept_uploads, upload_limits
from sso.services.settings_snapshot import changes, settings_snapshot
from sso.views.connection.page import connection_page, metadata_page
from sso.views.connection.request_files import TEXT_TOO_LARGE, is_too_large, read_to_the_end, take_files
from sso.views.connection.saved import tell_what_saving_did
from sso.views.earlier_sessions import about_earlier_sessions
from sso.views.sign_in import go_to_provider
from sso.wording.claims import findings_in
from sso.wording.clocks import clock_findings
from sso.wording.differences import differences_of_file

if TYPE_CHECKING:
    from django.http import HttpRequest

    from orgs.models import Organization, User
    from sso.models import SignIn
    from sso.services.connections import Saved

_NOTHING_TO_TEST = "There is nothing to test yet. Upload the Metadata XML of your identity provider and save."


@csrf_exempt  # the token is in the form, and that is not read before it is known whose upload it is: see _post
@organization_page(Role.ADMIN, recovery=True)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def settings_access(request: HttpRequest) -> HttpResponse:
    """Show the page, or save it. A plan without SSO sees it locked, and can save nothing."""
    organization = _organization(request)
    if request.method != "POST":
        return _page(request, SettingsForm(view=connection_view(organization)))
    if is_too_large(request):
        form = SettingsForm.refusing(connection_view(organization), AGGREGATE_TOO_LARGE)
        return _page(request, form, status=413)
    if organization.plan.sso:
        take_files(request)
    try:
        return _post(request)
    except RequestDataTooBig:
        read_to_the_end(request)
        form = SettingsForm.refusing(connection_view(organization), TEXT_TOO_LARGE, at="metadata_text")
        return _page(request, form, status=413)


@csrf_protect
def _post(request: HttpRequest) -> HttpResponse:
    organization = _organization(request)
    form = SettingsForm(request.POST, request.FILES, view=connection_view(organization))
    if not organization.plan.sso:
        return _page(request, form, status=403)
    if form.brings_upload:
        try:
            upload_limits.count_upload(organization=organization, name=form.upload_name, actor=actor_of(request))
        except TooManyUploadsError as error:
            return _too_many_uploads(request, form, error)
    if form.is_valid() and form.aggregate is not None:
        return _offer(request, form, form.aggregate)
    _note_if_refused(request, form)
    return save_form(request, form)


def _note_if_refused(request: HttpRequest, form: SettingsForm) -> None:
    """Write down in the audit log that an upload could not be used, and the words at its field that say why."""
    reasons = [str(each) for name in ("metadata_file", "metadata_text") for each in form.errors.get(name, [])]
    if form.brings_upload and reasons:
        organization, actor = _organization(request), actor_of(request)
        upload_limits.note_refused_upload(
            organization=organization, name=form.upload_name, reason=" ".join(reasons), actor=actor
        )


def _too_many_uploads(request: HttpRequest, form: SettingsForm, error: TooManyUploadsError) -> HttpResponse:
    response = _page(request, SettingsForm.refusing(form.view, str(error)), status=429)
    response["Retry-After"] = str(1 + int(error.wait.total_seconds()))
    return response


def _offer(request: HttpRequest, form: SettingsForm, file: BinaryIO) -> HttpResponse:
    """Lead to the choice between the providers of a file; where there is only one, it is chosen."""
    organization = _organization(request)
    try:
        upload = kept_uploads.offer_providers(
            organization=organization,
            by=_admin(request),
            file=file,
            name=form.upload_name,
            choices=form.choices,
        )
    except MetadataError as error:
        form.refuse_upload(str(error))
        _note_if_refused(request, form)
        return _page(request, form, status=422)
    first, *others = upload.providers.all()[:2]
    if others:
        return see_other("choose_provider", organization.slug, upload.public_id)
    return save_form(request, SettingsForm.with_chosen(first, form.view))


@organization_page(Role.ADMIN, recovery=True)
@post_to("settings_access", "slug")
@never_cache
def test_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead the admin to the provider, through the draft if one waits, and back to the settings."""
    organization = _organization(request)
    tested = draft_configuration(organization) or active_configuration(organization)
    if tested is None:
        messages.error(request, _NOTHING_TO_TEST)
        return see_other("settings_access", organization.slug)
    back = reverse("settings_access", args=[organization.slug]) + "?tested=1"
    return go_to_provider(request, organization, next=back, test=encrypt(TokenPurpose.TEST, tested.public_id.hex))


@organization_page(Role.ADMIN, recovery=True)
@post_to("settings_access", "slug")
@never_cache
def discard_draft(request: HttpRequest) -> HttpResponse:
    """Discard the draft."""
    organization = _organization(request)
    connections.discard_draft(organization=organization, actor=actor_of(request))
    kept = " The active settings stay in use." if active_configuration(organization) else ""
    messages.success(request, f"The draft was discarded.{kept}")
    return see_other("settings_access", organization.slug)


@organization_page(Role.ADMIN, recovery=True)
@post_to("settings_access", "slug")
@never_cache
def stop_requiring_sso(request: HttpRequest) -> HttpResponse:
    """Turn Require SSO off, also where nothing else can be saved: without the plan, or with a disabled connection."""
    organization = _organization(request)
    organizations.set_require_sso(organization=organization, required=False, actor=actor_of(request))
    messages.success(
        request, f"Single sign-on is no longer required. Members can sign in to {organization.name} with passwords."
    )
    return see_other("settings_access", organization.slug)


@organization_page(Role.ADMIN, recovery=True)
@require_safe
@never_cache
def uploaded_metadata(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the content of one uploaded file."""
    configuration = configuration_by_public_id(_organization(request), public_id)
    if configuration is None:
        raise Http404
    return render(request, "sso/uploaded_metadata.html", metadata_page(configuration))


def _test_of_this_session(request: OrganizationRequest) -> SignIn | None:
    """Return the test from which the admin has just come back in this session; None for any other address."""
    sign_in = sign_in_of_grants(request.grants) if "tested" in request.GET else None
    is_ours = sign_in is not None and sign_in.organization_id == request.membership.organization.pk
    return sign_in if sign_in and is_ours and sign_in.is_test else None


def save_form(request: HttpRequest, form: SettingsForm) -> HttpResponse:
    """Save the settings, or show them again with what is wrong."""
    if not form.is_valid():
        return _page_again(request, form, status=422)
    organization = _organization(request)
    try:
        saved = _save(request, form)
    except SettingsChangedError as error:
        form.view = connection_view(organization)
        form.take_over()
        form.add_error(None, str(error))
        return _page_again(request, form, status=409)
    except NotAllowedError as error:
        form.view = connection_view(organization)
        form.add_error("require_sso" if form.cleaned_data["require_sso"] else None, str(error))
        return _page_again(request, form, status=422)
    changed, previous = changes(settings_snapshot(saved.before), settings_snapshot(saved.after)), saved.before.active
    if saved.configuration and previous and form.metadata and not saved.is_draft:  # a draft shows them on the page
        changed += differences_of_file(previous, saved.configuration)
    tell_what_saving_did(request, saved, changed, has_metadata=form.metadata is not None)
    return see_other("settings_access", organization.slug)


def _save(request: HttpRequest, form: SettingsForm) -> Saved:
    cleaned = form.cleaned_data
    return connections.save_settings(
        organization=_organization(request),
        provider=cleaned["provider"],
        just_in_time_role=cleaned["just_in_time_role"],
        metadata=form.metadata,
        metadata_text=form.metadata_as_text,
        require_sso=cleaned["require_sso"],
        sign_requests=cleaned["sign_requests"],
        force_authn=cleaned["force_authn"],
        single_logout=cleaned["single_logout"],
        snapshot=cleaned["snapshot"],
        by=_admin(request),
        actor=actor_of(request),
    )


def _page(request: HttpRequest, form: SettingsForm, status: int = 200) -> HttpResponse:
    form.point_at_error()
    context: dict[str, Any] = connection_page(_admin(request), form)
    tested = _test_of_this_session(cast(OrganizationRequest, request))
    context |= {"tested": tested, "findings": _findings_of(tested) if tested else []}
    context |= about_earlier_sessions(request, form.view.active if form.view.had_another else None)
    return render(request, "sso/settings_access.html", context, status=status)


def _findings_of(tested: SignIn) -> list[str]:
    provider = tested.connection.provider
    return [*findings_in(tested.claims, provider), *clock_findings(tested.clock_skew, provider)]


def _page_again(request: HttpRequest, form: SettingsForm, status: int) -> HttpResponse:
    """Show the page with its errors, keeping a file that could be read until they are corrected."""
    if form.upload is not None and form.kept is None:
        organization, admin = _organization(request), _admin(request)
        form.keep(
            kept_uploads.keep_upload(organization=organization, by=admin, document=form.upload, name=form.upload_name)
        )
    return _page(request, form, status)


def _organization(request: HttpRequest) -> Organization:
    return cast(OrganizationRequest, request).membership.organization


def _admin(request: HttpRequest) -> User:
    return cast(OrganizationRequest, request).user
