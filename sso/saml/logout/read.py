"""Reading logout messages: by Redirect with the signature in the query, or by POST with it in the XML.

A forged LogoutRequest must not end a user's session, so it is only believed with a signature of a key from the
metadata. A LogoutResponse ends nothing; Entra's is unsigned, and if there is a signature it must be good.
"""

import base64
import binascii
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote_plus

from sso.saml.logout.context import LogoutContext
from sso.saml.logout.messages import LogoutRefusal, LogoutRequest, LogoutResponse
from sso.saml.logout.rules import BODY_RULES, SIGNED_XML_RULES
from sso.saml.response.response_rules import status, status_message
from sso.saml.response.signature_rules import certificate_dates
from sso.saml.rule_result import RuleResult, shown
from sso.saml.types import IdentityProvider, ServiceProvider
from sso.saml.xml.envelope import BOM, ENVELOPE_RULES, MAX_BYTES, PLAINTEXT_RULES
from sso.saml.xml.names import SAMLP, STATUS_PARTIAL_LOGOUT
from sso.saml.xml.signature_value import is_made_by
from sso.saml.xml.signed_info import SIGNATURE_METHODS

_NAMES = ("SAMLRequest", "SAMLResponse")
_IN_QUERY = (*_NAMES, "RelayState", "SigAlg", "Signature", "SAMLEncoding")
_DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
_MAX_QUERY = 64 * 1024
_MAX_INDEXES = 100

Outcome = LogoutRequest | LogoutResponse | LogoutRefusal


@dataclass(frozen=True, slots=True)
class _Query:
    """The parameters of a query as they were sent, octet by octet."""

    raw: dict[str, str]

    @property
    def signed(self) -> str:
        """Return the octets that the signature covers, in the order of bindings 3.4.4.1."""
        names = [name for name in (*_NAMES, "RelayState", "SigAlg") if name in self.raw]
        return "&".join(f"{name}={self.raw[name]}" for name in names)

    @property
    def message(self) -> bytes:
        """Return the one message in the query. Raise ValueError."""
        return _inflated(self.value("SAMLRequest") or self.value("SAMLResponse"))

    def value(self, name: str) -> str:
        return unquote_plus(self.raw.get(name, ""))


def query_may_be_encrypted(query: str) -> bool:
    """Return whether a key may be needed to judge a message that came by Redirect. Never raise.

    False only if nothing in it is encrypted, or it can't be read at all. For other messages see `unverified_hint`.
    """
    found = _parsed(query)
    try:
        return found is not None and b"Encrypted" in found.message
    except ValueError:
        return False


def read_logout_query(
    query: str, *, service_provider: ServiceProvider, identity_provider: IdentityProvider, now: datetime
) -> Outcome:
    """Judge a message that came by Redirect; `query` is the raw query string, never decoded and encoded again."""
    context = LogoutContext("", service_provider=service_provider, identity_provider=identity_provider, now=now)
    return _guarded(context, lambda: _read_query(query, context))


def read_logout_form(
    encoded: str,
    relay_state: str,
    *,
    service_provider: ServiceProvider,
    identity_provider: IdentityProvider,
    now: datetime,
) -> Outcome:
    """Judge a message that came by POST, as base64 in a field of a form."""
    context = LogoutContext(encoded, service_provider=service_provider, identity_provider=identity_provider, now=now)
    context.relay_state = relay_state
    return _guarded(context, lambda: _read_form(context))


def _guarded(context: LogoutContext, read: Callable[[], Outcome]) -> Outcome:
    try:
        return read()
    except Exception as error:  # noqa: BLE001 - as in checklist.py: whatever a hostile message does to a library
        return LogoutRefusal(shown(f"{type(error).__name__}: {error}"), is_genuine=bool(context.signers))


def _read_query(text: str, context: LogoutContext) -> Outcome:
    query = _parsed(text)
    if query is None:
        return LogoutRefusal("a query that can be read in two ways", is_genuine=False)
    context.relay_state = query.value("RelayState")
    context.data = query.message
    complaint = _complaint(context, PLAINTEXT_RULES)
    if complaint:
        return LogoutRefusal(complaint, is_genuine=False)
    if context.signatures:
        complaint = "a signature in the XML, where Redirect has none"
    elif "Signature" in query.raw or "SigAlg" in query.raw:
        complaint = _query_signature(query, context) or _complaint(context, (certificate_dates,))
    return _judged(context, complaint)


def _read_form(context: LogoutContext) -> Outcome:
    complaint = _complaint(context, ENVELOPE_RULES)
    if complaint:
        return LogoutRefusal(complaint, is_genuine=False)
    return _judged(context, _complaint(context, SIGNED_XML_RULES) if context.signatures else "")


def _judged(context: LogoutContext, complaint: str) -> Outcome:
    complaint = complaint or _complaint(context, BODY_RULES)
    if complaint:
        return LogoutRefusal(complaint, bool(context.signers), in_response_to=context.root.get("InResponseTo", ""))
    message = context.response
    if message.tag == SAMLP + "LogoutResponse":
        return _answer(context, message.get("InResponseTo", ""))
    indexes = [each.text or "" for each in message.iterchildren(SAMLP + "SessionIndex")]
    return LogoutRequest(message.get("ID", ""), context.said, tuple(indexes[:_MAX_INDEXES]), context.relay_state)


def _answer(context: LogoutContext, in_response_to: str) -> LogoutResponse:
    codes = context.response.iterfind(f"{SAMLP}Status//{SAMLP}StatusCode")
    is_partial = any(code.get("Value") == STATUS_PARTIAL_LOGOUT for code in codes)
    found = status(context)
    if found.passed and not is_partial:
        return LogoutResponse(in_response_to, succeeded=True)
    said = [STATUS_PARTIAL_LOGOUT if found.passed else found.received, status_message(context)]
    return LogoutResponse(in_response_to, found.passed, is_partial, ": ".join(filter(None, said)))


def _complaint(context: LogoutContext, rules: tuple[Callable[..., RuleResult], ...]) -> str:
    for rule in rules:
        seen = rule(context)
        if not seen.passed:
            return f"expected: {seen.expected}; received: {seen.received}"
    return ""


def _parsed(text: str) -> _Query | None:
    """Split a query without decoding; None if a parameter comes twice, or if it has both a request and a response."""
    pairs = [part.partition("=")[::2] for part in text.split("&")] if len(text) <= _MAX_QUERY else []
    known = [(name, value) for name, value in pairs if name in _IN_QUERY]
    raw = dict(known)
    messages = [name for name in _NAMES if name in raw]
    plain = raw.get("SAMLEncoding") is None or unquote_plus(raw["SAMLEncoding"]) == _DEFLATE
    return _Query(raw) if len(raw) == len(known) and len(messages) == 1 and plain else None


def _inflated(text: str) -> bytes:
    """Decode base64 and inflate raw DEFLATE, with a size limit, and drop a byte order mark. Raise ValueError."""
    try:
        packed = base64.b64decode("".join(text.split()), validate=True)
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        data = stream.decompress(packed, MAX_BYTES)
    except (binascii.Error, zlib.error) as error:
        raise ValueError("not DEFLATE in base64") from error
    if not stream.eof or stream.unused_data:
        raise ValueError("too large, or not DEFLATE to its end")
    return data.removeprefix(BOM)


def _query_signature(query: _Query, context: LogoutContext) -> str:
    """Return why no metadata key made the query's signature by an allowed algorithm, "" if one did; set `signers`."""
    method = query.value("SigAlg")
    if method not in SIGNATURE_METHODS:
        return f"signed with {shown(method) or 'no algorithm'}"
    value = base64.b64decode("".join(query.value("Signature").split()), validate=True)
    name, data = method.rpartition("#")[2], query.signed.encode()
    signer = next(
        (each for each in context.identity_provider.certificates if is_made_by(each, name, value, data)), None
    )
    if signer is None:
        return "not signed by any certificate of the metadata"
    context.signers = (signer,)
    return ""
