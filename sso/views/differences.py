"""What a new metadata file changes, in words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sso.models import Configuration


def differences(active: Configuration, draft: Configuration) -> list[str]:
    """What a draft changes, one plain sentence each; empty if nothing that matters for signing in."""
    return [
        *_changed("Provider's entity ID", active.entity_id, draft.entity_id),
        *_changed("Sign-in address", _sign_in_address(active), _sign_in_address(draft)),
        *_certificate_changes(active, draft),
        *_signing_changes(active, draft),
    ] or ["The same provider, sign-in address and certificates as before."]


def _sign_in_address(configuration: Configuration) -> str:
    return configuration.sso_redirect_url or configuration.sso_post_url


def _changed(what: str, before: str, after: str) -> list[str]:
    return [] if before == after else [f"{what}: {before} becomes {after}."]


def _certificate_changes(active: Configuration, draft: Configuration) -> list[str]:
    before = {certificate.fingerprint: certificate for certificate in active.signing_certificates()}
    after = {certificate.fingerprint: certificate for certificate in draft.signing_certificates()}
    added = [certificate for key, certificate in after.items() if key not in before]
    removed = [certificate for key, certificate in before.items() if key not in after]
    return [
        *(f"New signing certificate, valid until {_day(c.not_after)}: {_short(c.fingerprint)}." for c in added),
        *(f"Signing certificate no longer listed: {_short(c.fingerprint)}." for c in removed),
        *(["All signing certificates change at once."] if before and not before.keys() & after.keys() else []),
    ]


def _signing_changes(active: Configuration, draft: Configuration) -> list[str]:
    if active.signs_requests == draft.signs_requests:
        return []
    return ["Requests will be signed." if draft.signs_requests else "Requests will no longer be signed."]


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def _short(fingerprint: str) -> str:
    return f"{fingerprint[:8]}…{fingerprint[-8:]}"
