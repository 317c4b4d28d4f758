"""What else the assertion says about itself: issuer, validity, audience, sign-in, attributes (SAML core 2.3 to 2.7)."""

import re
from datetime import timedelta

from lxml import etree

from sso.saml.case import SKEW, Case
from sso.saml.instants import format_instant, parse_instant
from sso.saml.names import SAML
from sso.saml.observation import Observation, equal, refused, satisfied, shown
from sso.saml.response_rules import issued_by, text_of
from sso.saml.types import REQUEST_LIFE

# Most providers vouch for five minutes to an hour; Entra's policy goes up to a day.
LONGEST = timedelta(days=1)
TENANT_ID = "http://schemas.microsoft.com/identity/claims/tenantid"

_ANY_SIGN_IN = satisfied("no fresh sign-in", "not asked for")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_AUDIENCE_RESTRICTION = SAML + "AudienceRestriction"
_KNOWN = (_AUDIENCE_RESTRICTION, SAML + "OneTimeUse", SAML + "ProxyRestriction")
# Attributes that somebody may be recognized by: an element in one of them could be read in two ways.
_IDENTIFYING = ("objectidentifier", "tenantid", "emailaddress", "email", "mail", "upn", "nameidentifier")


def assertion_version(case: Case) -> Observation:
    """SAML 2.0 and no other."""
    return equal("2.0", case.assertion.get("Version"))


def issuer(case: Case) -> Observation:
    """The identity provider of this connection; the response's own issuer is not enough."""
    return issued_by(case.assertion.findall(SAML + "Issuer"), case.identity_provider.entity_id)


def issue_instant(case: Case) -> Observation:
    """Written for our request, and so not before one could have been made that still waits, nor in the future."""
    text, oldest = case.assertion.get("IssueInstant"), case.earliest - REQUEST_LIFE
    case.issued = parse_instant(text or "")
    return Observation(
        case.issued is not None and oldest <= case.issued <= case.latest,
        f"{format_instant(oldest)} to {format_instant(case.latest)}",
        shown(text),
    )


def conditions(case: Case) -> Observation:
    """One Conditions element, and nothing in it that we don't understand (core 2.5.1.1)."""
    found = len(case.conditions)
    unknown = [str(child.tag) for element in case.conditions for child in element if child.tag not in _KNOWN]
    return Observation(
        found == 1 and not unknown,
        "one Conditions element with known conditions",
        shown(", ".join(unknown)) or f"{found} with known conditions",
    )


def validity(case: Case) -> Observation:
    """Begun, not over, and not turned round; either side may be left out."""
    element = case.conditions[0]
    not_before, not_on_or_after = element.get("NotBefore"), element.get("NotOnOrAfter")
    begin, end = parse_instant(not_before or ""), parse_instant(not_on_or_after or "")
    readable = (begin is None) == (not_before is None) and (end is None) == (not_on_or_after is None)
    begun = begin is None or begin <= case.latest
    over = end is not None and end <= case.earliest
    inverted = begin is not None and end is not None and begin >= end
    return Observation(
        readable and begun and not over and not inverted,
        f"{format_instant(case.now)}, give or take {SKEW.seconds // 60} minutes",
        f"{shown(not_before, 60)} to {shown(not_on_or_after, 60)}",
    )


def lifetime(case: Case) -> Observation:
    """Over within a day, by its conditions and by its confirmation, however long ago it began.

    An answer is used once and at once; the rest of its time is of use only to whoever finds a copy.
    """
    end = parse_instant(case.conditions[0].get("NotOnOrAfter", ""))
    last = max(case.timely_ends if end is None else [*case.timely_ends, end])
    most = case.latest + LONGEST
    return Observation(last <= most, f"over by {format_instant(most)}", format_instant(last))


def audience(case: Case) -> Observation:
    """Every restriction names us (core 2.5.1.4), and there is one. Entra puts spn: before identifiers of some kinds."""
    ours = case.service_provider.entity_id
    restrictions = case.conditions[0].iterchildren(_AUDIENCE_RESTRICTION)
    named = [[(text_of(each) or "").strip() for each in element] for element in restrictions]
    return Observation(
        bool(named) and all(ours in names or f"spn:{ours}" in names for names in named),
        shown(ours),
        shown("; ".join(", ".join(names) for names in named)) or "no audience",
    )


def authn_statement(case: Case) -> Observation:
    """One, and nobody signed in tomorrow. It may be long ago: that is when the session at the provider began."""
    found = case.authn_statements
    if len(found) != 1:
        return refused("one AuthnStatement", f"{len(found)}")
    text = found[0].get("AuthnInstant")
    moment = parse_instant(text or "")
    return Observation(
        moment is not None and moment <= case.latest,
        f"not later than {format_instant(case.latest)}",
        shown(text),
    )


def force_authn(case: Case) -> Observation:
    """If we asked for a fresh sign-in, this is one: it did not begin before we asked (core 3.4.1)."""
    request = case.request
    if not request.force_authn:
        return _ANY_SIGN_IN
    text = case.authn_statements[0].get("AuthnInstant")
    moment, since = parse_instant(text or ""), (request.issued_at or case.now) - SKEW
    return Observation(
        moment is not None and moment >= since, f"signed in not before {format_instant(since)}", shown(text)
    )


def session_time(case: Case) -> Observation:
    """The session at the provider has not ended. However long it lasts, it can only shorten ours."""
    text = case.authn_statements[0].get("SessionNotOnOrAfter")
    end = parse_instant(text or "")
    return Observation(
        text is None or (end is not None and end > case.earliest),
        f"absent, or later than {format_instant(case.earliest)}",
        shown(text),
    )


def attributes(case: Case) -> Observation:
    """At most one statement, and plain text wherever somebody is recognized by it."""
    statements = len(case.attribute_statements)
    nested = [
        element.get("Name", "") for element in case.attributes if any(map(len, element)) and _is_identifying(element)
    ]
    return Observation(
        statements <= 1 and not nested,
        "at most one AttributeStatement, identifying attributes as plain text",
        f"statements: {statements}" + (f", elements in {shown(nested[0])}" if nested else ""),
    )


def tenant(case: Case) -> Observation:
    """Entra's tenant claim names the tenant that the issuer names; other providers may pass it on."""
    guid = _GUID.search(case.identity_provider.entity_id)
    claimed = [
        (value.text or "").strip().lower()
        for element in case.attributes
        if element.get("Name", "").lower() == TENANT_ID
        for value in element
    ]
    if guid is None or not claimed:
        return satisfied("that of the issuer, if any", shown(", ".join(claimed)) or "absent")
    same = all(value == guid[0].lower() for value in claimed)
    return Observation(same, guid[0].lower(), shown(", ".join(claimed)))


def _is_identifying(attribute: etree._Element) -> bool:
    return attribute.get("Name", "").rpartition("/")[2].strip().lower() in _IDENTIFYING
