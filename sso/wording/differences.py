"""Describing what a new metadata file changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from sso.days import day_in_words

if TYPE_CHECKING:
    from sso.models import Configuration

_SAME = "The same provider, sign-in address and certificates as before."


def differences(before: Configuration, after: Configuration) -> list[str]:
    """Return what a draft changes, one plain sentence each, or one sentence that says that nothing does."""
    return [
        *_provider_changes(before, after),
        *_signing_changes(before, after),
        *_fresh_sign_in_changes(before, after),
        *_waiver_changes(before, after),
    ] or [_SAME]


def differences_of_file(before: Configuration, after: Configuration) -> list[str]:
    """Return sentences about what a draft's file changes; settings_snapshot.changes tells of the switches."""
    return [
        *_provider_changes(before, after),
        *(_signing_changes(before, after) if before.sign_requests == after.sign_requests else []),
        *_waiver_changes(before, after),
    ] or [_SAME]


def _provider_changes(before: Configuration, after: Configuration) -> list[str]:
    return [
        *_changed("Provider's entity ID", before.entity_id, after.entity_id),
        *_changed("Sign-in address", _sign_in_address(before), _sign_in_address(after)),
        *_certificate_changes(before, after),
    ]


def _sign_in_address(configuration: Configuration) -> str:
    return configuration.sso_redirect_url or configuration.sso_post_url


def _changed(what: str, before: str, after: str) -> list[str]:
    return [] if before == after else [f"{what}: {before} becomes {after}."]


def _certificate_changes(before: Configuration, after: Configuration) -> list[str]:
    old = {certificate.fingerprint: certificate for certificate in before.signing_certificates()}
    new = {certificate.fingerprint: certificate for certificate in after.signing_certificates()}
    added = [certificate for key, certificate in new.items() if key not in old]
    removed = [certificate for key, certificate in old.items() if key not in new]
    return [
        *(f"New signing certificate, valid until {day_in_words(c.not_after)}: {_short(c.fingerprint)}." for c in added),
        *(f"Signing certificate no longer listed: {_short(c.fingerprint)}." for c in removed),
        *(["All signing certificates change at once."] if old and not old.keys() & new.keys() else []),
    ]


def _signing_changes(before: Configuration, after: Configuration) -> list[str]:
    if before.signs_requests == after.signs_requests:
        return []
    return ["Requests will be signed." if after.signs_requests else "Requests will no longer be signed."]


def _fresh_sign_in_changes(before: Configuration, after: Configuration) -> list[str]:
    if before.force_authn == after.force_authn:
        return []
    return ["A fresh sign-in will be required." if after.force_authn else "No fresh sign-in will be required."]


def _waiver_changes(before: Configuration, after: Configuration) -> list[str]:
    """Return sentences about the waivers that end; one that an admin allows holds for both versions."""
    now = timezone.now()
    over = [each for each in before.waivers_at(now) if each not in after.waivers_at(now)]
    return [f"{each.label} will no longer be accepted: you allowed them for another provider." for each in over]


def _short(fingerprint: str) -> str:
    return f"{fingerprint[:8]}…{fingerprint[-8:]}"
