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
    SamlResponse,
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
        SamlResponse(response_in_response_to=None, in_response_to=None),
        CheckName.IN_RESPONSE_TO,
    ),
    "Destination longer than our ACS": (SamlResponse(destination=ACS + "/x"), CheckName.DESTINATION),
    "Destination with a query": (SamlResponse(destination=ACS + "?next=1"), CheckName.DESTINATION),
    "no Destination in a signed response": (SamlResponse(sign="response", destination=None), CheckName.DESTINATION),
    "Recipient that contains our ACS": (SamlResponse(recipient=f"https://evil.test/?u={ACS}"), CheckName.RECIPIENT),
    "Recipient of the organization 100010": (SamlResponse(recipient=ACS + "0"), CheckName.RECIPIENT),
    "no Recipient": (SamlResponse(recipient=None), CheckName.RECIPIENT),
    "no AudienceRestriction": (SamlResponse(audiences=()), CheckName.AUDIENCE),
    "no NotOnOrAfter anywhere": (SamlResponse(confirmed_until=None, not_on_or_after=None), CLOCK),
    "InResponseTo on the unsigned envelope only": (SamlResponse(in_response_to=None), CheckName.IN_RESPONSE_TO),
    "RSA-SHA1": (SamlResponse(signature_method=DS + "rsa-sha1"), CheckName.ALGORITHMS),
    "SHA-1 digest": (SamlResponse(digest_method=DS + "sha1"), CheckName.ALGORITHMS),
    "every address says evil.test": (
        SamlResponse(destination="https://evil.test/acs", recipient="https://evil.test/acs"),
        CheckName.DESTINATION,
    ),
    "one of two audience restrictions": (
        SamlResponse(audiences=((ENTITY_ID,), ("https://other.example",))),
        CheckName.AUDIENCE,
    ),
    "confirmation with a NotBefore": (SamlResponse(confirmed_from=stamp(-5)), CLOCK),
    "MD5": (
        SamlResponse(sign="none", after=lambda root: _claim(root, "http://www.w3.org/2001/04/xmldsig-more#rsa-md5")),
        CheckName.ALGORITHMS,
    ),
    "expired certificate": (SamlResponse(pair=expired_key_pair()), CheckName.CERTIFICATE_DATES),
}

REFUSED = {
    "version 1.1": (SamlResponse(version="1.1"), CheckName.RESPONSE_VERSION),
    "assertion of version 2.1": (SamlResponse(assertion_version="2.1"), CheckName.ASSERTION_VERSION),
    "declined": (SamlResponse(status=DECLINED), CheckName.STATUS),
    "Destination of another organization": (
        SamlResponse(destination=ACS.replace("10001", "10002")),
        CheckName.DESTINATION,
    ),
    "Destination in other case": (SamlResponse(destination=ACS.upper()), CheckName.DESTINATION),
    "empty Destination": (SamlResponse(destination=""), CheckName.DESTINATION),
    "envelope answers another request": (
        SamlResponse(response_in_response_to="_other"),
        CheckName.RESPONSE_IN_RESPONSE_TO,
    ),
    "assertion answers another request": (SamlResponse(in_response_to="_other"), CheckName.IN_RESPONSE_TO),
    "empty InResponseTo": (SamlResponse(in_response_to=""), CheckName.SCHEMA),
    "envelope of another issuer": (SamlResponse(response_issuer="https://evil.test/"), CheckName.RESPONSE_ISSUER),
    "assertion of another issuer": (SamlResponse(issuer="https://evil.test/"), CheckName.ISSUER),
    "issuer without its slash": (SamlResponse(issuer=ISSUER.rstrip("/")), CheckName.ISSUER),
    "issuer in upper case": (SamlResponse(issuer=ISSUER.upper()), CheckName.ISSUER),
    "issuer of another format": (
        SamlResponse(issuer_format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"),
        CheckName.ISSUER,
    ),
    "written tomorrow": (SamlResponse(issued=stamp(1440)), CheckName.ISSUE_INSTANT),
    "written six minutes from now": (SamlResponse(issued=stamp(6)), CheckName.ISSUE_INSTANT),
    "written in local time": (SamlResponse(issued="2026-03-02T09:29:00+01:00"), CheckName.ISSUE_INSTANT),
    "written in the year 99999": (SamlResponse(issued="99999-01-01T00:00:00Z"), CheckName.ISSUE_INSTANT),
    "no name ID": (SamlResponse(name_id=None), CheckName.SUBJECT),
    "empty name ID": (SamlResponse(name_id=""), CheckName.NAME_ID),
    "blank name ID": (SamlResponse(name_id=" \n "), CheckName.NAME_ID),
    "endless name ID": (SamlResponse(name_id="a" * 1025), CheckName.NAME_ID),
    "name ID for another service provider": (SamlResponse(name_qualifier="https://other.example"), CheckName.NAME_ID),
    "sender-vouches": (SamlResponse(method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"), CheckName.BEARER),
    "no confirmation data": (
        SamlResponse(before=lambda root: _drop(root, "SubjectConfirmationData")),
        CheckName.BEARER,
    ),
    "Recipient of another organization": (SamlResponse(recipient=ACS.replace("10001", "10002")), CheckName.RECIPIENT),
    "empty Recipient": (SamlResponse(recipient=""), CheckName.RECIPIENT),
    "Recipient with a slash": (SamlResponse(recipient=ACS + "/"), CheckName.RECIPIENT),
    "confirmation expired": (SamlResponse(confirmed_until=stamp(-6)), CLOCK),
    "confirmation in local time": (SamlResponse(confirmed_until="2026-03-02T10:30:00+00:00"), CLOCK),
    "two confirmations, each half right": (
        SamlResponse(
            in_response_to="_other", more_confirmations=confirmation(recipient="https://other.example", until=stamp(5))
        ),
        CheckName.IN_RESPONSE_TO,
    ),
    "unknown condition": (
        SamlResponse(
            more_conditions='<Condition xmlns:t="urn:test" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            'xsi:type="t:Moon"/>'
        ),
        CheckName.SCHEMA,
    ),
    "expired": (SamlResponse(not_on_or_after=stamp(-6)), CheckName.VALIDITY),
    "not yet valid": (SamlResponse(not_before=stamp(6)), CheckName.VALIDITY),
    "window turned round": (SamlResponse(not_before=stamp(2), not_on_or_after=stamp(-2)), CheckName.VALIDITY),
    "empty window": (SamlResponse(not_before=stamp(1), not_on_or_after=stamp(1)), CheckName.VALIDITY),
    "window in local time": (SamlResponse(not_on_or_after="2026-03-02T12:30:00+02:00"), CheckName.VALIDITY),
    "other audience": (SamlResponse(audiences=(("https://other.example",),)), CheckName.AUDIENCE),
    "audience of the organization 100010": (SamlResponse(audiences=((ENTITY_ID + "0",),)), CheckName.AUDIENCE),
    "signed in tomorrow": (SamlResponse(authn_instant=stamp(1440)), CheckName.AUTHN_STATEMENT),
    "session over": (SamlResponse(session_until=stamp(-6)), CheckName.SESSION_TIME),
    "session in local time": (SamlResponse(session_until="2026-03-02T18:00:00+01:00"), CheckName.SESSION_TIME),
    "tenant of somebody else": (
        SamlResponse(attributes=((TENANT_CLAIM, ("99999999-6a52-4d0e-9c1d-5b7a2f6e8d41",)),)),
        CheckName.TENANT,
    ),
    "two tenants": (
        SamlResponse(attributes=((TENANT_CLAIM, ("0f3c9b1e-6a52-4d0e-9c1d-5b7a2f6e8d41", "9" * 8)),)),
        CheckName.TENANT,
    ),
    "elements in the address": (
        SamlResponse(
            statement=f'<AttributeStatement><Attribute Name="{EMAIL_CLAIM}"><AttributeValue>adele@contoso.example'
            "<x xmlns=''/>.evil.test</AttributeValue></Attribute></AttributeStatement>"
        ),
        CheckName.ATTRIBUTES,
    ),
    "elements in the tenant": (
        SamlResponse(
            statement=f'<AttributeStatement><Attribute Name="{TENANT_CLAIM}"><AttributeValue><x xmlns=""/>'
            "</AttributeValue></Attribute></AttributeStatement>"
        ),
        CheckName.ATTRIBUTES,
    ),
    "two subjects": (SamlResponse(extra=SUBJECT), CheckName.SCHEMA),
    "element in the name ID": (
        SamlResponse(name_id_xml="<NameID>a@contoso.example<x xmlns=''/>.evil</NameID>"),
        CheckName.SCHEMA,
    ),
    "no AuthnStatement": (SamlResponse(before=lambda root: _drop(root, "AuthnStatement")), CheckName.AUTHN_STATEMENT),
    "no Conditions": (SamlResponse(before=lambda root: _drop(root, "Conditions")), CheckName.CONDITIONS),
    "no Status": (SamlResponse(before=lambda root: _drop(root, "Status")), CheckName.STATUS),
    "no assertion": (SamlResponse(before=lambda root: _drop(root, "Assertion")), CheckName.ONE_ASSERTION),
    "encrypted assertion beside it": (
        SamlResponse(
            before=lambda root: etree.SubElement(root, root[-1].tag.replace("Assertion", "EncryptedAssertion"))
        ),
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
    signed = SamlResponse().document()
    signature = signed.find("{*}Assertion/{*}Signature")
    assert signature is not None
    signature[0][1].set("Algorithm", method)
    root[-1].insert(1, signature)


@pytest.mark.parametrize(("answer", "name"), ACCEPTED_BY_THE_TOOLKIT.values(), ids=ACCEPTED_BY_THE_TOOLKIT.keys())
def test_what_the_toolkit_alone_would_let_in(answer: SamlResponse, name: CheckName) -> None:
    assert_refused(judge(answer, idp(answer.pair)), name)


@pytest.mark.parametrize(("answer", "name"), REFUSED.values(), ids=REFUSED.keys())
def test_broken_responses_are_refused(answer: SamlResponse, name: CheckName) -> None:
    assert_refused(judge(answer), name)


def test_signed_by_somebody_else() -> None:
    verdict = judge(SamlResponse(pair=key_pair("eve")))
    assert_refused(verdict, CheckName.SIGNATURE)
    assert (verdict.signed, verdict.certificate) == ("", "")


def test_the_log_says_who_signed_what_was_refused_later() -> None:
    verdict = judge(SamlResponse(recipient="https://other.example"))
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

    assert_refused(judge(SamlResponse(sign="both", after=resign)), CheckName.SIGNATURE)


def test_claims_are_told_as_soon_as_they_are_verified() -> None:
    """So that the admin sees whom a refusal was about; a forged one says nothing."""
    accepted = judge(SamlResponse())
    assert accepted.assertion is not None
    assert accepted.claims == (
        accepted.assertion.name_id,
        accepted.assertion.name_id_format,
        accepted.assertion.attributes,
    )
    assert judge(SamlResponse(audiences=(("https://other.test/",),))).claims == accepted.claims
    assert judge(SamlResponse(pair=key_pair("eve"))).claims is None
    assert judge("nonsense").claims is None
    changed = judge(
        SamlResponse(after=lambda root: setattr(next(root.iter("{*}NameID")), "text", "admin@contoso.example"))
    )
    assert_refused(changed, CheckName.SIGNED_CONTENT)
    assert changed.claims is None


def test_no_trusted_certificate_at_all() -> None:
    provider = idp()
    assert_refused(judge(SamlResponse(), type(provider)(provider.entity_id, ())), CheckName.SIGNATURE)


def test_certificate_that_is_not_valid_yet() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pair = issue(key, NOW + timedelta(days=1), NOW + timedelta(days=9))
    assert_refused(judge(SamlResponse(pair=pair), idp(pair)), CheckName.CERTIFICATE_DATES)


def test_waivers_end_by_themselves() -> None:
    yesterday = NOW - timedelta(days=1)
    expired = expired_key_pair()
    assert_refused(
        judge(SamlResponse(pair=expired), idp(expired, expired_certificates_until=yesterday)),
        CheckName.CERTIFICATE_DATES,
    )
    sha1 = SamlResponse(signature_method=DS + "rsa-sha1", digest_method=DS + "sha1")
    assert_refused(judge(sha1, idp(sha1_until=yesterday)), CheckName.ALGORITHMS)
    assert_refused(judge(sha1, idp(sha1_until=NOW)), CheckName.ALGORITHMS)


def test_what_the_provider_said_when_it_declined() -> None:
    detail = (
        "<samlp:StatusMessage>AADSTS50105: not assigned\r\n\x7fTrace ID: 1\u202e"
        + "x" * 3000
        + "</samlp:StatusMessage>"
    )
    verdict = judge(SamlResponse(sign="none", status=DECLINED, status_detail=detail))
    assert_refused(verdict, CheckName.STATUS)
    assert verdict.status_message.startswith("AADSTS50105: not assigned Trace ID: 1 x")
    assert len(verdict.status_message) <= 1000
    assert verdict.status_message.isprintable()
    assert judge(SamlResponse()).status_message == ""


def test_an_inner_status_code_stands_in_for_a_message() -> None:
    def nest(text: str) -> str:
        inner = '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:NoPassive"/>'
        return text.replace(
            f'<samlp:StatusCode Value="{DECLINED}"/>',
            f'<samlp:StatusCode Value="{DECLINED}">{inner}</samlp:StatusCode>',
        )

    verdict = judge(SamlResponse(sign="none", status=DECLINED, rewritten=nest))
    assert verdict.status_message == "NoPassive"
    assert verdict.failure is not None
    assert verdict.failure.received == f"{DECLINED}, urn:oasis:names:tc:SAML:2.0:status:NoPassive"


def test_a_complaint_of_the_schema_is_shown_to_its_point() -> None:
    verdict = judge(
        SamlResponse(sign="none", before=lambda root: etree.SubElement(root, "{urn:example:" + "x" * 300 + "}y"))
    )
    assert verdict.failure is not None
    assert "is not expected" in verdict.failure.received, verdict.failure.received


def test_an_issuer_with_elements_is_no_issuer_even_without_the_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text before an element would be ours; a reader that joins all text would see another issuer."""

    def with_an_element(text: str) -> str:
        return text.replace("</Issuer>", "<b xmlns='urn:x'/>.evil.test</Issuer>", 1)

    break_rules(monkeypatch, CheckName.SCHEMA)
    verdict = judge(SamlResponse(rewritten=with_an_element))
    assert_refused(verdict, CheckName.RESPONSE_ISSUER)
    assert verdict.failure is not None
    assert verdict.failure.received == "an issuer with elements in it"
