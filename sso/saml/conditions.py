"""What else the assertion says about itself: issuer, validity, audience, sign-in, attributes (SAML core 2.3 to 2.7)."""

import re

from lxml import etree

from sso.saml.case import SKEW, Case
from sso.saml.instants import format_instant, parse_instant
from sso.saml.names import SAML
from sso.saml.observation import Observation, equal, refused, satisfied, shown
from sso.saml.response_rules import issued_by, text_of

TENANT_ID = "http://schemas.microsoft.com/identity/claims/tenantid"

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_KNOWN = (SAML + "AudienceRestriction", SAML + "OneTimeUse", SAML + "ProxyRestriction")
# Attributes that somebody may be recognized by: an element in one of them could be read in two ways.
_IDENTIFYING = ("objectidentifier", "tenantid", "emailaddress", "email", "mail", "upn", "nameidentifier")


def assertion_version(case: Case) -> Observation:
    """SAML 2.0 and no other."""
    return equal("2.0", case.assertion.get("Version"))


def issuer(case: Case) -> Observation:
    """The identity provider of this connection; the response's own issuer is not enough."""
    return issued_by(case.assertion.findall(SAML + "Issuer"), case.identity_provider.entity_id)


def issue_instant(case: Case) -> Observation:
    """Written in the past."""
    return _not_in_the_future(case, case.assertion.get("IssueInstant"))


def conditions(case: Case) -> Observation:
    """One Conditions element, and nothing in it that we don't understand (core 2.5.1.1)."""
    found = case.assertion.findall(SAML + "Conditions")
    unknown = [str(child.tag) for element in found for child in element if child.tag not in _KNOWN]
    return Observation(
        len(found) == 1 and not unknown,
        "one Conditions element with known conditions",
        shown(", ".join(unknown)) or f"{len(found)} with known conditions",
    )


def validity(case: Case) -> Observation:
    """Begun, not over, and not turned round; either side may be left out."""
    element = case.assertion.find(SAML + "Conditions")
    written = [None, None] if element is None else [element.get("NotBefore"), element.get("NotOnOrAfter")]
    begin, end = (None if text is None else parse_instant(text) for text in written)
    readable = [begin is None, end is None] == [text is None for text in written]
    begun = begin is None or begin <= case.latest
    over = end is not None and end <= case.earliest
    inverted = begin is not None and end is not None and begin >= end
    return Observation(
        readable and begun and not over and not inverted,
        f"{format_instant(case.now)}, give or take {SKEW.seconds // 60} minutes",
        " to ".join(shown(text, 60) for text in written),
    )


def audience(case: Case) -> Observation:
    """Every restriction names us (core 2.5.1.4), and there is one. Entra puts spn: before identifiers of some kinds."""
    ours = case.service_provider.entity_id
    restrictions = case.assertion.findall(f"{SAML}Conditions/{SAML}AudienceRestriction")
    named = [[(text_of(each) or "").strip() for each in element] for element in restrictions]
    return Observation(
        bool(named) and all(ours in names or f"spn:{ours}" in names for names in named),
        shown(ours),
        shown("; ".join(", ".join(names) for names in named)) or "no audience",
    )


def authn_statement(case: Case) -> Observation:
    """One, and nobody signed in tomorrow. It may be long ago: that is when the session at the provider began."""
    found = case.assertion.findall(SAML + "AuthnStatement")
    if len(found) != 1:
        return refused("one AuthnStatement", f"{len(found)}")
    return _not_in_the_future(case, found[0].get("AuthnInstant"))


def session_time(case: Case) -> Observation:
    """The session at the provider has not ended."""
    text = None
    for statement in case.assertion.iterchildren(SAML + "AuthnStatement"):
        text = statement.get("SessionNotOnOrAfter")
    end = parse_instant(text or "")
    return Observation(
        text is None or (end is not None and end > case.earliest),
        f"absent, or later than {format_instant(case.earliest)}",
        shown(text),
    )


def attributes(case: Case) -> Observation:
    """At most one statement, and plain text wherever somebody is recognized by it."""
    statements = case.assertion.findall(SAML + "AttributeStatement")
    nested = [
        element.get("Name", "")
        for element in case.attributes
        if _is_identifying(element) and any(text_of(value) is None for value in element)
    ]
    return Observation(
        len(statements) <= 1 and not nested,
        "at most one AttributeStatement, identifying attributes as plain text",
        f"{len(statements)} statements" + (f", elements in {shown(nested[0])}" if nested else ""),
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


def _not_in_the_future(case: Case, text: str | None) -> Observation:
    moment = parse_instant(text or "")
    return Observation(
        moment is not None and moment <= case.latest,
        f"not later than {format_instant(case.latest)}",
        shown(text),
    )


def _is_identifying(attribute: etree._Element) -> bool:
    return attribute.get("Name", "").rpartition("/")[2].strip().lower() in _IDENTIFYING
