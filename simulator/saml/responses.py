"""The SAML Response as Entra writes it, and the twists that break it in exactly one place."""

import base64
import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypedDict

from lxml import etree

from simulator.apps import Signing
from simulator.saml import encryption
from simulator.saml.keys import SigningKey
from simulator.saml.signing import no_prefix, sign

SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
RESPONDER: Final = "urn:oasis:names:tc:SAML:2.0:status:Responder"
AUTHN_FAILED: Final = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
PASSWORD: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"  # noqa: S105

Edit = Callable[[etree._Element], None]


def new_id() -> str:
    """Return an identifier as Entra makes them: underscore and GUID."""
    return f"_{uuid.uuid4()}"


class Twists(TypedDict, total=False):
    """Values that a caller may set otherwise than Entra would. None leaves an attribute out.

    Each changes one place only: `not_on_or_after` is that of Conditions,
    `confirmation_not_on_or_after` that of SubjectConfirmationData; `issuer` changes both
    issuers unless `response_issuer` is given too. `claims` replaces, adds or (None) removes
    single claims. `encrypt_for` is a certificate as PEM. `drop` removes
    every element of that local name, and knows 'KeyInfo'.
    `before_signing` and `after_signing` get the Response element to edit.
    """

    audience: str | Sequence[str]
    recipient: str | None
    destination: str | None
    issuer: str
    response_issuer: str | None
    issue_instant: dt.datetime
    not_before: dt.datetime | None
    not_on_or_after: dt.datetime | None
    confirmation_not_on_or_after: dt.datetime | None
    authn_instant: dt.datetime
    authn_context: str
    session_index: str | None
    response_id: str
    assertion_id: str
    name_id: str
    name_id_format: str | None
    claims: Mapping[str, str | Sequence[str] | None]
    subject_confirmation_in_response_to: str | None
    status: str
    nested_status: str
    status_message: str
    signing: Signing
    signature_method: str
    digest_method: str
    key: SigningKey
    certificate: SigningKey
    drop: Sequence[str]
    encrypt_for: str
    encrypt_name_id_for: str
    content_encryption: str
    key_transport: str
    before_signing: Edit
    after_signing: Edit


@dataclass(frozen=True)
class SamlResponse:
    """All values of one Response, already decided."""

    issuer: str
    audience: str | Sequence[str]
    destination: str | None
    recipient: str | None
    in_response_to: str | None
    subject_confirmation_in_response_to: str | None
    issue_instant: dt.datetime
    not_before: dt.datetime | None
    not_on_or_after: dt.datetime | None
    confirmation_not_on_or_after: dt.datetime | None
    authn_instant: dt.datetime
    key: SigningKey
    certificate: SigningKey
    response_issuer: str | None
    assertion_id: str
    session_index: str | None
    name_id: str = ""
    name_id_format: str | None = None
    claims: Mapping[str, Sequence[str]] = field(default_factory=dict)
    signing: Signing = "assertion"
    signature_method: str = "sha256"
    digest_method: str = "sha256"
    response_id: str = field(default_factory=new_id)
    authn_context: str = PASSWORD
    status: str = SUCCESS
    nested_status: str = ""
    status_message: str = ""
    drop: Sequence[str] = ()
    encrypt_for: str = ""
    encrypt_name_id_for: str = ""
    content_encryption: str = encryption.USUAL_CONTENT
    key_transport: str = encryption.USUAL_TRANSPORT
    before_signing: Edit | None = None
    after_signing: Edit | None = None


def instant(moment: dt.datetime) -> str:
    """Return a time in UTC with milliseconds and Z."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def write(answer: SamlResponse) -> str:
    """Return the signed Response, base64, as the SAMLResponse form field carries it."""
    response = response_element(answer)
    assertion = assertion_element(answer)
    response.append(assertion)
    for name in answer.drop:
        _remove(response, name)
    if answer.before_signing:
        answer.before_signing(response)
    _sign_all(answer, response)
    if answer.after_signing:
        answer.after_signing(response)
    return encode(response)


def encode(response: etree._Element) -> str:
    """Return base64 of the serialized element, without an XML declaration."""
    return base64.b64encode(etree.tostring(response)).decode()


def _remove(response: etree._Element, local_name: str) -> None:
    for element in list(response.iter(f"{{*}}{local_name}")):
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)


def _sign_all(answer: SamlResponse, response: etree._Element) -> None:
    assertion = response.find(f"{{{SAML}}}Assertion")
    name_id = response.find(f".//{{{SAML}}}NameID")
    if answer.encrypt_name_id_for and name_id is not None:
        _encrypt(answer, name_id, answer.encrypt_name_id_for, "EncryptedID")
    if answer.signing in {"assertion", "both"} and assertion is not None:
        _sign_one(answer, assertion)
    # Encrypted with its signature inside, and then covered by the response's.
    if answer.encrypt_for and assertion is not None:
        _encrypt(answer, assertion, answer.encrypt_for, "EncryptedAssertion")
    if answer.signing in {"response", "both"}:
        _sign_one(answer, response)


def _encrypt(answer: SamlResponse, element: etree._Element, certificate: str, container: str) -> None:
    encryption.encrypt(
        element,
        certificate,
        container=container,
        content_method=answer.content_encryption,
        key_transport=answer.key_transport,
    )


def _sign_one(answer: SamlResponse, element: etree._Element) -> None:
    has_issuer = element.find(f"{{{SAML}}}Issuer") is not None
    sign(
        element,
        answer.key,
        position=1 if has_issuer else 0,
        shown=None if "KeyInfo" in answer.drop else answer.certificate,
        signature_method=answer.signature_method,
        digest_method=answer.digest_method,
    )


def response_element(answer: SamlResponse) -> etree._Element:
    """Return samlp:Response with its Issuer and Status, without an assertion."""
    response = etree.Element(f"{{{SAMLP}}}Response", nsmap={"samlp": SAMLP})
    _set(response, "ID", answer.response_id)
    _set(response, "Version", "2.0")
    _set(response, "IssueInstant", instant(answer.issue_instant))
    _set(response, "Destination", answer.destination)
    _set(response, "InResponseTo", answer.in_response_to)
    if answer.response_issuer is not None:
        issuer = etree.SubElement(response, f"{{{SAML}}}Issuer", nsmap=no_prefix(SAML))
        issuer.text = answer.response_issuer
    response.append(_status(answer))
    return response


def _status(answer: SamlResponse) -> etree._Element:
    status = etree.Element(f"{{{SAMLP}}}Status", nsmap={"samlp": SAMLP})
    code = etree.SubElement(status, f"{{{SAMLP}}}StatusCode", Value=answer.status)
    if answer.nested_status:
        etree.SubElement(code, f"{{{SAMLP}}}StatusCode", Value=answer.nested_status)
    if answer.status_message:
        etree.SubElement(status, f"{{{SAMLP}}}StatusMessage").text = answer.status_message
    return status


def assertion_element(answer: SamlResponse) -> etree._Element:
    """Return the unsigned Assertion, with its own default namespace as Entra writes it."""
    assertion = etree.Element(f"{{{SAML}}}Assertion", nsmap=no_prefix(SAML))
    _set(assertion, "ID", answer.assertion_id)
    _set(assertion, "IssueInstant", instant(answer.issue_instant))
    _set(assertion, "Version", "2.0")
    _child(assertion, "Issuer", answer.issuer)
    _add_subject(assertion, answer)
    _add_conditions(assertion, answer)
    if answer.claims:
        _add_claims(assertion, answer.claims)
    _add_authn_statement(assertion, answer)
    return assertion


def _add_subject(assertion: etree._Element, answer: SamlResponse) -> None:
    subject = _child(assertion, "Subject")
    name_id = _child(subject, "NameID", answer.name_id)
    _set(name_id, "Format", answer.name_id_format)
    confirmation = _child(subject, "SubjectConfirmation")
    _set(confirmation, "Method", BEARER)
    data = _child(confirmation, "SubjectConfirmationData")
    _set(data, "InResponseTo", answer.subject_confirmation_in_response_to)
    _set_instant(data, "NotOnOrAfter", answer.confirmation_not_on_or_after)
    _set(data, "Recipient", answer.recipient)


def _add_conditions(assertion: etree._Element, answer: SamlResponse) -> None:
    conditions = _child(assertion, "Conditions")
    _set_instant(conditions, "NotBefore", answer.not_before)
    _set_instant(conditions, "NotOnOrAfter", answer.not_on_or_after)
    restriction = _child(conditions, "AudienceRestriction")
    audiences = [answer.audience] if isinstance(answer.audience, str) else answer.audience
    for audience in audiences:
        _child(restriction, "Audience", audience)


def _add_claims(assertion: etree._Element, claims: Mapping[str, Sequence[str]]) -> None:
    statement = _child(assertion, "AttributeStatement")
    for uri, values in claims.items():
        attribute = _child(statement, "Attribute")
        _set(attribute, "Name", uri)
        for value in values:
            _child(attribute, "AttributeValue", value)


def _add_authn_statement(assertion: etree._Element, answer: SamlResponse) -> None:
    statement = _child(assertion, "AuthnStatement")
    _set_instant(statement, "AuthnInstant", answer.authn_instant)
    _set(statement, "SessionIndex", answer.session_index)
    context = _child(statement, "AuthnContext")
    _child(context, "AuthnContextClassRef", answer.authn_context)


def _child(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{SAML}}}{name}")
    child.text = text
    return child


def _set(element: etree._Element, name: str, value: str | None) -> None:
    if value is not None:
        element.set(name, value)


def _set_instant(element: etree._Element, name: str, moment: dt.datetime | None) -> None:
    _set(element, name, instant(moment) if moment else None)
