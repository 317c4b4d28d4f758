"""Single logout as Entra does it: by Redirect only, and with another issuer than at sign-in."""

import base64
import datetime as dt
import zlib
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from simulator.saml.keys import SigningKey
from simulator.saml.responses import SAML, SAMLP, SUCCESS, instant, new_id
from simulator.saml.signing import SIGNATURE_METHODS

LIFETIME: Final = dt.timedelta(minutes=5)


def login_issuer(sso_url: str) -> str:
    """Return the directory's issuer at sign-out: the host of its endpoints, where sign-ins name another one.

    Entra has sts.windows.net and login.microsoftonline.com; the simulator has 127.0.0.1 and localhost.
    """
    parts = urlsplit(sso_url)
    host = "localhost" if parts.hostname == "127.0.0.1" else "127.0.0.1"
    tenant = parts.path.strip("/").partition("/")[0]
    return f"{parts.scheme}://{host}:{parts.port}/{tenant}/"


def request(
    issuer: str,
    destination: str,
    name_id: str,
    *,
    session_indexes: Sequence[str] = (),
    name_id_format: str = "",
    now: dt.datetime | None = None,
    not_on_or_after: dt.datetime | None = None,
    message_id: str = "",
) -> etree._Element:
    """Return a LogoutRequest about a user."""
    moment = now or dt.datetime.now(dt.UTC)
    root = _message("LogoutRequest", issuer, destination, moment, message_id)
    root.set("NotOnOrAfter", instant(not_on_or_after or moment + LIFETIME))
    name = etree.SubElement(root, f"{{{SAML}}}NameID")
    name.text = name_id
    if name_id_format:
        name.set("Format", name_id_format)
    for index in session_indexes:
        etree.SubElement(root, f"{{{SAMLP}}}SessionIndex").text = index
    return root


def response(
    issuer: str, destination: str, in_response_to: str, *, status: str = SUCCESS, now: dt.datetime | None = None
) -> etree._Element:
    """Return the response to a LogoutRequest."""
    root = _message("LogoutResponse", issuer, destination, now or dt.datetime.now(dt.UTC), "")
    root.set("InResponseTo", in_response_to)
    outer = etree.SubElement(root, f"{{{SAMLP}}}Status")
    etree.SubElement(outer, f"{{{SAMLP}}}StatusCode", Value=status)
    return root


def redirect_url(
    address: str,
    message: etree._Element,
    *,
    key: SigningKey | None = None,
    relay_state: str | None = None,
    signature_method: str = "sha256",
) -> str:
    """Return the address that carries a message, signed by `key` over the query as it is sent."""
    name = "SAMLRequest" if message.tag == f"{{{SAMLP}}}LogoutRequest" else "SAMLResponse"
    parameters = [(name, _deflated(message))]
    if relay_state is not None:
        parameters.append(("RelayState", relay_state))
    query = urlencode(parameters)
    if key is not None:
        query += "&" + urlencode({"SigAlg": SIGNATURE_METHODS.get(signature_method, signature_method)})
        query += "&" + urlencode({"Signature": _signature(query, key)})
    return f"{address}{'&' if '?' in address else '?'}{query}"


def _message(name: str, issuer: str, destination: str, moment: dt.datetime, message_id: str) -> etree._Element:
    root = etree.Element(f"{{{SAMLP}}}{name}", nsmap={"samlp": SAMLP})
    root.set("ID", message_id or new_id())
    root.set("Version", "2.0")
    root.set("IssueInstant", instant(moment))
    if destination:
        root.set("Destination", destination)
    etree.SubElement(root, f"{{{SAML}}}Issuer", nsmap={"saml": SAML}).text = issuer
    return root


def _signature(query: str, key: SigningKey) -> str:
    private = load_pem_private_key(key.private_pem, None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError("the directory signs with RSA keys")
    return base64.b64encode(private.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def _deflated(message: etree._Element) -> str:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    data = compressor.compress(etree.tostring(message)) + compressor.flush()
    return base64.b64encode(data).decode()
