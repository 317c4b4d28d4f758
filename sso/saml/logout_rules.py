"""What a logout message has to satisfy, whichever way it came (SAML core 3.2, 3.7, bindings 3.4.5.2 and 3.5.5.2)."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from sso.saml import signature_rules, signed_info, toolkit
from sso.saml.case import Case
from sso.saml.confirmation import MAX_NAME_ID
from sso.saml.encryption_rules import NOT_DECRYPTED, encryption
from sso.saml.instants import parse_instant
from sso.saml.logout import LOGOUT_LIFE, MAX_LOGOUT_ID
from sso.saml.logout_case import LogoutCase
from sso.saml.names import SAML, SAMLP
from sso.saml.observation import COMPLAINT, Observation, equal, refused, same_name, satisfied, shown
from sso.saml.response_rules import issued_by, text_of

_TENANT = re.compile(r"/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?", re.IGNORECASE)


def is_logout(case: Case) -> Observation:
    """One of the two messages of the protocol."""
    known = (SAMLP + "LogoutRequest", SAMLP + "LogoutResponse")
    return Observation(case.root.tag in known, "a LogoutRequest or LogoutResponse", shown(str(case.root.tag)))


def schema(case: Case) -> Observation:
    """The standard's own schema."""
    complaint = toolkit.schema_complaint(case.root)
    return Observation(not complaint, "valid by the SAML schema", shown(complaint, COMPLAINT) or "valid")


def version(case: Case) -> Observation:
    """SAML 2.0 and no other."""
    return equal("2.0", case.response.get("Version"))


def signed(case: Case) -> Observation:
    """A request is refused without a signature; a response ends nothing."""
    needed = case.root.tag == SAMLP + "LogoutRequest"
    return Observation(bool(case.signers) or not needed, "signed", "signed" if case.signers else "not signed")


def issuer(case: Case) -> Observation:
    """The provider; Entra signs people in as sts.windows.net/<tenant> and out as login.microsoftonline.com/<tenant>."""
    known, issuers = case.identity_provider.entity_id, case.response.findall(SAML + "Issuer")
    named = (text_of(issuers[0]) or "") if len(issuers) == 1 else ""
    is_same_tenant = bool(_tenant_of(named)) and _tenant_of(named) == _tenant_of(known)
    return issued_by(issuers, named if is_same_tenant else known)


def destination(case: Case) -> Observation:
    """Exactly our address; only an unsigned message may leave it out."""
    value = case.response.get("Destination")
    if value is None and not case.signers:
        return satisfied(shown(case.service_provider.slo_url), "absent, not signed")
    return same_name(case.service_provider.slo_url, value)


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


def identifier(case: LogoutCase) -> Observation:
    """It is kept whole against a second use, and has to fit there."""
    length = len(case.response.get("ID", ""))
    return Observation(0 < length <= MAX_LOGOUT_ID, f"an ID of 1 to {MAX_LOGOUT_ID} characters", f"{length} characters")


def name_id(case: LogoutCase) -> Observation:
    """A request is about somebody: one name ID, text and nothing but text, encrypted or not."""
    if case.root.tag != SAMLP + "LogoutRequest":
        return satisfied("no name ID", "a response")
    try:
        name = case.who
    except Exception:  # noqa: BLE001 - as in encryption_rules.py
        return refused("a name ID", NOT_DECRYPTED)
    if name is None or name.tag != SAML + "NameID" or text_of(name) is None:
        return refused("a name ID", "none, or with elements in it")
    length = len(case.said)
    return Observation(0 < length <= MAX_NAME_ID, f"text of 1 to {MAX_NAME_ID} characters", f"{length} characters")


def toolkit_agrees(case: LogoutCase) -> Observation:
    """A signature in the XML is verified by python3-saml with xmlsec, too; last, as for a response."""
    complaint = toolkit.logout_complaint(case.encoded, case.provider_of_signers) if case.signatures else ""
    return Observation(not complaint, "accepted by python3-saml", shown(complaint, COMPLAINT) or "accepted")


Rule = Callable[[LogoutCase], Observation]

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
    identifier,
    signed,
    issuer,
    destination,
    time,
    name_id,
    toolkit_agrees,
)


def _tenant_of(entity_id: str) -> str:
    """The GUID of https://<host>/<GUID>/, which is how both of Entra's names for a tenant are made; else ""."""
    parts = urlsplit(entity_id)
    found = _TENANT.fullmatch(parts.path)
    return found[1].lower() if found and not parts.query else ""
