"""Choosing one identity provider of an uploaded file that describes many."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from orgs.access import OrganizationRequest, organization_page
from orgs.models import Role
from orgs.views.responses import page_of
from sso.connection_view import connection_view
from sso.forms import ProviderSearchForm, SettingsForm
from sso.selectors.kept_uploads import offered_provider, upload_by_public_id
from sso.views.connection.settings import save_form

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from sso.models import Upload

_NONE_CHOSEN = "Nothing was chosen. Choose your identity provider from this list."


@organization_page(Role.ADMIN, recovery=True)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def choose_provider(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the list, by `search` and `page`; a POST of one `provider` saves the settings with which the file came."""
    organization = cast(OrganizationRequest, request).membership.organization
    upload = upload_by_public_id(organization, public_id)
    if upload is None:
        return render(request, "sso/upload_gone.html", {"section": "access"}, status=404)
    if request.method != "POST":
        return _list(request, upload)
    provider = offered_provider(organization, request.POST.get("provider", ""))
    if provider is None or provider.upload_id != upload.pk:
        return _list(request, upload, _NONE_CHOSEN)
    form = SettingsForm.with_chosen(provider, connection_view(organization))
    if "metadata_file" in form.errors:
        return _list(request, upload, f"{provider} can't be used. {form.errors['metadata_file'][0]}")
    return save_form(request, form)


def _list(request: HttpRequest, upload: Upload, error: str = "") -> HttpResponse:
    form = ProviderSearchForm(request.GET)
    search = form.cleaned_data["search"] if form.is_valid() else ""
    context = {
        "section": "access",
        "upload": upload,
        "form": form,
        "search": search,
        "page": page_of(request, upload.providers_with(search)),
        "total": upload.providers.count(),
        "error": error,
    }
    return render(request, "sso/choose_provider.html", context, status=422 if error else 200)
