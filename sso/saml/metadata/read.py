"""Reading an identity provider's metadata (SAML metadata 2.3 and 2.4.3), as providers really write it."""

from collections.abc import Sequence
from datetime import datetime

from lxml import etree

from sso.saml.errors import MetadataError, MetadataProblem, SeveralProviders, unknown_entity
from sso.saml.metadata.document import read_document
from sso.saml.metadata.endpoints import sign_in_addresses, sign_in_locations, sign_out_addresses
from sso.saml.metadata.entra import refuse_documents_for_all, refuse_platform_keys
from sso.saml.metadata.findings import Described, findings_about, written_valid_until
from sso.saml.metadata.root import candidates, entity_id_of, speaks_saml2
from sso.saml.metadata.signing_keys import has_certificate, signing_keys
from sso.saml.types import IdpMetadata
from sso.saml.xml.instants import parse_lenient_instant

_MAX_ENTITY_ID = 1024
_TRUE = ("true", "1")
_SHOWN = 100


def read_idp_metadata(
    data: bytes,
    *,
    our_entity_id: str,
    now: datetime,
    allow_loopback_http: bool = False,
    entity_id: str | None = None,
) -> IdpMetadata:
    """Return the one identity provider of an uploaded file, or the one that `entity_id` names.

    `data` is the file as uploaded, in bytes: decoding it first would break what Entra and Notepad write. Raise
    `SeveralProviders` when there is a choice to make, `MetadataError` when the file can't be used.
    """
    found = candidates(read_document(data), our_entity_id)
    if entity_id is not None:
        found = _named(found, entity_id)
    names = tuple(dict.fromkeys(map(entity_id_of, found)))
    if len(names) > 1 and any(map(has_certificate, found)):
        raise SeveralProviders(names)
    entries = sum(entity_id_of(role) == names[0] for role in found)
    return _read(found[0], now, allow_loopback_http=allow_loopback_http, entries=entries)


def _named(found: Sequence[etree._Element], entity_id: str) -> list[etree._Element]:
    named = [role for role in found if entity_id_of(role) == entity_id.strip()]
    if not named:
        raise unknown_entity()
    return named


def _read(role: etree._Element, now: datetime, *, allow_loopback_http: bool, entries: int) -> IdpMetadata:
    entity_id, locations = _checked_entity_id(entity_id_of(role)), sign_in_locations(role)
    _refuse_saml1(role)
    refuse_documents_for_all(entity_id, locations)
    _refuse_templates(entity_id, *locations)
    keys = signing_keys(role)
    refuse_platform_keys(entity_id, locations, keys.usable)
    sign_in = sign_in_addresses(role, allow_loopback_http=allow_loopback_http)
    sign_out = sign_out_addresses(role, allow_loopback_http=allow_loopback_http)
    described = Described(role, keys, sign_in, sign_out, _valid_until(role), _wants_signed_requests(role), entries)
    return IdpMetadata(
        entity_id=entity_id,
        certificates=keys.usable,
        sso_redirect_url=sign_in.redirect,
        sso_post_url=sign_in.post,
        slo_url=sign_out.request,
        slo_response_url=sign_out.response,
        want_authn_requests_signed=described.wants_signed_requests,
        valid_until=described.valid_until,
        findings=findings_about(described, now, loopback_is_meant=allow_loopback_http),
    )


def _refuse_saml1(role: etree._Element) -> None:
    if not speaks_saml2(role):
        raise MetadataError(
            MetadataProblem.SAML1,
            "The identity provider in this file doesn't say that it speaks SAML 2.0. Turn SAML 2.0 on "
            "there and download the file again.",
        )


def _checked_entity_id(entity_id: str) -> str:
    """Return the entityID, which must be there. Any text will do: JumpCloud's default is "IdP Entity ID"."""
    if not entity_id:
        raise MetadataError(
            MetadataProblem.NO_ENTITY_ID,
            "The identity provider in this file has no entityID. Download the file again, unchanged, "
            "from your identity provider.",
        )
    if len(entity_id) > _MAX_ENTITY_ID:
        raise MetadataError(
            MetadataProblem.ENTITY_ID_TOO_LONG,
            "The entityID in this file is longer than the 1024 characters that the standard allows. "
            "Set a shorter one at your identity provider and download the file again.",
        )
    return entity_id


def _refuse_templates(*texts: str) -> None:
    """Refuse braces in entityID and addresses, which are placeholders of a template that was not filled in."""
    unfilled = next((text for text in texts if "{" in text or "}" in text), None)
    if unfilled is not None:
        raise MetadataError(
            MetadataProblem.TEMPLATE,
            f"This file is a template that was not filled in: {unfilled[:_SHOWN]}. Download the file of your own "
            "application from your identity provider.",
        )


def _wants_signed_requests(role: etree._Element) -> bool:
    return role.get("WantAuthnRequestsSigned", "").strip().lower() in _TRUE


def _valid_until(role: etree._Element) -> datetime | None:
    """Return the earliest readable validUntil of the role and the elements around it (metadata 2.3.1)."""
    moments = map(parse_lenient_instant, written_valid_until(role))
    return min((moment for moment in moments if moment), default=None)
