"""Genuine responses are accepted, so that refusing everything would fail too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from sso.saml import CheckName, IdentityProvider, Outcome, ServiceProvider, validate_response
from tests.saml.judging import judge
from tests.saml.provider import (
    ACS,
    DS,
    EMAIL_CLAIM,
    ENTITY_FORMAT,
    ENTITY_ID,
    ENVELOPED,
    EXCLUSIVE,
    ISSUER,
    NOW,
    REQUEST,
    SamlResponse,
    confirmation,
    encode,
    expired_key_pair,
    idp,
    key_pair,
    stamp,
)

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
TYPED = (
    f'<AttributeStatement><Attribute Name="email"><AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" '
    f'xmlns:xsi="{XSI}" xsi:type="xs:string">adele@contoso.example</AttributeValue></Attribute></AttributeStatement>'
)
TARGETED_ID = (
    '<AttributeStatement><Attribute Name="urn:oid:1.3.6.1.4.1.5923.1.1.1.10"><AttributeValue>'
    "<NameID>opaque</NameID></AttributeValue></Attribute></AttributeStatement>"
)

HONEST = {
    "Entra, as it is set up by default": SamlResponse(),
    "Entra, sign the response": SamlResponse(sign="response"),
    "Entra, sign both": SamlResponse(sign="both"),
    "Entra, identifier that is no URI": SamlResponse(audiences=((f"spn:{ENTITY_ID}",),)),
    "a guest": SamlResponse(name_id="adele_fabrikam.example#EXT#@contoso.onmicrosoft.com"),
    "no attribute statement": SamlResponse(statement=""),
    "an empty attribute statement": SamlResponse(statement="<AttributeStatement/>"),
    "an empty attribute statement in a signed response": SamlResponse(
        sign="response", statement="<AttributeStatement/>"
    ),
    "an attribute without value": SamlResponse(attributes=((EMAIL_CLAIM, ()),)),
    "Okta, typed values": SamlResponse(statement=TYPED, prefix_list="xs"),
    "Shibboleth, nested name ID": SamlResponse(statement=TARGETED_ID),
    "Shibboleth, name ID for us": SamlResponse(name_qualifier=ENTITY_ID),
    "Keycloak, key name and key value": SamlResponse(key_info="keycloak"),
    "no key info": SamlResponse(key_info="none"),
    "ADFS, no Destination": SamlResponse(destination=None),
    "no InResponseTo on the envelope": SamlResponse(response_in_response_to=None),
    "no Issuer on the envelope": SamlResponse(response_issuer=None),
    "Issuer with its format": SamlResponse(issuer_format=ENTITY_FORMAT),
    "no window in Conditions": SamlResponse(not_before=None, not_on_or_after=None),
    "used once": SamlResponse(more_conditions="<OneTimeUse/>"),
    "several audiences": SamlResponse(audiences=(("https://other.example", ENTITY_ID),)),
    "several restrictions": SamlResponse(audiences=((ENTITY_ID,), (ENTITY_ID, "https://other.example"))),
    "a second confirmation": SamlResponse(
        more_confirmations=confirmation("urn:oasis:names:tc:SAML:2.0:cm:sender-vouches")
    ),
    "the second confirmation is ours": SamlResponse(
        recipient="https://other.example/acs", more_confirmations=confirmation(until=stamp(5))
    ),
    "its clock is four minutes ahead": SamlResponse(not_before=stamp(4), issued=stamp(4), authn_instant=stamp(4)),
    "its clock is four minutes behind": SamlResponse(not_on_or_after=stamp(-4), confirmed_until=stamp(-4)),
    "a session that ends": SamlResponse(session_until=stamp(480)),
    "whole seconds": SamlResponse(issued="2026-03-02T09:29:00Z"),
    "seven digits of a second": SamlResponse(issued="2026-03-02T09:29:00.1234567Z"),
    "enveloped transform alone": SamlResponse(transforms=(ENVELOPED,)),
    "canonicalization with comments": SamlResponse(transforms=(ENVELOPED, EXCLUSIVE + "WithComments")),
    "RSA with SHA-512": SamlResponse(
        signature_method=MORE + "rsa-sha512", digest_method="http://www.w3.org/2001/04/xmlenc#sha512"
    ),
    "RSA with SHA-384": SamlResponse(signature_method=MORE + "rsa-sha384", digest_method=MORE + "sha384"),
    "ECDSA": SamlResponse(pair=key_pair("ec", "ec"), signature_method=MORE + "ecdsa-sha256"),
}


@pytest.mark.parametrize("answer", HONEST.values(), ids=HONEST.keys())
def test_honest_responses_are_accepted(answer: SamlResponse) -> None:
    verdict = judge(answer, idp(answer.pair))
    assert verdict.failure is None
    assert verdict.accepted
    assert {check.outcome for check in verdict.checks} == {Outcome.PASSED}
    assert verdict.signed == answer.sign
    assert verdict.certificate == answer.pair.certificate.fingerprint


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(lambda xml: b"\xef\xbb\xbf" + xml, id="byte order mark"),
        pytest.param(lambda xml: b'<?xml version="1.0" encoding="UTF-8"?>' + xml, id="declaration"),
        pytest.param(lambda xml: b"<?xml version='1.0' standalone='yes'?>\r\n" + xml, id="standalone"),
        pytest.param(lambda xml: b"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8' ?>" + xml, id="both"),
    ],
)
def test_ways_to_write_the_same_document(written) -> None:
    assert judge(encode(written(SamlResponse().xml()))).accepted


def test_base64_may_be_broken_into_lines() -> None:
    encoded = SamlResponse().encoded()
    assert judge("\r\n".join(encoded[at : at + 76] for at in range(0, len(encoded), 76))).accepted


def test_what_the_provider_vouches_for() -> None:
    answer = SamlResponse(
        name_id="  adele@contoso.example\n",
        session_until=stamp(480),
        attributes=(("groups", ("a", " b ", "")), (EMAIL_CLAIM, ("adele@contoso.example",)), ("groups", ("a",))),
    )
    assertion = judge(answer).assertion
    assert assertion is not None
    assert (assertion.id, assertion.issuer, assertion.session_indexes) == ("_a1", ISSUER, ("_a1",))
    assert assertion.name_id == "adele@contoso.example"
    assert assertion.name_id_format == "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    assert dict(assertion.attributes) == {"groups": ("a", "b"), EMAIL_CLAIM: ("adele@contoso.example",)}
    assert assertion.authn_instant == datetime(2026, 3, 1, 10, 10, 0, 123000, tzinfo=UTC)
    assert assertion.session_not_on_or_after == datetime(2026, 3, 2, 17, 30, 0, 123000, tzinfo=UTC)
    assert assertion.not_on_or_after == datetime(2026, 3, 2, 10, 30, 0, 123000, tzinfo=UTC)
    with pytest.raises(TypeError):
        assertion.attributes["groups"] = ()


def test_nested_values_are_not_read_as_text() -> None:
    assertion = judge(SamlResponse(statement=TARGETED_ID)).assertion
    assert assertion is not None
    assert dict(assertion.attributes) == {"urn:oid:1.3.6.1.4.1.5923.1.1.1.10": ()}


def test_namespaces_declared_on_the_response_alone() -> None:
    """Prefixes that only a value uses, listed in PrefixList, in scope from outside the signed element."""
    declared = f'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="{XSI}" '

    def moved(source: str) -> str:
        return source.replace(declared, "").replace("<samlp:Response ", f"<samlp:Response {declared}", 1)

    answer = SamlResponse(statement=TYPED, prefix_list="xs", rewritten=moved)
    assert answer.xml().index(b"xmlns:xs=") < answer.xml().index(b"<Assertion")
    assert judge(answer).accepted


@pytest.mark.parametrize("sign", ["assertion", "response", "both"])
def test_indented_by_hand(sign: str) -> None:
    """Blanks everywhere, behind the signature too, before it is signed."""

    def indent(root: etree._Element) -> None:
        for element in root.iter():
            if len(element):
                element.text = "\n  "
            element.tail = "\n  "
        root.tail = None

    assert judge(SamlResponse(sign=sign, before=indent)).accepted


@pytest.mark.parametrize("sign", ["response", "both"])
def test_the_signature_first(sign: str) -> None:
    """A response without Issuer begins with its signature, and text may stand before and behind it."""

    def blanks(root: etree._Element) -> None:
        root.text = "\n "

    assert judge(SamlResponse(sign=sign, response_issuer=None, before=blanks)).accepted


def test_blanks_behind_the_signature() -> None:
    """Put there before signing, as a provider does that indents its documents."""
    for issuer in (ISSUER, None):
        answer = SamlResponse(
            sign="response", response_issuer=issuer, placed=lambda signature: setattr(signature, "tail", "\n\t")
        )
        assert b"</Signature>\n\t" in answer.xml()
        assert judge(answer).accepted


def test_every_key_of_the_metadata_counts_in_any_order() -> None:
    old, new = key_pair("old"), key_pair("new")
    for pairs in ((old, new), (new, old)):
        verdict = judge(SamlResponse(pair=new), idp(*pairs))
        assert verdict.accepted
        assert verdict.certificate == new.certificate.fingerprint


def test_expired_certificate_is_accepted_until_the_date_an_admin_set() -> None:
    pair = expired_key_pair()
    allowed = idp(pair, expired_certificates_until=NOW + timedelta(days=1))
    assert judge(SamlResponse(pair=pair), allowed).accepted


def test_sha1_is_accepted_until_the_date_an_admin_set() -> None:
    answer = SamlResponse(signature_method=DS + "rsa-sha1", digest_method=DS + "sha1")
    assert judge(answer, idp(sha1_until=NOW + timedelta(days=1))).accepted


def test_development_addresses_with_a_port() -> None:
    acs, entity = "http://localhost:8000/saml/2/acs/10001", "http://localhost:8000/saml/2/metadata/10001"
    answer = SamlResponse(destination=acs, recipient=acs, audiences=((entity,),))
    verdict = validate_response(
        answer.encoded(),
        service_provider=ServiceProvider(entity, acs),
        identity_provider=idp(),
        request=REQUEST,
        now=NOW,
    )
    assert verdict.accepted


def test_issuer_that_is_no_address_at_all() -> None:
    """JumpCloud's default."""
    provider = IdentityProvider("IdP Entity ID", (key_pair().certificate,), sso_post_url="https://sso.example/saml")
    answer = SamlResponse(issuer="IdP Entity ID", response_issuer="IdP Entity ID")
    assert judge(answer, provider).accepted


def test_the_verdict_depends_on_nothing_but_its_arguments() -> None:
    """A moment years away from the machine's clock, which python3-saml would ask."""
    answer = SamlResponse()
    assert judge(answer) == judge(answer)
    assert judge(SamlResponse(issued=stamp(60)), now=NOW + timedelta(minutes=64, seconds=50)).accepted
    assert not judge(answer, now=NOW + timedelta(minutes=65, seconds=10)).accepted
    assert not judge(answer, now=NOW - timedelta(minutes=11)).accepted
    assert ACS in judge(answer).checks[list(CheckName).index(CheckName.RECIPIENT)].received
