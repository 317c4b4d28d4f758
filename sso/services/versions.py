"""Versions of a connection's configuration: when a new one has to be written, and what is in it (invariant 12)."""

from __future__ import annotations

import base64

from sso import saml
from sso.models import Configuration, Connection


def new_version(
    connection: Connection,
    *,
    before: Configuration | None,
    metadata: saml.IdpMetadata | None,
    text: str,
    sign_requests: bool | None,
) -> Configuration | None:
    """Return the configuration that has to be saved, without a number yet; None if nothing changes.

    `metadata` is an uploaded file and `text` its XML; `sign_requests` None leaves the switch as it was `before`.
    """
    kept = before is not None and before.sign_requests
    wanted = kept if sign_requests is None else sign_requests
    if metadata is not None:
        return _from_metadata(connection, metadata, text, sign_requests=wanted)
    if before is None or wanted == kept:
        return None
    return _copy_of(before, sign_requests=wanted)


def _from_metadata(
    connection: Connection, metadata: saml.IdpMetadata, text: str, *, sign_requests: bool
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
        sign_requests=sign_requests,
        valid_until=metadata.valid_until,
        findings=[{"code": finding.code.value, "message": finding.message} for finding in metadata.findings],
        metadata=text,
    )


def _copy_of(before: Configuration, *, sign_requests: bool) -> Configuration:
    """The same provider in another version; dated exceptions go on until their date."""
    own = {"id", "public_id", "version", "state", "created_at", "created_by", "activated_at", "retired_at"}
    kept = {field.name: getattr(before, field.name) for field in Configuration._meta.fields if field.name not in own}
    return Configuration(**kept | {"sign_requests": sign_requests})
