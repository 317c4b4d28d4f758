"""Versions of a connection's configuration: when to write one, what is in it (invariant 12)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from sso import saml
from sso.connection_view import ConnectionView
from sso.models import Configuration, Connection, latest_ends


def new_version(
    connection: Connection,
    view: ConnectionView,
    *,
    metadata: saml.IdpMetadata | None,
    text: str,
    switches: Mapping[str, bool | None],
) -> Configuration | None:
    """Return the configuration that has to be saved, without a number yet; None if nothing changes.

    `view` was read under the lock. `metadata` is an uploaded file and `text` its XML; a switch that is None stays as it
    was. Waivers go on until their date, unless the file is another provider's: they were not meant for it.
    """
    before = view.draft or view.active
    kept = {name: before is not None and getattr(before, name) for name in switches}
    wanted = {name: kept[name] if value is None else value for name, value in switches.items()}
    if metadata is not None:
        return _from_metadata(connection, metadata, text, {**wanted, **_waivers_of(view, metadata.entity_id)})
    if before is None or wanted == kept:
        return None
    return copy_of(before, connection=connection, **wanted)


def _from_metadata(
    connection: Connection, metadata: saml.IdpMetadata, text: str, kept: Mapping[str, bool | datetime]
) -> Configuration:
    return Configuration(
        connection=connection,
        entity_id=metadata.entity_id,
        sso_redirect_url=metadata.sso_redirect_url,
        sso_post_url=metadata.sso_post_url,
        slo_url=metadata.slo_url,
        slo_response_url=metadata.slo_response_url,
        certificates=[base64.b64encode(certificate.der).decode() for certificate in metadata.certificates],
        wants_signed_requests=metadata.want_authn_requests_signed,
        valid_until=metadata.valid_until,
        findings=[{"code": finding.code.value, "message": finding.message} for finding in metadata.findings],
        metadata=text,
        **kept,
    )


def _waivers_of(view: ConnectionView, entity_id: str) -> dict[str, datetime]:
    """Return what is accepted of this provider for a time, as fields of a configuration."""
    ends = latest_ends(each for each in view.usable if each.entity_id == entity_id)
    return {each.field: end for each, end in ends.items()}


def copy_of(before: Configuration, **changes: Any) -> Configuration:
    """Return an unsaved copy of a configuration as another version, with `changes`."""
    own = {"id", "public_id", "version", "state", "created_at", "created_by", "activated_at", "retired_at"}
    kept = {field.name: getattr(before, field.name) for field in Configuration._meta.fields if field.name not in own}
    return Configuration(**kept | changes)


def summary_of(configuration: Configuration) -> dict[str, Any]:
    """Return what the audit log keeps of a version."""
    return {
        "version": configuration.version,
        "entity_id": configuration.entity_id,
        "sign_in_address": configuration.sso_redirect_url or configuration.sso_post_url,
        "certificates": [certificate.fingerprint for certificate in configuration.signing_certificates()],
        "signs_requests": configuration.signs_requests,
        "asks_for_fresh_sign_in": configuration.force_authn,
        "waivers": [
            f"{each.label} until {end.isoformat(timespec='seconds')}"
            for each, end in configuration.waivers_at(timezone.now()).items()
        ],
    }
