"""Reading of AuthnRequests, with the refusals that Entra has for them."""

import base64
import binascii
import zlib
from dataclasses import dataclass
from typing import Final

from lxml import etree

from simulator.reading import MAX_SIZE, parse
from simulator.refusals import Refusal
from simulator.saml.claims import EMAIL_FORMAT, PERSISTENT_FORMAT, TRANSIENT_FORMAT, UNSPECIFIED_FORMAT
from simulator.saml.responses import PASSWORD, SAML, SAMLP

POST_BINDING: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
KNOWN_FORMATS: Final = {EMAIL_FORMAT, PERSISTENT_FORMAT, TRANSIENT_FORMAT, UNSPECIFIED_FORMAT}


@dataclass(frozen=True)
class SamlRequest:
    """The parts of a request that a response needs. Empty strings stand for 'not asked'."""

    id: str
    issuer: str
    acs_url: str = ""
    name_id_format: str = ""
    force_authn: bool = False
    is_passive: bool = False
    is_logout: bool = False


def read_request(message: str, *, deflated: bool) -> SamlRequest:
    """Decode, parse and check one SAMLRequest parameter (`deflated`: Redirect binding).

    Raises Refusal with the AADSTS number Entra would show.
    """
    if not message:
        raise Refusal(750054, "There is no SAMLRequest parameter. Start from the application.")
    root = decode(message, deflated=deflated)
    if root.tag == f"{{{SAMLP}}}LogoutRequest":
        return SamlRequest(root.get("ID", ""), _issuer(root), is_logout=True)
    if root.tag != f"{{{SAMLP}}}AuthnRequest":
        raise Refusal(75005, "The message is not a SAML authentication request.")
    _check(root)
    return _read(root)


def decode(message: str, *, deflated: bool) -> etree._Element:
    """Return the document of a SAMLRequest parameter (`deflated`: Redirect binding). Raises Refusal 75005."""
    try:
        data = base64.b64decode("".join(message.split()), validate=True)
        return parse(_inflate(data) if deflated else data)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise Refusal(75005, f"The SAML request can't be read: {error}.") from error


def _inflate(data: bytes) -> bytes:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    result = stream.decompress(data, MAX_SIZE)
    if not stream.eof:
        raise ValueError("it is truncated, or larger than any request")
    return result


def _check(root: etree._Element) -> None:
    for name in ("ID", "Version", "IssueInstant"):
        if not root.get(name):
            raise Refusal(75005, f"The SAML request has no {name}.")
    if root.get("Version") != "2.0":
        raise Refusal(75005, "The SAML request is not of version 2.0.")
    if root.get("ID", "")[0].isdigit():
        raise Refusal(7500529, f"'{root.get('ID')}' is no valid ID: it begins with a digit.")
    if root.get("ProtocolBinding", POST_BINDING) != POST_BINDING:
        raise Refusal(75003, f"The binding {root.get('ProtocolBinding')} is not supported.")
    if root.find(f"{{{SAML}}}Subject") is not None:
        raise Refusal(900236, "The request property 'Subject' is not supported.")
    _check_policy(root)
    _check_context(root)


def _check_policy(root: etree._Element) -> None:
    policy = root.find(f"{{{SAMLP}}}NameIDPolicy")
    if policy is None:
        return
    if policy.get("SPNameQualifier"):
        raise Refusal(900236, "The request property 'SPNameQualifier' is not supported.")
    if policy.get("Format", UNSPECIFIED_FORMAT) not in KNOWN_FORMATS:
        raise Refusal(75016, f"The NameIDPolicy '{policy.get('Format')}' is not supported.")


def _check_context(root: etree._Element) -> None:
    context = root.find(f"{{{SAMLP}}}RequestedAuthnContext")
    if context is None:
        return
    if context.get("Comparison", "exact") != "exact":
        raise Refusal(900236, "RequestedAuthnContext is supported with Comparison 'exact' only.")
    classes = [element.text for element in context.findall(f"{{{SAML}}}AuthnContextClassRef")]
    if PASSWORD not in classes:
        raise Refusal(
            75011,
            f"The user signed in with 'Password', which is not the requested {classes}. "
            "Leave RequestedAuthnContext out of the request.",
        )


def _read(root: etree._Element) -> SamlRequest:
    policy = root.find(f"{{{SAMLP}}}NameIDPolicy")
    return SamlRequest(
        id=root.get("ID", ""),
        issuer=_issuer(root),
        acs_url=root.get("AssertionConsumerServiceURL", ""),
        name_id_format="" if policy is None else policy.get("Format", ""),
        force_authn=root.get("ForceAuthn") in {"true", "1"},
        is_passive=root.get("IsPassive") in {"true", "1"},
    )


def _issuer(root: etree._Element) -> str:
    issuer = root.findtext(f"{{{SAML}}}Issuer")
    if not issuer:
        raise Refusal(75005, "The SAML request has no Issuer.")
    return str(issuer).strip()
