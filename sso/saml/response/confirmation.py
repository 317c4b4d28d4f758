"""The rules for the subject: whether the assertion is about a user who may use it here and now (SAML core 2.4,
profiles 4.1.4.2).

One bearer confirmation has to satisfy all of it, so each rule goes on with those that satisfied the one before.
"""

from lxml import etree

from sso.saml.response.context import ResponseContext
from sso.saml.response.encryption_rules import NOT_DECRYPTED
from sso.saml.response.response_rules import text_of
from sso.saml.rule_result import RuleResult, among, failed, passed, shown, told_apart, trimmed
from sso.saml.verdict import Fault
from sso.saml.xml.instants import fault_of, format_instant, shown_instant
from sso.saml.xml.names import BEARER, SAML

MAX_NAME_ID = 1024
_MOST_SHOWN = 5


def subject(context: ResponseContext) -> RuleResult:
    """Check that there is one Subject with one NameID in it, encrypted or not."""
    subjects = context.assertion.findall(SAML + "Subject")
    names = [name for each in subjects for name in each if name.tag in (SAML + "NameID", SAML + "EncryptedID")]
    return RuleResult(
        len(subjects) == len(names) == 1,
        "one subject with one name ID",
        f"subjects: {len(subjects)}, name IDs: {len(names)}",
    )


def name_id(context: ResponseContext) -> RuleResult:
    """Check that the NameID is text and nothing else, and not qualified for another service provider (core 2.2.2)."""
    try:
        element = context.name_id
    except Exception:  # noqa: BLE001 - as in encryption_rules.py
        return failed("a name ID", NOT_DECRYPTED)
    text = text_of(element) if element.tag == SAML + "NameID" else None
    expected = f"text of 1 to {MAX_NAME_ID:,} characters"
    if text is None:
        return failed(expected, "with elements in it", Fault.UNUSUAL)
    length = len(text.strip())
    if not 0 < length <= MAX_NAME_ID:
        return failed(expected, f"{length:,} characters", Fault.TOO_LARGE if length else Fault.INCOMPLETE)
    ours = context.service_provider.entity_id
    qualifier = trimmed(element.get("SPNameQualifier", ours))
    if qualifier == ours:
        return passed("a name ID for us", "as expected")
    wanted, received = told_apart(ours, qualifier)
    return failed(f"a name ID for {wanted}", f"one for {received}", Fault.OTHER_RECIPIENT)


def bearer(context: ResponseContext) -> RuleResult:
    """Check that at least one bearer confirmation has SubjectConfirmationData."""
    expected = "a bearer confirmation with SubjectConfirmationData"
    methods = [each.get("Method", "") for each in context.confirmations]
    if context.bearers:
        return passed(expected, shown(", ".join(methods)))
    if BEARER in methods:
        return failed(expected, "a bearer confirmation without SubjectConfirmationData")
    return failed(expected, shown(", ".join(methods)) or "no confirmation")


def recipient(context: ResponseContext) -> RuleResult:
    """Check that Recipient is exactly our ACS."""
    named = [trimmed(each) for each in _values(context.addressed or context.bearers, "Recipient")]
    return among(context.service_provider.acs_url, named, passed=bool(context.addressed), none="absent")


def in_response_to(context: ResponseContext) -> RuleResult:
    """Check that the signed InResponseTo is the request of this very sign-in."""
    named = _values(context.for_this_request or context.addressed, "InResponseTo")
    return among(context.request.id, named, passed=bool(context.for_this_request), none="absent")


def confirmation_time(context: ResponseContext) -> RuleResult:
    """Check that NotOnOrAfter is in the future, and that there is no NotBefore."""
    expected = f"NotOnOrAfter later than {format_instant(context.earliest)}, no NotBefore"
    ends = [each.get("NotOnOrAfter") for each in context.for_this_request]
    received = ", ".join(map(shown_instant, ends[:_MOST_SHOWN]))
    if context.timely_ends:
        return passed(expected, received)
    early = next((begin for each in context.for_this_request if (begin := each.get("NotBefore")) is not None), None)
    if early is None:
        return failed(expected, received, fault_of(ends[0]))
    return failed(expected, f"{received}, with a NotBefore of {shown(early, 60)}", Fault.NOT_BEFORE)


def _values(elements: list[etree._Element], attribute: str) -> list[str]:
    return [value for each in elements if (value := each.get(attribute)) is not None]
