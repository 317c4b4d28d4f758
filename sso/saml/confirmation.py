"""Whether the assertion is about somebody who may use it here and now (SAML core 2.4, profiles 4.1.4.2).

One bearer confirmation has to satisfy all of it, so each rule goes on with those that satisfied the one before.
"""

from lxml import etree

from sso.saml.case import Case
from sso.saml.encryption_rules import NOT_DECRYPTED
from sso.saml.instants import format_instant
from sso.saml.names import SAML
from sso.saml.observation import Observation, refused, shown
from sso.saml.response_rules import text_of

MAX_NAME_ID = 1024


def subject(case: Case) -> Observation:
    """One Subject with one NameID in it, encrypted or not."""
    subjects = case.assertion.findall(SAML + "Subject")
    names = [name for each in subjects for name in each if name.tag in (SAML + "NameID", SAML + "EncryptedID")]
    return Observation(
        len(subjects) == len(names) == 1,
        "one subject with one name ID",
        f"subjects: {len(subjects)}, name IDs: {len(names)}",
    )


def name_id(case: Case) -> Observation:
    """Some text and nothing but text, meant for us and not for another service provider (core 2.2.2)."""
    try:
        element = case.name_id
    except Exception:  # noqa: BLE001 - as in encryption_rules.py
        return refused("a name ID", NOT_DECRYPTED)
    text = text_of(element) if element.tag == SAML + "NameID" else None
    if text is None or not 0 < len(text.strip()) <= MAX_NAME_ID:
        received = "with elements in it" if text is None else f"{len(text.strip())} characters"
        return refused(f"text of 1 to {MAX_NAME_ID} characters", received)
    ours = case.service_provider.entity_id
    qualifier = element.get("SPNameQualifier", ours)
    return Observation(qualifier == ours, "a name ID for us", "as expected" if qualifier == ours else shown(qualifier))


def bearer(case: Case) -> Observation:
    """At least one confirmation by bearer that says anything."""
    return Observation(
        bool(case.bearers),
        "a bearer confirmation with its data",
        shown(", ".join([each.get("Method", "") for each in case.confirmations])) or "no confirmation",
    )


def recipient(case: Case) -> Observation:
    """Exactly our ACS: neither longer nor shorter."""
    return Observation(bool(case.addressed), shown(case.service_provider.acs_url), _values(case.bearers, "Recipient"))


def in_response_to(case: Case) -> Observation:
    """The signed one, and the request that this very sign-in made."""
    return Observation(bool(case.answering), shown(case.request.id), _values(case.addressed, "InResponseTo"))


def confirmation_time(case: Case) -> Observation:
    """NotOnOrAfter in the future, and no NotBefore at all."""
    early = any(each.get("NotBefore") is not None for each in case.answering)
    return Observation(
        bool(case.timely_ends),
        f"NotOnOrAfter later than {format_instant(case.earliest)}, no NotBefore",
        _values(case.answering, "NotOnOrAfter") + (", with a NotBefore" if early else ""),
    )


def _values(elements: list[etree._Element], attribute: str) -> str:
    return shown(", ".join([each.get(attribute, "absent") or "empty" for each in elements]))
