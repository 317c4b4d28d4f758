"""The rules for the response itself, before and around its assertion (SAML core 3.2.2 and 3.3.3)."""

from lxml import etree

from sso.saml.response.context import ResponseContext
from sso.saml.rule_result import RuleResult, equal, failed, one_line, passed, same_name, shown
from sso.saml.verdict import Fault
from sso.saml.xml.names import ENTITY_FORMAT, SAML, SAMLP, STATUS_SUCCESS

_STATUS = SAMLP + "Status"
_STATUS_CODE = SAMLP + "StatusCode"
_STATUS_MESSAGE = 1000
# Second-level codes are one inside the other; no provider sends more than two.
_INNER_CODES = 3


def is_response(context: ResponseContext) -> RuleResult:
    """Check that the message is a Response, not a request, a bare assertion or a logout message."""
    name = etree.QName(context.root)
    return RuleResult(
        name.text == SAMLP + "Response",
        "a Response of SAML 2.0",
        f"{shown(name.localname)} of {shown(name.namespace)}" if name.namespace else shown(name.localname),
    )


def response_version(context: ResponseContext) -> RuleResult:
    """Check that the version is SAML 2.0."""
    return equal("2.0", context.root.get("Version"))


def status(context: ResponseContext) -> RuleResult:
    """Check the first-level status code, which alone decides; the codes inside it are only shown behind it."""
    codes = [code for found in context.root.iterchildren(_STATUS) for code in found.iterchildren(_STATUS_CODE)]
    if len(codes) > 1:
        return failed(STATUS_SUCCESS, f"{len(codes)} status codes", Fault.PROVIDER_BUG)
    value = codes[0].get("Value") if codes else None
    found = equal(STATUS_SUCCESS, value)
    inner = [each.get("Value", "") for code in codes for each in code.iterdescendants(_STATUS_CODE)]
    if found.passed:
        return found
    return failed(
        STATUS_SUCCESS, ", ".join([found.received, *(shown(each) or "empty" for each in inner[:_INNER_CODES])])
    )


def status_message(context: ResponseContext) -> str:
    """Return the provider's StatusMessage or inner status code; unverified, one line, bounded."""
    said = [
        text
        for found in context.root.iterfind(f"{SAMLP}Status/{SAMLP}StatusMessage")
        if (text := one_line(found.text or "", _STATUS_MESSAGE))
    ]
    inner = context.root.find(f"{SAMLP}Status/{SAMLP}StatusCode/{SAMLP}StatusCode")
    code = "" if inner is None else shown(inner.get("Value", "").rpartition(":")[2])
    return one_line(" ".join(said) or code, _STATUS_MESSAGE)


def one_assertion(context: ResponseContext) -> RuleResult:
    """Check that there is one assertion, in its place: signature wrapping needs a second one."""
    documents = (context.root,) if context.decrypted is None else (context.root, context.decrypted.root)
    found = [each for document in documents for each in document.iter("{*}Assertion")]
    place = context.root if context.decrypted is None else None
    in_place = [each for each in found if each.tag == SAML + "Assertion" and each.getparent() is place]
    expected = "one assertion, directly in the response"
    received = f"{len(found)} in the document, {len(in_place)} directly in the response"
    if len(found) == len(in_place) == 1:
        return passed(expected, received)
    if not found:
        return failed(expected, received, Fault.INCOMPLETE)
    # The standard allows several, and evidence in an Advice (core 2.6.1); any other place shows an attack.
    honest = len(found) == len(in_place) or all(_is_evidence(each) for each in found if each not in in_place)
    return failed(expected, received, Fault.UNUSUAL if honest else Fault.HOSTILE)


def _is_evidence(assertion: etree._Element) -> bool:
    return next(assertion.iterancestors(SAML + "Advice"), None) is not None


def destination(context: ResponseContext) -> RuleResult:
    """Check that Destination is our ACS; only an unsigned response may leave it out (bindings 3.5.5.2)."""
    value = context.response.get("Destination")
    if value is None and context.signed_response is None:
        return passed(shown(context.service_provider.acs_url), "absent, response not signed")
    return same_name(context.service_provider.acs_url, value)


def response_in_response_to(context: ResponseContext) -> RuleResult:
    """Check that InResponseTo does not contradict; it is often unsigned, so it proves nothing."""
    value = context.response.get("InResponseTo")
    return equal(context.request.id, context.request.id if value is None else value)


def response_issuer(context: ResponseContext) -> RuleResult:
    """Check the response's Issuer, which may be left out; the assertion's may not."""
    issuers = context.response.findall(SAML + "Issuer")
    if not issuers:
        return passed(shown(context.identity_provider.entity_id), "absent")
    return issued_by(issuers, context.identity_provider.entity_id)


def issued_by(issuers: list[etree._Element], entity_id: str) -> RuleResult:
    """Check for one issuer with exactly the expected entity ID, in no other format (core 8.3.6)."""
    if len(issuers) != 1:
        return failed(shown(entity_id), f"{len(issuers)} issuers", Fault.PROVIDER_BUG)
    form = issuers[0].get("Format", ENTITY_FORMAT)
    if form != ENTITY_FORMAT:
        return equal(ENTITY_FORMAT, form, Fault.PROVIDER_BUG)
    text = text_of(issuers[0])
    if text is None:
        return failed(shown(entity_id), "an issuer with elements in it", Fault.HOSTILE)
    return same_name(entity_id, text)


def text_of(element: etree._Element) -> str | None:
    """Return the text of an element without elements in it; None if there are any."""
    return None if len(element) else element.text or ""
