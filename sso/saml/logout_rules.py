"""What a logout message has to satisfy, whichever way it came (SAML core 3.2, 3.7, bindings 3.4.5.2 and 3.5.5.2)."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from sso.saml import signature_rules, signed_info, toolkit
from sso.saml.case import Case
from sso.saml.encryption_rules import encryption
from sso.saml.instants import parse_instant
from sso.saml.logout import LOGOUT_LIFE
from sso.saml.names import SAML, SAMLP
from sso.saml.observation import Observation, equal, satisfied, shown
from sso.saml.response_rules import issued_by, text_of

_TENANT = re.compile(r"/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?", re.IGNORECASE)
_MAX_NAME_ID = 1024

sender_dates = signature_rules.certificate_dates


def is_logout(case: Case) -> Observation:
    """One of the two messages of the protocol."""
    known = (SAMLP + "LogoutRequest", SAMLP + "LogoutResponse")
    return Observation(case.root.tag in known, "a LogoutRequest or LogoutResponse", shown(str(case.root.tag)))


def schema(case: Case) -> Observation:
    """The standard's own schema."""
    complaint = toolkit.schema_complaint(case.root)
    return Observation(not complaint, "valid by the SAML schema", shown(complaint) or "valid")


def version(case: Case) -> Observation:
    """SAML 2.0 and no other."""
    return equal("2.0", case.response.get("Version"))


def signed(case: Case) -> Observation:
    """A request is refused without a signature; a response ends nothing."""
    needed = case.root.tag == SAMLP + "LogoutRequest"
    return Observation(bool(case.signers) or not needed, "signed", "signed" if case.signers else "not signed")


def issuer(case: Case) -> Observation:
    """The provider; Entra signs people in as sts.windows.net/<tenant> and out as login.microsoftonline.com/<tenant>."""
    issuers = case.response.findall(SAML + "Issuer")
    seen = issued_by(issuers, case.identity_provider.entity_id)
    if seen.passed or len(issuers) != 1:
        return seen
    ours, theirs = _tenant_of(case.identity_provider.entity_id), _tenant_of(text_of(issuers[0]) or "")
    return Observation(bool(ours) and ours == theirs, seen.expected, seen.received)


def destination(case: Case) -> Observation:
    """Exactly our address; only an unsigned message may leave it out."""
    value = case.response.get("Destination")
    if value is None and not case.signers:
        return satisfied(shown(case.service_provider.slo_url), "absent, not signed")
    return equal(case.service_provider.slo_url, value)


def time(case: Case) -> Observation:
    """Fresh, by its IssueInstant and by the NotOnOrAfter that a request may have (core 3.7.1)."""
    issued = parse_instant(case.response.get("IssueInstant", ""))
    end = case.response.get("NotOnOrAfter")
    until = parse_instant(end or "")
    fresh = issued is not None and case.earliest - LOGOUT_LIFE <= issued <= case.latest
    in_time = end is None or (until is not None and until > case.earliest)
    return Observation(
        fresh and in_time,
        f"issued in the last {LOGOUT_LIFE.seconds // 60} minutes, and not over",
        f"{shown(case.response.get('IssueInstant'), 60)} until {shown(end, 60)}",
    )


def name_id(case: Case) -> Observation:
    """A request is about somebody."""
    if case.root.tag != SAMLP + "LogoutRequest":
        return satisfied("no name ID", "a response")
    if case.response.find(SAML + "EncryptedID") is not None:
        return satisfied("a name ID", "encrypted")
    name = case.response.find(SAML + "NameID")
    text = "" if name is None else (text_of(name) or "").strip()
    return Observation(0 < len(text) <= _MAX_NAME_ID, "a name ID", f"{len(text)} characters")


Rule = Callable[[Case], Observation]

SIGNED_XML_RULES: tuple[Rule, ...] = (
    signed_info.signature_places,
    signed_info.signed_info,
    signed_info.algorithms,
    signed_info.key_info,
    signature_rules.signature,
    signature_rules.certificate_dates,
    signature_rules.signed_content,
)
BODY_RULES: tuple[Rule, ...] = (
    is_logout,
    encryption,
    schema,
    version,
    signed,
    issuer,
    destination,
    time,
    name_id,
)


def _tenant_of(entity_id: str) -> str:
    """The GUID of https://<host>/<GUID>/, which is how both of Entra's names for a tenant are made; else ""."""
    parts = urlsplit(entity_id)
    found = _TENANT.fullmatch(parts.path)
    return found[1].lower() if found and not parts.query else ""
