"""Context of the Access & SSO Settings page about an organization's connection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from sso.crypto.key_encryption import NOT_SET, can_encrypt
from sso.models import ConnectionState, KeyState
from sso.providers import GUIDES, Ours, filled, guide_of
from sso.saml import AGGREGATE_TOO_LARGE, MAX_AGGREGATE_BYTES, SOON, FindingCode
from sso.selectors.connections import like_versions_signed_in_through
from sso.selectors.kept_uploads import upload_to_choose_from
from sso.selectors.keys import live_keys, opened, service_provider
from sso.selectors.relinking import candidates, relinkings_of
from sso.selectors.sign_outs import unconfirmed_sign_outs
from sso.selectors.versions import dropped_success
from sso.services import plan_check
from sso.wording.differences import differences
from sso.wording.waivers import waiver_rows

if TYPE_CHECKING:
    from orgs.models import Organization, User
    from sso.connection_view import ConnectionView
    from sso.forms import SettingsForm
    from sso.models import Configuration
    from sso.saml import SigningCertificate
    from sso.waiver_forms import WaiverForm

# What a file said about dates when it was uploaded is told afresh from the certificates.
_DATED = {
    FindingCode.CERTIFICATE_EXPIRED,
    FindingCode.CERTIFICATE_EXPIRES_SOON,
    FindingCode.CERTIFICATE_NOT_YET_VALID,
    FindingCode.NO_CERTIFICATE_VALID_NOW,
}


@dataclass(frozen=True, slots=True)
class Validity:
    """One signing certificate today: `kind` is a shape of parts/state.html, `at` the date that matters."""

    certificate: SigningCertificate
    kind: str
    word: str
    at: datetime


def connection_page(user: User, form: SettingsForm, waiver_form: WaiverForm | None = None) -> dict[str, Any]:
    """Return the context of the page for this admin, with what they have just typed, about the form's connection."""
    view = form.view
    organization, connection, active, suspended = view.organization, view.connection, view.active, view.suspended
    tried = like_versions_signed_in_through(active, user) if active else set()
    return {
        "section": "access",
        "organization": organization,
        "form": form,
        "locked": not organization.plan.sso,
        "sentence_about_plans": "" if organization.plan.sso else plan_check.sentence_about_plans(),
        "requirement_suspended": organization.require_sso and not view.requires_sso,
        "state": _state(view),
        "flaw": suspended.flaw if suspended else active.flaw if active else "",
        "ignored_keys": active.stored_keys().ignored if active and not active.flaw else (),
        "provider_name": guide_of(connection.provider).name if connection else "",
        "active": active,
        "warnings": _warnings(active),
        "refuses": active is not None and _refuses(active),
        "next_valid": _next_valid(active) if active else None,
        "may_except": active is not None and _has_begun(active),
        "has_tried": active is not None and active.pk in tried,
        "has_come_in": bool(tried),
        "recovery_url": settings.BASE_URL + reverse("recovery", args=[organization.slug]),
        "guides": _guides(organization, str(form["provider"].value() or "")),
        "to_relink": len(candidates(active)) if active and view.has_refused else 0,
        "relinked": relinkings_of(organization).count() if view.has_relinked else 0,
        "waivers": waiver_rows(view, waiver_form),
        "unconfirmed": unconfirmed_sign_outs(connection) if connection and connection.single_logout else None,
        "to_choose_from": None if form.kept else upload_to_choose_from(organization, user),
        "most_bytes": MAX_AGGREGATE_BYTES,
        "too_large": AGGREGATE_TOO_LARGE,
        **_about_draft(active, view.draft),
        **_ours(organization, active),
    }


def _about_draft(active: Configuration | None, draft: Configuration | None) -> dict[str, Any]:
    """Return what the draft changes, and what is odd about it."""
    return {
        "draft": draft,
        "differences": differences(active, draft) if active and draft else [],
        "dropped": dropped_success(active, draft) if draft else None,
        "draft_warnings": _warnings(draft),
        "draft_findings": undated_findings(draft) if draft else [],
        "draft_next_valid": _next_valid(draft) if draft else None,
        "draft_refuses": draft is not None and _refuses(draft),
    }


def _ours(organization: Organization, active: Configuration | None) -> dict[str, Any]:
    """Return what the provider has to know of us: addresses and keys."""
    keys, now = list(live_keys(organization)), timezone.now()
    in_use = [key for key in keys if key.state == KeyState.CURRENT]
    return {
        "service_provider": service_provider(organization.number),
        "our_keys": [{"key": key, "validity": _validity(key.signing_certificate(), now)} for key in keys],
        "for_encryption": any(key.for_encryption for key in keys),
        "unsigned": active is not None and active.signs_requests and not opened(in_use),
        "can_make_keys": can_encrypt(),
        "cannot_make_keys": NOT_SET,
    }


def metadata_page(configuration: Configuration) -> dict[str, Any]:
    """Return the context of the page that shows one uploaded file."""
    now = timezone.now()
    return {
        "section": "access",
        "configuration": configuration,
        "certificates": [_validity(each, now) for each in configuration.signing_certificates()],
        "waivers": configuration.waivers_at(now).items(),
        "findings": undated_findings(configuration),
    }


def undated_findings(configuration: Configuration) -> list[str]:
    """Return the findings of an upload, a sentence each, without those that depended on its day."""
    return [finding["message"] for finding in configuration.findings if finding["code"] not in _DATED]


def _state(view: ConnectionView) -> tuple[str, str]:
    """Return the line under the title: a shape and a sentence."""
    connection, active = view.connection, view.active
    if not view.organization.plan.sso:
        return "off", "Single sign-on is not part of your plan"
    if active is not None:
        on = "Single sign-on is on and required" if view.requires_sso else "Single sign-on is on"
        return ("bad", f"{on}, but sign-ins are refused") if _refuses(active) else ("good", on)
    if view.draft is not None:
        return "waiting", "A draft is waiting for a test"
    if connection is not None and connection.state == ConnectionState.DISABLED:
        return "bad", "The connection has been disabled"
    return "off", "Single sign-on is off"


def _refuses(configuration: Configuration) -> bool:
    return not configuration.accepts_signatures_at(timezone.now())


def _has_begun(configuration: Configuration) -> bool:
    """Return whether accepting expired certificates would help: it lets none pass that is not valid yet."""
    now = timezone.now()
    return any(each.not_before <= now for each in configuration.signing_certificates())


def _next_valid(configuration: Configuration) -> datetime | None:
    """Return when the next certificate that is not valid yet becomes so, None if there is none."""
    now = timezone.now()
    begins = [each.not_before for each in configuration.signing_certificates()]
    return min((begin for begin in begins if begin > now), default=None)


def _warnings(configuration: Configuration | None) -> list[Validity]:
    if configuration is None:
        return []
    now = timezone.now()
    found = [_validity(each, now) for each in configuration.signing_certificates()]
    return [validity for validity in found if validity.kind != "good"]


def _validity(certificate: SigningCertificate, now: datetime) -> Validity:
    if certificate.not_after < now:
        return Validity(certificate, "bad", "expired", certificate.not_after)
    if certificate.not_before > now:
        return Validity(certificate, "waiting", "becomes valid", certificate.not_before)
    kind = "warning" if certificate.not_after < now + SOON else "good"
    return Validity(certificate, kind, "expires", certificate.not_after)


def _guides(organization: Organization, provider: str) -> list[dict[str, Any]]:
    """Return every guide with this organization's values; the chosen provider's is the one to show."""
    ours = service_provider(organization.number)
    values = {
        Ours.ENTITY_ID: ours.entity_id,
        Ours.ACS_URL: ours.acs_url,
        Ours.METADATA_URL: ours.entity_id,
        Ours.SIGN_ON_URL: settings.BASE_URL + reverse("start_sign_in", args=[organization.number]),
    }
    chosen = guide_of(provider).slug
    return [
        {"guide": guide, "steps": filled(guide, values), "is_chosen": guide.slug == chosen} for guide in GUIDES.values()
    ]
