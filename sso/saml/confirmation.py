"""Whether the assertion is about somebody who may use it here and now (SAML core 2.4, profiles 4.1.4.2).

One bearer confirmation has to satisfy all of it, so each rule goes on with those that satisfied the one before.
"""

from datetime import datetime

from lxml import etree

from sso.saml.case import Case
from sso.saml.encryption_rules import NOT_DECRYPTED
from sso.saml.instants import format_instant, parse_instant
from sso.saml.names import SAML
from sso.saml.observation import Observation, refused, shown
from sso.saml.response_rules import text_of

_MAX_NAME_ID = 1024


def subject(case: Case) -> Observation:
    """One Subject with one NameID in it, encrypted or not."""
    subjects = case.assertion.findall(SAML + "Subject")
    names = [name for each in subjects for name in each if name.tag in (SAML + "NameID", SAML + "EncryptedID")]
    return Observation(
        len(subjects) == len(names) == 1,
        "one subject with one name ID",
        f"{len(subjects)} subjects, {len(names)} name IDs",
    )


def name_id(case: Case) -> Observation:
    """Some text and nothing but text, meant for us and not for another service provider (core 2.2.2)."""
    try:
        element = case.name_id
    except Exception:  # noqa: BLE001 - as in encryption_rules.py
        return refused("a name ID", NOT_DECRYPTED)
    text = text_of(element) if element.tag == SAML + "NameID" else None
    if text is None or not 0 < len(text.strip()) <= _MAX_NAME_ID:
        received = "with elements in it" if text is None else f"{len(text.strip())} characters"
        return refused(f"text of 1 to {_MAX_NAME_ID} characters", received)
    ours = case.service_provider.entity_id
    qualifier = element.get("SPNameQualifier", ours)
    return Observation(qualifier == ours, "a name ID for us", "as expected" if qualifier == ours else shown(qualifier))


def bearer(case: Case) -> Observation:
    """At least one confirmation by bearer that says anything."""
    found = case.assertion.findall(f"{SAML}Subject/{SAML}SubjectConfirmation")
    return Observation(
        bool(case.bearers),
        "a bearer confirmation with its data",
        shown(", ".join(each.get("Method", "") for each in found)) or "no confirmation",
    )


def recipient(case: Case) -> Observation:
    """Exactly our ACS: neither longer nor shorter."""
    return Observation(bool(_addressed(case)), shown(case.service_provider.acs_url), _values(case.bearers, "Recipient"))


def in_response_to(case: Case) -> Observation:
    """The signed one, and the request that this very sign-in made."""
    return Observation(bool(_answering(case)), shown(case.request.id), _values(_addressed(case), "InResponseTo"))


def confirmation_time(case: Case) -> Observation:
    """NotOnOrAfter in the future, and no NotBefore at all."""
    answering = _answering(case)
    early = any(each.get("NotBefore") is not None for each in answering)
    return Observation(
        bool(timely_ends(case)),
        f"NotOnOrAfter later than {format_instant(case.earliest)}, no NotBefore",
        _values(answering, "NotOnOrAfter") + (", with a NotBefore" if early else ""),
    )


def timely_ends(case: Case) -> list[datetime]:
    """Until when the confirmations hold that satisfy every rule here."""
    written = [each.get("NotOnOrAfter", "") for each in _answering(case) if each.get("NotBefore") is None]
    return [end for text in written if (end := parse_instant(text)) is not None and end > case.earliest]


def _addressed(case: Case) -> list[etree._Element]:
    ours = case.service_provider.acs_url
    return [each for each in case.bearers if each.get("Recipient") == ours]


def _answering(case: Case) -> list[etree._Element]:
    return [each for each in _addressed(case) if each.get("InResponseTo") == case.request.id]


def _values(elements: list[etree._Element], attribute: str) -> str:
    return shown(", ".join(each.get(attribute, "absent") or "empty" for each in elements))
