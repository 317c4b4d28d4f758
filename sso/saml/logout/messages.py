"""The messages of single logout, and writing our requests and responses (SAML core 3.7, profiles 4.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree

from sso.saml.keys.key_pairs import KeyPair
from sso.saml.request.sending import in_address
from sso.saml.types import IdentityProvider, ServiceProvider
from sso.saml.xml.instants import format_instant
from sso.saml.xml.names import SAML, SAML_NAMESPACE, SAMLP, SAMLP_NAMESPACE, STATUS_SUCCESS

# Twice as long as a browser may take. IDs that are kept against replay are kept longer than this.
LOGOUT_LIFE = timedelta(minutes=10)
# Far longer than any provider's; this many characters fit where IDs are kept.
MAX_LOGOUT_ID = 256


@dataclass(frozen=True, slots=True)
class ProviderSession:
    """One user's session at the identity provider, as its assertion named it. Everything but `name_id` may be "".

    `other_session_indexes`: those of a second AuthnStatement and of any more.
    """

    name_id: str
    name_id_format: str = ""
    name_qualifier: str = ""
    sp_name_qualifier: str = ""
    session_index: str = ""
    other_session_indexes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """A provider's request to end the sessions of `name_id`: those of `session_indexes`, or all if there are none."""

    id: str
    name_id: str
    session_indexes: tuple[str, ...]
    relay_state: str


@dataclass(frozen=True, slots=True)
class LogoutResponse:
    """A provider's response to our request `in_response_to`. It may be unsigned, so it proves nothing.

    `is_partial`: not every session could be ended (core 3.7.3.2, PartialLogout). `status` has the codes and the message
    of a response that is not a plain success.
    """

    in_response_to: str
    succeeded: bool
    is_partial: bool = False
    status: str = ""


@dataclass(frozen=True, slots=True)
class LogoutRefusal:
    """A refused message, which has no effect. `is_genuine`: its signature was good, and another check failed.

    `in_response_to` is the request of ours that a response names, as far as it could be read; unverified.
    """

    reason: str
    is_genuine: bool
    in_response_to: str = ""


def logout_request_address(
    sp: ServiceProvider,
    idp: IdentityProvider,
    session: ProviderSession,
    *,
    request_id: str,
    issue_instant: datetime,
    key: KeyPair | None,
) -> str:
    """Return the address that ends a session at a provider, which has a `slo_url`; signed if there is a key.

    The NameID is sent with every attribute it came with (core 3.7.1); Entra wants one and ignores it.
    """
    request = _message("LogoutRequest", sp, idp.slo_url, request_id, issue_instant)
    request.set("NotOnOrAfter", format_instant(issue_instant + LOGOUT_LIFE))
    name = etree.SubElement(request, SAML + "NameID")
    name.text = session.name_id
    for attribute, value in (
        ("Format", session.name_id_format),
        ("NameQualifier", session.name_qualifier),
        ("SPNameQualifier", session.sp_name_qualifier),
    ):
        if value:
            name.set(attribute, value)
    for index in filter(None, (session.session_index, *session.other_session_indexes)):
        etree.SubElement(request, SAMLP + "SessionIndex").text = index
    return in_address(idp.slo_url, "SAMLRequest", request, key=key)


def logout_response_address(
    sp: ServiceProvider,
    idp: IdentityProvider,
    request: LogoutRequest,
    *,
    response_id: str,
    issue_instant: datetime,
    key: KeyPair | None,
) -> str:
    """Return the address at which the browser tells the provider that its request was carried out."""
    response = _message("LogoutResponse", sp, idp.slo_response_url, response_id, issue_instant)
    response.set("InResponseTo", request.id)
    status = etree.SubElement(response, SAMLP + "Status")
    etree.SubElement(status, SAMLP + "StatusCode", Value=STATUS_SUCCESS)
    return in_address(idp.slo_response_url, "SAMLResponse", response, relay_state=request.relay_state, key=key)


def _message(name: str, sp: ServiceProvider, destination: str, id_: str, issue_instant: datetime) -> etree._Element:
    message = etree.Element(
        SAMLP + name,
        {
            "ID": id_,
            "Version": "2.0",
            "IssueInstant": format_instant(issue_instant),
            "Destination": destination,
        },
        nsmap={"samlp": SAMLP_NAMESPACE, "saml": SAML_NAMESPACE},
    )
    etree.SubElement(message, SAML + "Issuer").text = sp.entity_id
    return message
