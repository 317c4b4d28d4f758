"""Logout messages as a provider writes and signs them, without anything of sso.saml; one keyword a difference."""

from __future__ import annotations

import base64
import zlib
from urllib.parse import quote

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.saml.provider import ISSUER, RSA_SHA256, key_pair, stamp

SLO = "https://app.example.test/saml/2/slo/10001"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"


def message(
    name: str = "LogoutRequest",
    *,
    issuer: str = ISSUER,
    destination: str | None = SLO,
    issued: str | None = None,
    until: str | None = None,
    version: str = "2.0",
    subject: str = "<saml:NameID>adele@contoso.example</saml:NameID>",
    indexes: tuple[str, ...] = ("_a1",),
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success",
    in_response_to: str | None = "_q1",
    message_id: str = "_l1",
    more: str = "",
) -> str:
    """One message, right unless a knob is turned; `more` are further attributes of its root."""
    to = "" if destination is None else f' Destination="{destination}"'
    end = "" if until is None else f' NotOnOrAfter="{until}"'
    is_answer = name == "LogoutResponse" and in_response_to is not None
    answers = f' InResponseTo="{in_response_to}"' if is_answer else ""
    body = (
        f'<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status>'
        if name == "LogoutResponse"
        else subject + "".join(f"<samlp:SessionIndex>{index}</samlp:SessionIndex>" for index in indexes)
    )
    return (
        f'<samlp:{name} xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{message_id}" Version="{version}"'
        f' IssueInstant="{issued or stamp()}"{to}{end}{answers}{more}>'
        f"<saml:Issuer>{issuer}</saml:Issuer>{body}</samlp:{name}>"
    )


def deflated(text: str | bytes) -> str:
    """As the Redirect binding packs a message."""
    compressor = zlib.compressobj(wbits=-15)
    data = text if isinstance(text, bytes) else text.encode()
    return base64.b64encode(compressor.compress(data) + compressor.flush()).decode()


def signature(query: str, name: str = "idp", digest: hashes.HashAlgorithm | None = None) -> str:
    """Over the octets of a query, by the RSA key of that name."""
    key = serialization.load_pem_private_key(key_pair(name).pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return base64.b64encode(key.sign(query.encode(), padding.PKCS1v15(), digest or hashes.SHA256())).decode()


def query(text: str | None = None, *, relay_state: str | None = "a b", signer: str = "idp", **options: str) -> str:
    """A query as a provider sends it: the message, relay state, algorithm, signature."""
    text = text or message()
    name = "SAMLResponse" if "LogoutResponse" in text else "SAMLRequest"
    encoded = f"{name}={quote(deflated(text), safe='')}"
    if relay_state is not None:
        encoded += "&RelayState=" + quote(relay_state, safe="")
    if not signer:
        return encoded
    encoded += "&SigAlg=" + quote(options.get("algorithm", RSA_SHA256), safe="")
    return encoded + "&Signature=" + quote(signature(encoded, signer), safe="")
