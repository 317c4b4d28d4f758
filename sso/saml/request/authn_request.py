"""Building the AuthnRequest, by Redirect or by POST (SAML core 3.4.1, bindings 3.4 and 3.5)."""

import secrets
from datetime import datetime
from urllib.parse import urlencode

from lxml import etree

from sso.saml.errors import SAMLError
from sso.saml.keys.key_pairs import KeyPair
from sso.saml.request.sending import in_address, in_form, with_query
from sso.saml.types import AuthnRequest, Binding, IdentityProvider, ServiceProvider
from sso.saml.xml.instants import format_instant
from sso.saml.xml.names import SAML, SAML_NAMESPACE, SAMLP, SAMLP_NAMESPACE


def new_request_id() -> str:
    """Return 160 random bits as an ID that starts with no digit: Entra (AADSTS7500529) and xs:ID forbid it."""
    return "_" + secrets.token_hex(20)


def build_authn_request(
    sp: ServiceProvider,
    idp: IdentityProvider,
    *,
    request_id: str,
    issue_instant: datetime,
    relay_state: str = "",
    login_hint: str = "",
    force_authn: bool = False,
    key: KeyPair | None = None,
) -> AuthnRequest:
    """Return the request, by Redirect where the provider offers it, else by POST.

    `relay_state` comes back with the response unread, at most 80 bytes (bindings 3.4.3). `login_hint` becomes a query
    parameter of that name, which Entra and Google read; a Subject in the request is an error at Entra. `force_authn`
    asks for a fresh sign-in in spite of a session there. Signed if there is a `key`.
    Raise `SAMLError` when the provider has no sign-in address.
    """
    binding, address = _endpoint(idp)
    hinted = with_query(address, urlencode({"login_hint": login_hint}) if login_hint else "")
    document = _document(sp, address, request_id, issue_instant, force_authn=force_authn)
    if binding is Binding.POST:
        fields = in_form("SAMLRequest", document, relay_state=relay_state, key=key)
        return AuthnRequest(request_id, binding, hinted, fields)
    url = in_address(hinted, "SAMLRequest", document, relay_state=relay_state, key=key)
    return AuthnRequest(request_id, binding, url)


def _endpoint(idp: IdentityProvider) -> tuple[Binding, str]:
    if idp.sso_redirect_url:
        return Binding.REDIRECT, idp.sso_redirect_url
    if idp.sso_post_url:
        return Binding.POST, idp.sso_post_url
    raise SAMLError("The identity provider has no sign-in address.")


def _document(
    sp: ServiceProvider,
    destination: str,
    request_id: str,
    issue_instant: datetime,
    *,
    force_authn: bool,
) -> etree._Element:
    """Return the document, with nothing but what every provider accepts.

    A NameIDPolicy overrides what the admin chose at Entra, a RequestedAuthnContext refuses users who signed in with a
    better method (AADSTS75011), and a Subject is refused outright.
    """
    request = etree.Element(
        SAMLP + "AuthnRequest",
        {
            "ID": request_id,
            "Version": "2.0",
            "IssueInstant": format_instant(issue_instant),
            "Destination": destination,
            "AssertionConsumerServiceURL": sp.acs_url,
            "ProtocolBinding": Binding.POST.value,
        },
        nsmap={"samlp": SAMLP_NAMESPACE, "saml": SAML_NAMESPACE},
    )
    if force_authn:
        request.set("ForceAuthn", "true")
    etree.SubElement(request, SAML + "Issuer").text = sp.entity_id
    return request
