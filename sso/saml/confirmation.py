"""Whether the assertion is about somebody who may use it here and now (SAML core 2.4, profiles 4.1.4.2).

One bearer confirmation has to satisfy all of it, so each rule goes on with those that satisfied the one before.
"""

from lxml import etree

from sso.saml.case import SKEW, Case
from sso.saml.instants import parse_instant
from sso.saml.names import BEARER, SAML
from sso.saml.observation import Observation, refused, shown
from sso.saml.response_rules import text_of

_MAX_NAME_ID = 1024


def subject(case: Case) -> Observation:
    """One Subject with one NameID in it."""
    subjects = case.assertion.findall(SAML + "Subject")
    names = case.assertion.findall(f"{SAML}Subject/{SAML}NameID")
    return Observation(
        len(subjects) == len(names) == 1,
        "one subject with one name ID",
        f"{len(subjects)} subjects, {len(names)} name IDs",
    )


def name_id(case: Case) -> Observation:
    """Some text and nothing but text, meant for us and not for another service provider (core 2.2.2)."""
    element = name_id_element(case)
    text = text_of(element)
    if text is None or not 0 < len(text.strip()) <= _MAX_NAME_ID:
        received = "with elements in it" if text is None else f"{len(text.strip())} characters"
        return refused(f"text of 1 to {_MAX_NAME_ID} characters", received)
    ours = case.service_provider.entity_id
    qualifier = element.get("SPNameQualifier", ours)
    return Observation(qualifier == ours, "a name ID for us", "as expected" if qualifier == ours else shown(qualifier))


def name_id_element(case: Case) -> etree._Element:
    """The one NameID of the signed assertion, after `subject` has passed."""
    return case.assertion.findall(f"{SAML}Subject/{SAML}NameID")[0]


def bearer(case: Case) -> Observation:
    """At least one confirmation by bearer that says anything."""
    found = case.assertion.findall(f"{SAML}Subject/{SAML}SubjectConfirmation")
    return Observation(
        bool(_bearers(case)),
        "a bearer confirmation with its data",
        shown(", ".join(each.get("Method", "") for each in found)) or "no confirmation",
    )


def recipient(case: Case) -> Observation:
    """Exactly our ACS: neither longer nor shorter."""
    return Observation(
        bool(_addressed(case)), shown(case.service_provider.acs_url), _values(_bearers(case), "Recipient")
    )


def in_response_to(case: Case) -> Observation:
    """The signed one, and the request that this very sign-in made."""
    return Observation(bool(_answering(case)), shown(case.request.id), _values(_addressed(case), "InResponseTo"))


def confirmation_time(case: Case) -> Observation:
    """NotOnOrAfter in the future, and no NotBefore at all."""
    received = _values(_answering(case), "NotOnOrAfter")
    early = any(each.get("NotBefore") is not None for each in _answering(case))
    return Observation(
        bool(timely_confirmations(case)),
        f"NotOnOrAfter later than {case.now - SKEW:%Y-%m-%dT%H:%M:%SZ}, no NotBefore",
        received + (", with a NotBefore" if early else ""),
    )


def timely_confirmations(case: Case) -> list[etree._Element]:
    """The confirmation data that satisfy every rule here."""
    return [
        each
        for each in _answering(case)
        if each.get("NotBefore") is None
        and (end := parse_instant(each.get("NotOnOrAfter", ""))) is not None
        and end > case.now - SKEW
    ]


def _bearers(case: Case) -> list[etree._Element]:
    path = f"{SAML}Subject/{SAML}SubjectConfirmation[@Method='{BEARER}']/{SAML}SubjectConfirmationData"
    return case.assertion.findall(path)


def _addressed(case: Case) -> list[etree._Element]:
    ours = case.service_provider.acs_url
    return [each for each in _bearers(case) if each.get("Recipient") == ours]


def _answering(case: Case) -> list[etree._Element]:
    return [each for each in _addressed(case) if each.get("InResponseTo") == case.request.id]


def _values(elements: list[etree._Element], attribute: str) -> str:
    return shown(", ".join(each.get(attribute, "absent") or "empty" for each in elements))
