"""Reading an identity provider's metadata (SAML metadata 2.3 and 2.4.3), as providers really write it."""

from collections.abc import Sequence
from datetime import datetime

from lxml import etree

from sso.saml.addresses import checked_address
from sso.saml.errors import MetadataError, MetadataProblem, SeveralProviders, unknown_entity
from sso.saml.instants import parse_instant
from sso.saml.metadata_bytes import read_document
from sso.saml.metadata_findings import findings_about
from sso.saml.metadata_keys import has_certificate, signing_keys
from sso.saml.metadata_root import candidates, entity_id_of, speaks_saml2
from sso.saml.names import MD
from sso.saml.types import Binding, IdpMetadata

_MAX_ENTITY_ID = 1024
_TRUE = ("true", "1")


def read_idp_metadata(
    data: bytes,
    *,
    our_entity_id: str,
    now: datetime,
    allow_loopback_http: bool = False,
    entity_id: str | None = None,
) -> IdpMetadata:
    """Return the one identity provider of an uploaded file, or the one that `entity_id` names.

    `data` is the file as uploaded, in bytes: decoding it first would break what Entra and Notepad write. Raises
    `SeveralProviders` when there is a choice to make, `MetadataError` when the file can't be used.
    """
    found = candidates(read_document(data), our_entity_id)
    if entity_id is not None:
        found = _named(found, entity_id)
    if len(found) > 1 and any(map(has_certificate, found)):
        raise SeveralProviders(tuple(entity_id_of(role) for role in found))
    return _read(found[0], now, allow_loopback_http=allow_loopback_http)


def _named(found: Sequence[etree._Element], entity_id: str) -> list[etree._Element]:
    named = [role for role in found if entity_id_of(role) == entity_id.strip()]
    if not named:
        raise unknown_entity()
    return named[:1]


def _read(role: etree._Element, now: datetime, *, allow_loopback_http: bool) -> IdpMetadata:
    entity_id = _checked_entity_id(entity_id_of(role))
    _refuse_saml1(role)
    keys = signing_keys(role)
    redirect, post = _sign_in_addresses(role, allow_loopback_http=allow_loopback_http)
    _refuse_entra_common(redirect, post)
    sign_out, sign_out_response = _sign_out_addresses(role, allow_loopback_http=allow_loopback_http)
    valid_until = _valid_until(role)
    return IdpMetadata(
        entity_id=entity_id,
        certificates=keys.usable,
        sso_redirect_url=redirect,
        sso_post_url=post,
        slo_url=sign_out,
        slo_response_url=sign_out_response,
        want_authn_requests_signed=_wants_signed_requests(role),
        valid_until=valid_until,
        findings=findings_about(
            role,
            keys,
            now=now,
            valid_until=valid_until,
            addresses=(redirect, post),
            sign_out_read=bool(sign_out),
            wants_signed_requests=_wants_signed_requests(role),
        ),
    )


def _refuse_saml1(role: etree._Element) -> None:
    if not speaks_saml2(role):
        raise MetadataError(
            MetadataProblem.SAML1,
            "The identity provider in this file doesn't say that it speaks SAML 2.0. Turn SAML 2.0 on "
            "there and download the file again.",
        )


def _checked_entity_id(entity_id: str) -> str:
    """Any text will do, JumpCloud's is "IdP Entity ID" unless changed; but it must be there."""
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
    if "{" in entity_id or "}" in entity_id:
        raise _entra_common()
    return entity_id


def _sign_in_addresses(role: etree._Element, *, allow_loopback_http: bool) -> tuple[str, str]:
    """The Redirect address and the POST address, the first of each, one of them at least."""
    redirect, post = (_location(role, "SingleSignOnService", binding) for binding in (Binding.REDIRECT, Binding.POST))
    if not redirect and not post:
        raise MetadataError(
            MetadataProblem.NO_SIGN_IN_ADDRESS,
            "This file has no sign-in address (SingleSignOnService by HTTP-Redirect or HTTP-POST). "
            "Download the file again, unchanged, from your identity provider.",
        )
    return (
        redirect and checked_address(redirect, allow_loopback_http=allow_loopback_http),
        post and checked_address(post, allow_loopback_http=allow_loopback_http),
    )


def _sign_out_addresses(role: etree._Element, *, allow_loopback_http: bool) -> tuple[str, str]:
    """Where to send LogoutRequests and LogoutResponses; none is fine, and one that can't be used counts as none."""
    request = _location(role, "SingleLogoutService", Binding.REDIRECT)
    response = _location(role, "SingleLogoutService", Binding.REDIRECT, "ResponseLocation")
    if not request:
        return "", ""
    try:
        return (
            checked_address(request, allow_loopback_http=allow_loopback_http),
            checked_address(response or request, allow_loopback_http=allow_loopback_http),
        )
    except MetadataError:
        return "", ""


def _location(role: etree._Element, service: str, binding: Binding, attribute: str = "Location") -> str:
    for endpoint in role.iterchildren(MD + service):
        if endpoint.get("Binding", "").strip() == binding:
            return endpoint.get(attribute, "").strip()
    return ""


def _wants_signed_requests(role: etree._Element) -> bool:
    return role.get("WantAuthnRequestsSigned", "").strip() in _TRUE


def _valid_until(role: etree._Element) -> datetime | None:
    """The earliest of the role's own and those of everything round it (metadata 2.3.1); unreadable ones don't count."""
    written = (element.get("validUntil", "").strip() for element in (role, *role.iterancestors()))
    return min((moment for moment in map(parse_instant, written) if moment), default=None)


def _refuse_entra_common(*addresses: str) -> None:
    if any("/common/" in address for address in addresses):
        raise _entra_common()


def _entra_common() -> MetadataError:
    return MetadataError(
        MetadataProblem.ENTRA_COMMON,
        "This is the document for all of Microsoft Entra ID, not the one of your application. In the Azure "
        "portal open the application, Single sign-on, and download its own Federation Metadata XML.",
    )
