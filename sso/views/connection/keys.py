"""Certificates of our own: an admin makes, downloads, uses and retires them."""

from __future__ import annotations

from collections.abc import Callable
from ssl import DER_cert_to_PEM_cert
from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from orgs.access import OrganizationRequest, actor_of, organization_page
from orgs.errors import NotAllowedError
from orgs.models import Role
from orgs.views.responses import post_to, see_other
from sso.selectors.keys import key_by_public_id
from sso.services import keys

if TYPE_CHECKING:
    from django.http import HttpRequest

    from orgs.models import Organization
    from sso.models import ServiceProviderKey

_MADE = "The certificate was created. Download it and upload it at your identity provider."
_MADE_NEXT = "The new certificate was created. Give it to your identity provider before you use it."
_USED = "The new certificate is in use. Retire the previous one once your identity provider no longer uses it."
_RETIRED = "The certificate was retired and its private key deleted."
_OFFERED = (
    "Our metadata offers your certificate for encryption. Let your identity provider import it again, or give it "
    "the certificate yourself."
)
_WITHDRAWN = (
    "Our metadata no longer offers your certificate for encryption. Until your identity provider has imported it "
    "again, or you turn encryption off there, it may still encrypt; Amplisso can read that."
)


@organization_page(Role.ADMIN, recovery=True)
@post_to("settings_access", "slug")
@never_cache
def create_key(request: HttpRequest) -> HttpResponse:
    """Make a certificate."""
    organization = _organization(request)

    def make() -> str:
        key = keys.create_key(organization=organization, actor=actor_of(request))
        return _MADE if key.promoted_at else _MADE_NEXT

    return _change(request, make)


@organization_page(Role.ADMIN, recovery=True)
@post_to("settings_access", "slug")
@never_cache
def promote_key(request: HttpRequest) -> HttpResponse:
    """Use the next certificate."""

    def promote() -> str:
        keys.promote_key(organization=_organization(request), actor=actor_of(request))
        return _USED

    return _change(request, promote)


@organization_page(Role.ADMIN, recovery=True)
@post_to("settings_access", "slug")
@never_cache
def retire_key(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Withdraw a certificate."""
    key = _key(request, public_id)

    def retire() -> str:
        keys.retire_key(key=key, actor=actor_of(request))
        return _RETIRED

    return _change(request, retire)


@organization_page(Role.ADMIN, recovery=True)
@post_to("settings_access", "slug")
@never_cache
def offer_for_encryption(request: HttpRequest) -> HttpResponse:
    """Offer our certificates for encryption in our metadata if `wanted` is "yes", otherwise stop offering them."""
    wanted = request.POST.get("wanted") == "yes"

    def offer() -> str:
        keys.offer_for_encryption(organization=_organization(request), wanted=wanted, actor=actor_of(request))
        return _OFFERED if wanted else _WITHDRAWN

    return _change(request, offer)


@organization_page(Role.ADMIN, recovery=True)
@require_safe
@never_cache
def download_certificate(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Return a certificate as a file of base64, which Entra takes for verification and for encryption."""
    key = _key(request, public_id)
    text = DER_cert_to_PEM_cert(key.signing_certificate().der)
    name = f"amplisso-{_organization(request).number}-{key.fingerprint[:8]}.cer"
    return HttpResponse(
        text,
        content_type="application/pkix-cert",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _change(request: HttpRequest, change: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, change())
    except NotAllowedError as refusal:
        messages.error(request, str(refusal))
    return see_other("settings_access", _organization(request).slug)


def _key(request: HttpRequest, public_id: UUID) -> ServiceProviderKey:
    key = key_by_public_id(_organization(request), public_id)
    if key is None:
        raise Http404
    return key


def _organization(request: HttpRequest) -> Organization:
    return cast(OrganizationRequest, request).membership.organization
