"""The rules for a logout message, by either binding (SAML core 3.2, 3.7, bindings 3.4.5.2 and 3.5.5.2)."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from sso.saml.logout.context import LogoutContext
from sso.saml.logout.messages import LOGOUT_LIFE, MAX_LOGOUT_ID
from sso.saml.response import signature_rules
from sso.saml.response.confirmation import MAX_NAME_ID
from sso.saml.response.context import ResponseContext
from sso.saml.response.encryption_rules import NOT_DECRYPTED, encryption
from sso.saml.response.response_rules import issued_by, text_of
from sso.saml.rule_result import COMPLAINT, RuleResult, equal, failed, passed, same_name, shown
from sso.saml.toolkit import second_verifier
from sso.saml.xml import signed_info
from sso.saml.xml.instants import parse_instant
from sso.saml.xml.names import SAML, SAMLP

_TENANT = re.compile(r"/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?", re.IGNORECASE)


def is_logout(context: ResponseContext) -> RuleResult:
    """Check that the message is a LogoutRequest or a LogoutResponse."""
    known = (SAMLP + "LogoutRequest", SAMLP + "LogoutResponse")
    return RuleResult(context.root.tag in known, "a LogoutRequest or LogoutResponse", shown(str(context.root.tag)))


def schema(context: ResponseContext) -> RuleResult:
    """Check the message against the standard's schema."""
    complaint = second_verifier.schema_complaint(context.root)
    return RuleResult(not complaint, "valid by the SAML schema", shown(complaint, COMPLAINT) or "valid")


def version(context: ResponseContext) -> RuleResult:
    """Check that the version is SAML 2.0."""
    return equal("2.0", context.response.get("Version"))


def signed(context: ResponseContext) -> RuleResult:
    """Check that a request is signed; a response ends nothing, so it may be unsigned."""
    needed = context.root.tag == SAMLP + "LogoutRequest"
    return RuleResult(bool(context.signers) or not needed, "signed", "signed" if context.signers else "not signed")


def issuer(context: ResponseContext) -> RuleResult:
    """Check that the issuer is the provider.

    Entra signs users in as sts.windows.net/<tenant> and out as login.microsoftonline.com/<tenant>.
    """
    known, issuers = context.identity_provider.entity_id, context.response.findall(SAML + "Issuer")
    named = (text_of(issuers[0]) or "") if len(issuers) == 1 else ""
    is_same_tenant = bool(_tenant_of(named)) and _tenant_of(named) == _tenant_of(known)
    return issued_by(issuers, named if is_same_tenant else known)


def destination(context: ResponseContext) -> RuleResult:
    """Check that Destination is exactly our address; only an unsigned message may leave it out."""
    value = context.response.get("Destination")
    if value is None and not context.signers:
        return passed(shown(context.service_provider.slo_url), "absent, not signed")
    return same_name(context.service_provider.slo_url, value)


def time(context: ResponseContext) -> RuleResult:
    """Check that the message is fresh, by its IssueInstant and by a request's optional NotOnOrAfter (core 3.7.1)."""
    issued = parse_instant(context.response.get("IssueInstant", ""))
    end = context.response.get("NotOnOrAfter")
    until = parse_instant(end or "")
    fresh = issued is not None and context.earliest - LOGOUT_LIFE <= issued <= context.latest
    in_time = end is None or (until is not None and until > context.earliest)
    return RuleResult(
        fresh and in_time,
        f"issued in the last {LOGOUT_LIFE.seconds // 60} minutes, and not over",
        f"{shown(context.response.get('IssueInstant'), 60)} until {shown(end, 60)}",
    )


def identifier(context: LogoutContext) -> RuleResult:
    """Check that the ID fits where it is kept whole against replay."""
    length = len(context.response.get("ID", ""))
    return RuleResult(0 < length <= MAX_LOGOUT_ID, f"an ID of 1 to {MAX_LOGOUT_ID} characters", f"{length} characters")


def name_id(context: LogoutContext) -> RuleResult:
    """Check that a request has one NameID with text and nothing but text, encrypted or not."""
    if context.root.tag != SAMLP + "LogoutRequest":
        return passed("no name ID", "a response")
    try:
        name = context.who
    except Exception:  # noqa: BLE001 - as in encryption_rules.py
        return failed("a name ID", NOT_DECRYPTED)
    if name is None or name.tag != SAML + "NameID" or text_of(name) is None:
        return failed("a name ID", "none, or with elements in it")
    length = len(context.said)
    return RuleResult(0 < length <= MAX_NAME_ID, f"text of 1 to {MAX_NAME_ID} characters", f"{length} characters")


def toolkit_agrees(context: LogoutContext) -> RuleResult:
    """Check a signature in the XML by python3-saml with xmlsec, too; last, as for a response."""
    complaint = (
        second_verifier.logout_complaint(context.encoded, context.provider_of_signers) if context.signatures else ""
    )
    return RuleResult(not complaint, "accepted by python3-saml", shown(complaint, COMPLAINT) or "accepted")


Rule = Callable[[LogoutContext], RuleResult]

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
    """Return the GUID of https://<host>/<GUID>/, the form of both of Entra's issuers of a tenant; else ""."""
    parts = urlsplit(entity_id)
    found = _TENANT.fullmatch(parts.path)
    return found[1].lower() if found and not parts.query else ""
