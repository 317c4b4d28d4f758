"""What the response itself has to be, before and around its assertion (SAML core 3.2.2 and 3.3.3)."""

from lxml import etree

from sso.saml.case import Case
from sso.saml.names import ENTITY_FORMAT, SAML, SAMLP, STATUS_SUCCESS
from sso.saml.observation import Observation, equal, one_line, refused, same_name, satisfied, shown
from sso.saml.verdict import Fault

_STATUS = SAMLP + "Status"
_STATUS_CODE = SAMLP + "StatusCode"
_STATUS_MESSAGE = 1000
# Second-level codes are one inside the other; nobody sends more than two.
_INNER_CODES = 3


def is_response(case: Case) -> Observation:
    """Not a request, not a bare assertion, not a logout message."""
    name = etree.QName(case.root)
    return Observation(
        name.text == SAMLP + "Response",
        "a Response of SAML 2.0",
        f"{shown(name.localname)} of {shown(name.namespace)}" if name.namespace else shown(name.localname),
    )


def response_version(case: Case) -> Observation:
    """SAML 2.0 and no other."""
    return equal("2.0", case.root.get("Version"))


def status(case: Case) -> Observation:
    """The first-level code alone decides; the codes inside it only explain, and are shown behind it."""
    codes = [code for found in case.root.iterchildren(_STATUS) for code in found.iterchildren(_STATUS_CODE)]
    if len(codes) > 1:
        return refused(STATUS_SUCCESS, f"{len(codes)} status codes", Fault.PROVIDER_BUG)
    value = codes[0].get("Value") if codes else None
    found = equal(STATUS_SUCCESS, value)
    inner = [each.get("Value", "") for code in codes for each in code.iterdescendants(_STATUS_CODE)]
    if found.passed:
        return found
    return refused(
        STATUS_SUCCESS, ", ".join([found.received, *(shown(each) or "empty" for each in inner[:_INNER_CODES])])
    )


def status_message(case: Case) -> str:
    """What the identity provider said beside the status; unverified, one line, bounded."""
    said = [
        text
        for found in case.root.iterfind(f"{SAMLP}Status/{SAMLP}StatusMessage")
        if (text := one_line(found.text or "", _STATUS_MESSAGE))
    ]
    inner = case.root.find(f"{SAMLP}Status/{SAMLP}StatusCode/{SAMLP}StatusCode")
    code = "" if inner is None else shown(inner.get("Value", "").rpartition(":")[2])
    return one_line(" ".join(said) or code, _STATUS_MESSAGE)


def one_assertion(case: Case) -> Observation:
    """Exactly one in the whole document, in its place: a second one is what signature wrapping needs."""
    documents = (case.root,) if case.decrypted is None else (case.root, case.decrypted.root)
    found = [each for document in documents for each in document.iter("{*}Assertion")]
    place = case.root if case.decrypted is None else None
    in_place = [each for each in found if each.tag == SAML + "Assertion" and each.getparent() is place]
    expected = "one assertion, directly in the response"
    received = f"{len(found)} in the document, {len(in_place)} directly in the response"
    if len(found) == len(in_place) == 1:
        return satisfied(expected, received)
    if not found:
        return refused(expected, received, Fault.INCOMPLETE)
    # The standard allows several, and evidence in an Advice (core 2.6.1); anywhere else an attacker has put it.
    honest = len(found) == len(in_place) or all(_is_evidence(each) for each in found if each not in in_place)
    return refused(expected, received, Fault.UNUSUAL if honest else Fault.HOSTILE)


def _is_evidence(assertion: etree._Element) -> bool:
    return next(assertion.iterancestors(SAML + "Advice"), None) is not None


def destination(case: Case) -> Observation:
    """Our ACS and no other address; it may be left out only where the response has no signature (bindings 3.5.5.2)."""
    value = case.response.get("Destination")
    if value is None and case.signed_response is None:
        return satisfied(shown(case.service_provider.acs_url), "absent, response not signed")
    return same_name(case.service_provider.acs_url, value)


def response_in_response_to(case: Case) -> Observation:
    """Often unsigned, so it proves nothing, but it must not contradict."""
    value = case.response.get("InResponseTo")
    return equal(case.request.id, case.request.id if value is None else value)


def response_issuer(case: Case) -> Observation:
    """May be left out; the assertion's may not."""
    issuers = case.response.findall(SAML + "Issuer")
    if not issuers:
        return satisfied(shown(case.identity_provider.entity_id), "absent")
    return issued_by(issuers, case.identity_provider.entity_id)


def issued_by(issuers: list[etree._Element], entity_id: str) -> Observation:
    """One issuer, exactly the entity ID we know, of no other format than an entity ID (core 8.3.6)."""
    if len(issuers) != 1:
        return refused(shown(entity_id), f"{len(issuers)} issuers", Fault.PROVIDER_BUG)
    form = issuers[0].get("Format", ENTITY_FORMAT)
    if form != ENTITY_FORMAT:
        return equal(ENTITY_FORMAT, form, Fault.PROVIDER_BUG)
    text = text_of(issuers[0])
    if text is None:
        return refused(shown(entity_id), "an issuer with elements in it", Fault.HOSTILE)
    return same_name(entity_id, text)


def text_of(element: etree._Element) -> str | None:
    """The text of an element without elements in it; None if there are any."""
    return None if len(element) else element.text or ""
