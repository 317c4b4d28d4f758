"""Signed by the right key, and still refused: one broken thing each, and the check that has to see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from sso.saml import CheckName
from tests.saml.judging import assert_refused, break_rules, judge
from tests.saml.provider import (
    ACS,
    DS,
    EMAIL_CLAIM,
    ENTITY_ID,
    ISSUER,
    NOW,
    TENANT_CLAIM,
    Answer,
    confirmation,
    expired_key_pair,
    idp,
    issue,
    key_pair,
    stamp,
)

DECLINED = "urn:oasis:names:tc:SAML:2.0:status:Responder"
SUBJECT = "<Subject><NameID>eve@contoso.example</NameID></Subject>"
CLOCK = CheckName.CONFIRMATION_TIME

# What python3-saml 1.16 accepts, strict, with a valid signature and a request ID.
ACCEPTED_BY_THE_TOOLKIT = {
    "no InResponseTo anywhere": (
        Answer(response_in_response_to=None, in_response_to=None),
        CheckName.IN_RESPONSE_TO,
    ),
    "Destination longer than our ACS": (Answer(destination=ACS + "/x"), CheckName.DESTINATION),
    "Destination with a query": (Answer(destination=ACS + "?next=1"), CheckName.DESTINATION),
    "no Destination in a signed response": (Answer(sign="response", destination=None), CheckName.DESTINATION),
    "Recipient that contains our ACS": (Answer(recipient=f"https://evil.test/?u={ACS}"), CheckName.RECIPIENT),
    "Recipient of the organization 100010": (Answer(recipient=ACS + "0"), CheckName.RECIPIENT),
    "no Recipient": (Answer(recipient=None), CheckName.RECIPIENT),
    "no AudienceRestriction": (Answer(audiences=()), CheckName.AUDIENCE),
    "no NotOnOrAfter anywhere": (Answer(confirmed_until=None, not_on_or_after=None), CLOCK),
    "InResponseTo on the unsigned envelope only": (Answer(in_response_to=None), CheckName.IN_RESPONSE_TO),
    "RSA-SHA1": (Answer(signature_method=DS + "rsa-sha1"), CheckName.ALGORITHMS),
    "SHA-1 digest": (Answer(digest_method=DS + "sha1"), CheckName.ALGORITHMS),
    "every address says evil.test": (
        Answer(destination="https://evil.test/acs", recipient="https://evil.test/acs"),
        CheckName.DESTINATION,
    ),
    "one of two audience restrictions": (
        Answer(audiences=((ENTITY_ID,), ("https://other.example",))),
        CheckName.AUDIENCE,
    ),
    "confirmation with a NotBefore": (Answer(confirmed_from=stamp(-5)), CLOCK),
    "MD5": (
        Answer(sign="none", after=lambda root: _claim(root, "http://www.w3.org/2001/04/xmldsig-more#rsa-md5")),
        CheckName.ALGORITHMS,
    ),
    "expired certificate": (Answer(pair=expired_key_pair()), CheckName.CERTIFICATE_DATES),
}

REFUSED = {
    "version 1.1": (Answer(version="1.1"), CheckName.RESPONSE_VERSION),
    "assertion of version 2.1": (Answer(assertion_version="2.1"), CheckName.ASSERTION_VERSION),
    "declined": (Answer(status=DECLINED), CheckName.STATUS),
    "Destination of another organization": (Answer(destination=ACS.replace("10001", "10002")), CheckName.DESTINATION),
    "Destination in other case": (Answer(destination=ACS.upper()), CheckName.DESTINATION),
    "empty Destination": (Answer(destination=""), CheckName.DESTINATION),
    "envelope answers another request": (
        Answer(response_in_response_to="_other"),
        CheckName.RESPONSE_IN_RESPONSE_TO,
    ),
    "assertion answers another request": (Answer(in_response_to="_other"), CheckName.IN_RESPONSE_TO),
    "empty InResponseTo": (Answer(in_response_to=""), CheckName.SCHEMA),
    "envelope of another issuer": (Answer(response_issuer="https://evil.test/"), CheckName.RESPONSE_ISSUER),
    "assertion of another issuer": (Answer(issuer="https://evil.test/"), CheckName.ISSUER),
    "issuer without its slash": (Answer(issuer=ISSUER.rstrip("/")), CheckName.ISSUER),
    "issuer in upper case": (Answer(issuer=ISSUER.upper()), CheckName.ISSUER),
    "issuer of another format": (
        Answer(issuer_format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"),
        CheckName.ISSUER,
    ),
    "written tomorrow": (Answer(issued=stamp(1440)), CheckName.ISSUE_INSTANT),
    "written six minutes from now": (Answer(issued=stamp(6)), CheckName.ISSUE_INSTANT),
    "written in local time": (Answer(issued="2026-03-02T09:29:00+01:00"), CheckName.ISSUE_INSTANT),
    "written in the year 99999": (Answer(issued="99999-01-01T00:00:00Z"), CheckName.ISSUE_INSTANT),
    "no name ID": (Answer(name_id=None), CheckName.SUBJECT),
    "empty name ID": (Answer(name_id=""), CheckName.NAME_ID),
    "blank name ID": (Answer(name_id=" \n "), CheckName.NAME_ID),
    "endless name ID": (Answer(name_id="a" * 1025), CheckName.NAME_ID),
    "name ID for another service provider": (Answer(name_qualifier="https://other.example"), CheckName.NAME_ID),
    "sender-vouches": (Answer(method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"), CheckName.BEARER),
    "no confirmation data": (
        Answer(before=lambda root: _drop(root, "SubjectConfirmationData")),
        CheckName.BEARER,
    ),
    "Recipient of another organization": (Answer(recipient=ACS.replace("10001", "10002")), CheckName.RECIPIENT),
    "empty Recipient": (Answer(recipient=""), CheckName.RECIPIENT),
    "Recipient with a slash": (Answer(recipient=ACS + "/"), CheckName.RECIPIENT),
    "confirmation expired": (Answer(confirmed_until=stamp(-6)), CLOCK),
    "confirmation in local time": (Answer(confirmed_until="2026-03-02T10:30:00+00:00"), CLOCK),
    "two confirmations, each half right": (
        Answer(
            in_response_to="_other", more_confirmations=confirmation(recipient="https://other.example", until=stamp(5))
        ),
        CheckName.IN_RESPONSE_TO,
    ),
    "unknown condition": (
        Answer(
            more_conditions='<Condition xmlns:t="urn:test" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            'xsi:type="t:Moon"/>'
        ),
        CheckName.SCHEMA,
    ),
    "expired": (Answer(not_on_or_after=stamp(-6)), CheckName.VALIDITY),
    "not yet valid": (Answer(not_before=stamp(6)), CheckName.VALIDITY),
    "window turned round": (Answer(not_before=stamp(2), not_on_or_after=stamp(-2)), CheckName.VALIDITY),
    "empty window": (Answer(not_before=stamp(1), not_on_or_after=stamp(1)), CheckName.VALIDITY),
    "window in local time": (Answer(not_on_or_after="2026-03-02T12:30:00+02:00"), CheckName.VALIDITY),
    "other audience": (Answer(audiences=(("https://other.example",),)), CheckName.AUDIENCE),
    "audience of the organization 100010": (Answer(audiences=((ENTITY_ID + "0",),)), CheckName.AUDIENCE),
    "signed in tomorrow": (Answer(authn_instant=stamp(1440)), CheckName.AUTHN_STATEMENT),
    "session over": (Answer(session_until=stamp(-6)), CheckName.SESSION_TIME),
    "session in local time": (Answer(session_until="2026-03-02T18:00:00+01:00"), CheckName.SESSION_TIME),
    "tenant of somebody else": (
        Answer(attributes=((TENANT_CLAIM, ("99999999-6a52-4d0e-9c1d-5b7a2f6e8d41",)),)),
        CheckName.TENANT,
    ),
    "two tenants": (
        Answer(attributes=((TENANT_CLAIM, ("0f3c9b1e-6a52-4d0e-9c1d-5b7a2f6e8d41", "9" * 8)),)),
        CheckName.TENANT,
    ),
    "elements in the address": (
        Answer(
            statement=f'<AttributeStatement><Attribute Name="{EMAIL_CLAIM}"><AttributeValue>adele@contoso.example'
            "<x xmlns=''/>.evil.test</AttributeValue></Attribute></AttributeStatement>"
        ),
        CheckName.ATTRIBUTES,
    ),
    "elements in the tenant": (
        Answer(
            statement=f'<AttributeStatement><Attribute Name="{TENANT_CLAIM}"><AttributeValue><x xmlns=""/>'
            "</AttributeValue></Attribute></AttributeStatement>"
        ),
        CheckName.ATTRIBUTES,
    ),
    "two subjects": (Answer(extra=SUBJECT), CheckName.SCHEMA),
    "element in the name ID": (
        Answer(name_id_xml="<NameID>a@contoso.example<x xmlns=''/>.evil</NameID>"),
        CheckName.SCHEMA,
    ),
    "no AuthnStatement": (Answer(before=lambda root: _drop(root, "AuthnStatement")), CheckName.AUTHN_STATEMENT),
    "no Conditions": (Answer(before=lambda root: _drop(root, "Conditions")), CheckName.CONDITIONS),
    "no Status": (Answer(before=lambda root: _drop(root, "Status")), CheckName.STATUS),
    "no assertion": (Answer(before=lambda root: _drop(root, "Assertion")), CheckName.ONE_ASSERTION),
    "encrypted assertion beside it": (
        Answer(before=lambda root: etree.SubElement(root, root[-1].tag.replace("Assertion", "EncryptedAssertion"))),
        CheckName.ENCRYPTION,
    ),
}


def _drop(root: etree._Element, name: str) -> None:
    for element in list(root.iter("{*}" + name)):
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)


def _claim(root: etree._Element, method: str) -> None:
    """Put a signature there that names an algorithm, without making one."""
    signed = Answer().document()
    signature = signed.find("{*}Assertion/{*}Signature")
    assert signature is not None
    signature[0][1].set("Algorithm", method)
    root[-1].insert(1, signature)


@pytest.mark.parametrize(("answer", "name"), ACCEPTED_BY_THE_TOOLKIT.values(), ids=ACCEPTED_BY_THE_TOOLKIT.keys())
def test_what_the_toolkit_alone_would_let_in(answer: Answer, name: CheckName) -> None:
    assert_refused(judge(answer, idp(answer.pair)), name)


@pytest.mark.parametrize(("answer", "name"), REFUSED.values(), ids=REFUSED.keys())
def test_broken_responses_are_refused(answer: Answer, name: CheckName) -> None:
    assert_refused(judge(answer), name)


def test_signed_by_somebody_else() -> None:
    verdict = judge(Answer(pair=key_pair("eve")))
    assert_refused(verdict, CheckName.SIGNATURE)
    assert (verdict.signed, verdict.certificate) == ("", "")


def test_the_log_says_who_signed_what_was_refused_later() -> None:
    verdict = judge(Answer(recipient="https://other.example"))
    assert verdict.signed == "assertion"
    assert verdict.certificate == key_pair().certificate.fingerprint


def test_one_good_signature_does_not_excuse_the_other() -> None:
    def resign(root: etree._Element) -> None:
        signature = root.find("{*}Signature")
        assert signature is not None
        value = signature.find("{*}SignatureValue")
        assert value is not None
        text = value.text or ""
        value.text = ("B" if text[0] == "A" else "A") + text[1:]

    assert_refused(judge(Answer(sign="both", after=resign)), CheckName.SIGNATURE)


def test_claims_are_told_as_soon_as_they_are_verified() -> None:
    """So that the admin sees whom a refusal was about; a forged one says nothing."""
    accepted = judge(Answer())
    assert accepted.assertion is not None
    assert accepted.claims == (
        accepted.assertion.name_id,
        accepted.assertion.name_id_format,
        accepted.assertion.attributes,
    )
    assert judge(Answer(audiences=(("https://other.test/",),))).claims == accepted.claims
    assert judge(Answer(pair=key_pair("eve"))).claims is None
    assert judge("nonsense").claims is None
    changed = judge(Answer(after=lambda root: setattr(next(root.iter("{*}NameID")), "text", "admin@contoso.example")))
    assert_refused(changed, CheckName.SIGNED_CONTENT)
    assert changed.claims is None


def test_no_trusted_certificate_at_all() -> None:
    provider = idp()
    assert_refused(judge(Answer(), type(provider)(provider.entity_id, ())), CheckName.SIGNATURE)


def test_certificate_that_is_not_valid_yet() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pair = issue(key, NOW + timedelta(days=1), NOW + timedelta(days=9))
    assert_refused(judge(Answer(pair=pair), idp(pair)), CheckName.CERTIFICATE_DATES)


def test_exceptions_end_by_themselves() -> None:
    yesterday = NOW - timedelta(days=1)
    expired = expired_key_pair()
    assert_refused(
        judge(Answer(pair=expired), idp(expired, expired_certificates_until=yesterday)), CheckName.CERTIFICATE_DATES
    )
    sha1 = Answer(signature_method=DS + "rsa-sha1", digest_method=DS + "sha1")
    assert_refused(judge(sha1, idp(sha1_until=yesterday)), CheckName.ALGORITHMS)
    assert_refused(judge(sha1, idp(sha1_until=NOW)), CheckName.ALGORITHMS)


def test_what_the_provider_said_when_it_declined() -> None:
    detail = (
        "<samlp:StatusMessage>AADSTS50105: not assigned\r\n\x7fTrace ID: 1\u202e"
        + "x" * 3000
        + "</samlp:StatusMessage>"
    )
    verdict = judge(Answer(sign="none", status=DECLINED, status_detail=detail))
    assert_refused(verdict, CheckName.STATUS)
    assert verdict.status_message.startswith("AADSTS50105: not assigned Trace ID: 1 x")
    assert len(verdict.status_message) <= 1000
    assert verdict.status_message.isprintable()
    assert judge(Answer()).status_message == ""


def test_an_inner_status_code_stands_in_for_a_message() -> None:
    def nest(text: str) -> str:
        inner = '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:NoPassive"/>'
        return text.replace(
            f'<samlp:StatusCode Value="{DECLINED}"/>',
            f'<samlp:StatusCode Value="{DECLINED}">{inner}</samlp:StatusCode>',
        )

    verdict = judge(Answer(sign="none", status=DECLINED, rewritten=nest))
    assert verdict.status_message == "NoPassive"
    assert verdict.failure is not None
    assert verdict.failure.received == f"{DECLINED}, urn:oasis:names:tc:SAML:2.0:status:NoPassive"


def test_a_complaint_of_the_schema_is_shown_to_its_point() -> None:
    verdict = judge(Answer(sign="none", before=lambda root: etree.SubElement(root, "{urn:example:" + "x" * 300 + "}y")))
    assert verdict.failure is not None
    assert "is not expected" in verdict.failure.received, verdict.failure.received


def test_an_issuer_with_elements_is_no_issuer_even_without_the_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text before an element would be ours; a reader that joins all text would see another issuer."""

    def with_an_element(text: str) -> str:
        return text.replace("</Issuer>", "<b xmlns='urn:x'/>.evil.test</Issuer>", 1)

    break_rules(monkeypatch, CheckName.SCHEMA)
    verdict = judge(Answer(rewritten=with_an_element))
    assert_refused(verdict, CheckName.RESPONSE_ISSUER)
    assert verdict.failure is not None
    assert verdict.failure.received == "an issuer with elements in it"
