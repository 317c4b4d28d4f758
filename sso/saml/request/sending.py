"""Encoding a message for the browser: in an address or in a form, signed or not (SAML bindings 3.4 and 3.5)."""

import base64
import hashlib
import zlib
from urllib.parse import urlencode

from lxml import etree

from sso.saml.keys.key_pairs import KeyPair
from sso.saml.xml.names import DS_NAMESPACE, SAML
from sso.saml.xml.parsing import parse_utf8
from sso.saml.xml.signed_bytes import EXCLUSIVE

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"

# This is canonical form (XML Signature 4.4, Exclusive XML Canonicalization), so exactly this text is signed.
_SIGNED_INFO = (
    f'<ds:SignedInfo xmlns:ds="{DS_NAMESPACE}">'
    f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"></ds:CanonicalizationMethod>'
    f'<ds:SignatureMethod Algorithm="{RSA_SHA256}"></ds:SignatureMethod>'
    '<ds:Reference URI="#{id}"><ds:Transforms>'
    f'<ds:Transform Algorithm="{DS_NAMESPACE}enveloped-signature"></ds:Transform>'
    f'<ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform></ds:Transforms>'
    f'<ds:DigestMethod Algorithm="{_SHA256}"></ds:DigestMethod>'
    "<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
)
_SIGNATURE = (
    f'<ds:Signature xmlns:ds="{DS_NAMESPACE}">'
    "{info}<ds:SignatureValue>{value}</ds:SignatureValue>"
    "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    "</ds:Signature>"
)


def in_address(
    address: str,
    name: str,
    document: etree._Element,
    *,
    relay_state: str = "",
    key: KeyPair | None = None,
) -> str:
    """Return the address that carries a message by Redirect; `name` is "SAMLRequest" or "SAMLResponse".

    The signature is over the query as it is sent, octet by octet (bindings 3.4.4.1).
    """
    relay = [("RelayState", relay_state)] if relay_state else []
    query = urlencode([(name, _deflated(etree.tostring(document))), *relay])
    return with_query(address, query if key is None else _signed_query(query, key))


def in_form(
    name: str, document: etree._Element, *, relay_state: str = "", key: KeyPair | None = None
) -> tuple[tuple[str, str], ...]:
    """Return the fields of a form that carries a message by POST, with the signature in the document."""
    if key is not None:
        sign(document, key)
    relay = [("RelayState", relay_state)] if relay_state else []
    return ((name, base64.b64encode(etree.tostring(document)).decode()), *relay)


def with_query(address: str, query: str) -> str:
    """Add parameters to an address, and keep the query that it may already have."""
    if not query:
        return address
    separator = "" if address.endswith(("?", "&")) else "&" if "?" in address else "?"
    return address + separator + query


def sign(document: etree._Element, key: KeyPair) -> None:
    """Put an enveloped signature behind the Issuer of one of our own messages (SAML core 5.4).

    The ID is ours and needs no escaping. libxmlsec isn't asked: this takes as long as the RSA operation itself.
    """
    canonical = etree.tostring(document, method="c14n", exclusive=True)
    digest = base64.b64encode(hashlib.sha256(canonical).digest()).decode()
    info = _SIGNED_INFO.format(id=document.get("ID"), digest=digest)
    signature = _SIGNATURE.format(
        info=info,
        value=base64.b64encode(key.sign(info.encode())).decode(),
        certificate=base64.b64encode(key.certificate.der).decode(),
    )
    issuer = document.find(SAML + "Issuer")
    document.insert(0 if issuer is None else document.index(issuer) + 1, parse_utf8(signature.encode()))


def _signed_query(query: str, key: KeyPair) -> str:
    signed = f"{query}&{urlencode({'SigAlg': RSA_SHA256})}"
    value = base64.b64encode(key.sign(signed.encode())).decode()
    return f"{signed}&{urlencode({'Signature': value})}"


def _deflated(document: bytes) -> str:
    """Compress with raw DEFLATE, then encode as base64 (bindings 3.4.4.1)."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return base64.b64encode(compressor.compress(document) + compressor.flush()).decode()
