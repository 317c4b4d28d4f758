"""The remaining rules for the assertion: issuer, validity, audience, sign-in, attributes (SAML core 2.3 to 2.7)."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from lxml import etree

from sso.saml.response.context import SKEW, ResponseContext
from sso.saml.response.response_rules import issued_by, text_of
from sso.saml.rule_result import RuleResult, among, equal, failed, passed, shown, trimmed
from sso.saml.types import REQUEST_LIFE
from sso.saml.verdict import Fault
from sso.saml.xml.instants import fault_of, format_instant, parse_instant, shown_instant
from sso.saml.xml.names import SAML

# Most providers set a validity of five minutes to an hour; Entra's policy goes up to a day.
LONGEST = timedelta(days=1)
# There is one AuthnStatement for each way in which the user signed in.
MAX_AUTHN_STATEMENTS = 20
TENANT_ID = "http://schemas.microsoft.com/identity/claims/tenantid"

_INSTANT = timedelta(microseconds=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_ANY_SIGN_IN = passed("no fresh sign-in", "not asked for")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_AUDIENCE_RESTRICTION = SAML + "AudienceRestriction"
_KNOWN = (_AUDIENCE_RESTRICTION, SAML + "OneTimeUse", SAML + "ProxyRestriction")
# Attributes that may identify a user: an element in one of them could be read in two ways.
_IDENTIFYING = ("objectidentifier", "tenantid", "emailaddress", "email", "mail", "upn", "nameidentifier")


def assertion_version(context: ResponseContext) -> RuleResult:
    """Check that the version is SAML 2.0."""
    return equal("2.0", context.assertion.get("Version"))


def issuer(context: ResponseContext) -> RuleResult:
    """Check that the issuer is this connection's identity provider; the response's own issuer is not enough."""
    return issued_by(context.assertion.findall(SAML + "Issuer"), context.identity_provider.entity_id)


def issue_instant(context: ResponseContext) -> RuleResult:
    """Check that the assertion was issued neither before the oldest request that may still wait, nor in the future."""
    text, oldest = context.assertion.get("IssueInstant"), context.earliest - REQUEST_LIFE
    context.issued = parse_instant(text or "")
    return RuleResult(
        context.issued is not None and oldest <= context.issued <= context.latest,
        f"{format_instant(oldest)} to {format_instant(context.latest)}",
        shown_instant(text),
        fault_of(text),
    )


def conditions(context: ResponseContext) -> RuleResult:
    """Check that there is one Conditions element, with no condition that we don't understand (core 2.5.1.1)."""
    found = len(context.conditions)
    unknown = [str(child.tag) for element in context.conditions for child in element if child.tag not in _KNOWN]
    expected = "one Conditions element with known conditions"
    if unknown:
        return failed(expected, shown(", ".join(unknown)), Fault.UNUSUAL)
    received = f"{found} with known conditions"
    return RuleResult(found == 1, expected, received, Fault.PROVIDER_BUG if found else Fault.INCOMPLETE)


def validity(context: ResponseContext) -> RuleResult:
    """Check that the validity has begun, is not over and is not reversed; either bound may be left out."""
    element = context.conditions[0]
    not_before, not_on_or_after = element.get("NotBefore"), element.get("NotOnOrAfter")
    begin, end = parse_instant(not_before or ""), parse_instant(not_on_or_after or "")
    readable = (begin is None) == (not_before is None) and (end is None) == (not_on_or_after is None)
    begun = begin is None or begin <= context.latest
    over = end is not None and end <= context.earliest
    inverted = begin is not None and end is not None and begin >= end
    faults = [fault_of(text) for text in (not_before, not_on_or_after) if text is not None]
    unreadable = next((fault for fault in faults if fault is not Fault.CLOCK), Fault.CLOCK)
    return RuleResult(
        readable and begun and not over and not inverted,
        f"{format_instant(context.now)}, give or take {SKEW.seconds // 60} minutes",
        f"{shown_instant(not_before)} to {shown_instant(not_on_or_after)}" + (", the end first" if inverted else ""),
        Fault.PROVIDER_BUG if inverted else unreadable,
    )


def lifetime(context: ResponseContext) -> RuleResult:
    """Check that the validity ends within a day, by conditions and confirmation, however long ago it began.

    A response is used once and at once; the rest of its time is of use only to an attacker who finds a copy.
    """
    end = parse_instant(context.conditions[0].get("NotOnOrAfter", ""))
    last = max(context.timely_ends if end is None else [*context.timely_ends, end])
    most = context.latest + LONGEST
    return RuleResult(last <= most, f"over by {format_instant(most)}", format_instant(last))


def audience(context: ResponseContext) -> RuleResult:
    """Check that there is an audience restriction and each names us (core 2.5.1.4).

    Entra puts spn: before identifiers of some kinds.
    """
    ours = context.service_provider.entity_id
    restrictions = context.conditions[0].iterchildren(_AUDIENCE_RESTRICTION)
    named = [[trimmed(text_of(each) or "") for each in element] for element in restrictions]
    others = [names for names in named if ours not in names and f"spn:{ours}" not in names]
    listed = [name for names in others or named for name in names]
    return among(ours, listed, passed=bool(named) and not others, none="no audience")


def authn_statement(context: ResponseContext) -> RuleResult:
    """Check that there is an AuthnStatement (profiles 4.1.4.2), and no AuthnInstant in the future.

    It may be long ago, as the session at the provider began then.
    """
    found = context.authn_statements
    if len(found) > MAX_AUTHN_STATEMENTS:
        expected, received = f"at most {MAX_AUTHN_STATEMENTS} AuthnStatements", f"{len(found):,} AuthnStatements"
        return failed(expected, received, Fault.TOO_LARGE)
    if not found:
        return failed("an AuthnStatement", "none")
    return _each_moment(
        context.authn_instants, f"not later than {format_instant(context.latest)}", latest=context.latest
    )


def force_authn(context: ResponseContext) -> RuleResult:
    """Check that the sign-in is no older than our request, if we asked for a fresh one (core 3.4.1)."""
    request = context.request
    if not request.force_authn:
        return _ANY_SIGN_IN
    since = (request.issued_at or context.now) - SKEW
    found = _each_moment(context.authn_instants, f"signed in not before {format_instant(since)}", earliest=since)
    return found._replace(fault=None)


def session_time(context: ResponseContext) -> RuleResult:
    """Check that the session at the provider has not ended. However long it lasts, it can only shorten ours."""
    ends = [text for each in context.authn_statements if (text := each.get("SessionNotOnOrAfter")) is not None]
    expected = f"absent, or later than {format_instant(context.earliest)}"
    return _each_moment(ends, expected, earliest=context.earliest + _INSTANT)


def attributes(context: ResponseContext) -> RuleResult:
    """Check that identifying attributes are plain text; several statements are read as one."""
    nested = [
        element.get("Name", "") for element in context.attributes if any(map(len, element)) and _is_identifying(element)
    ]
    expected = "identifying attributes as plain text"
    if nested:
        return failed(expected, f"elements in {shown(nested[0])}", Fault.UNUSUAL)
    return passed(expected, f"{len(context.attributes)} attributes")


def tenant(context: ResponseContext) -> RuleResult:
    """Check that Entra's tenant claim names the issuer's tenant; other providers may pass the claim on."""
    guid = _GUID.search(context.identity_provider.entity_id)
    claimed = [
        (value.text or "").strip().lower()
        for element in context.attributes
        if element.get("Name", "").lower() == TENANT_ID
        for value in element
    ]
    if guid is None or not claimed:
        return passed("that of the issuer, if any", shown(", ".join(claimed)) or "absent")
    ours = guid[0].lower()
    others = [value for value in claimed if value != ours]
    return among(ours, others or claimed, passed=not others, none="absent")


def _each_moment(
    texts: Sequence[str | None], expected: str, *, earliest: datetime = _FIRST, latest: datetime = _LAST
) -> RuleResult:
    """Check that each of these moments is between two others; the first that is not gives the reason."""
    for text in texts:
        moment = parse_instant(text or "")
        if moment is None or not earliest <= moment <= latest:
            return failed(expected, shown_instant(text), fault_of(text))
    return passed(expected, ", ".join(map(shown_instant, texts)) or "absent")


def _is_identifying(attribute: etree._Element) -> bool:
    return attribute.get("Name", "").rpartition("/")[2].strip().lower() in _IDENTIFYING
