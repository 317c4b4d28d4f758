"""The claims of a token about a user: the name ID and the default claims of a new application."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from simulator.apps import App
from simulator.refusals import Refusal
from simulator.users import User

IDENTITY: Final = "http://schemas.microsoft.com/identity/claims/"
WS2005: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
METHODS: Final = "http://schemas.microsoft.com/claims/authnmethodsreferences"
MFA: Final = "http://schemas.microsoft.com/claims/multipleauthn"
PASSWORD: Final = "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password"  # noqa: S105

EMAIL_FORMAT: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
UNSPECIFIED_FORMAT: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
PERSISTENT_FORMAT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT_FORMAT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"

Claims = dict[str, Sequence[str]]


def token_upn(user: User) -> str:
    """Return `user.userprincipalname` as tokens carry it: guests of another tenant go by their mail."""
    return user.mail if user.kind == "entra guest" else user.upn


def default_claims(user: User, *, tenant_id: str, issuer: str) -> Claims:
    """Return claim URI → values, in Entra's order. A claim without a value is left out."""
    home = issuer.replace(tenant_id, user.home_tenant_id)
    provider = {"member": issuer, "entra guest": home, "microsoft account": "live.com"}[user.kind]
    single = {
        f"{IDENTITY}tenantid": tenant_id,
        f"{IDENTITY}objectidentifier": user.object_id,
        f"{IDENTITY}displayname": user.display_name,
        f"{IDENTITY}identityprovider": provider,
    }
    personal = {
        f"{WS2005}givenname": user.given_name,
        f"{WS2005}surname": user.surname,
        f"{WS2005}emailaddress": user.mail,
        f"{WS2005}name": token_upn(user),
    }
    methods = {METHODS: (PASSWORD, MFA) if user.mfa else (PASSWORD,)}
    return _listed(single) | methods | _listed(personal)


def _listed(claims: Mapping[str, str]) -> Claims:
    return {uri: (value,) for uri, value in claims.items() if value}


def changed(claims: Mapping[str, Sequence[str]], changes: Mapping[str, str | Sequence[str] | None]) -> Claims:
    """Return the claims with some replaced, added, or (None) left out."""
    result = dict(claims)
    for uri, value in changes.items():
        if value is None:
            result.pop(uri, None)
        else:
            result[uri] = (value,) if isinstance(value, str) else tuple(value)
    return result


def source_values(user: User) -> dict[str, str]:
    """Return the attributes that an administrator can choose as Unique User Identifier."""
    return {
        "user.userprincipalname": token_upn(user),
        "user.mail": user.mail,
        "user.localuserprincipalname": user.upn,
        "user.objectid": user.object_id,
        "user.displayname": user.display_name,
    }


def name_id(app: App, user: User, requested_format: str = "") -> tuple[str, str]:
    """Return name ID and its format; the request's format, if any, overrides the application's.

    Raises Refusal 501241 when the chosen attribute is empty.
    """
    if requested_format == PERSISTENT_FORMAT:
        return _pairwise(app, user), requested_format
    if requested_format == TRANSIENT_FORMAT:
        return f"_{uuid.uuid4()}", requested_format
    value = source_values(user)[app.name_id_source]
    if not value:
        raise Refusal(501241, _empty_source(app, user))
    return value, requested_format or EMAIL_FORMAT


def _pairwise(app: App, user: User) -> str:
    return hashlib.sha256(f"{app.id} {user.object_id}".encode()).hexdigest()


def _empty_source(app: App, user: User) -> str:
    return (
        f"The name identifier of '{app.name}' is taken from {app.name_id_source}, "
        f"which is empty for {user.upn}. Fill it in, or choose another source."
    )
