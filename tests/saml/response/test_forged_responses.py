"""Responses of an attacker who has a genuine one, or nothing at all: wrapping, unsigned parts, swapped keys."""

from __future__ import annotations

from copy import deepcopy

import pytest
from lxml import etree

from sso.saml import CheckName
from sso.saml.response.context import ResponseContext
from sso.saml.response.response_rules import issued_by
from sso.saml.response.signature_rules import signed_content
from tests.saml.judging import assert_refused, judge
from tests.saml.provider import DS, EMAIL_CLAIM, ISSUER, NOW, REQUEST, SP, SamlResponse, encode, idp, key_pair, sign

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
OBJECT = f"{{{DS}}}Object"
EVIL = "eve@evil.test"
BASES = ("assertion", "response", "both")


def forged_assertion(genuine: etree._Element, new_id: str | None) -> etree._Element:
    """Return the attacker's copy: without its signature, about another user, under another, the same or no ID."""
    evil = deepcopy(genuine)
    for signature in evil.findall(f"{{{DS}}}Signature"):
        evil.remove(signature)
    name = evil.find(f"{SAML}Subject/{SAML}NameID")
    assert name is not None
    name.text = EVIL
    if new_id is None:
        del evil.attrib["ID"]
    else:
        evil.set("ID", new_id)
    return evil


def beside_before(root: etree._Element, evil: etree._Element) -> None:
    root.insert(len(root) - 1, evil)


def beside_after(root: etree._Element, evil: etree._Element) -> None:
    root.append(evil)


def instead_with_original_in_extensions(root: etree._Element, evil: etree._Element) -> None:
    original = root[-1]
    root.replace(original, evil)
    extensions = etree.Element(SAMLP + "Extensions")
    extensions.append(original)
    root.insert(1, extensions)


def instead_with_original_in_status_detail(root: etree._Element, evil: etree._Element) -> None:
    original = root[-1]
    root.replace(original, evil)
    status = root.find(SAMLP + "Status")
    assert status is not None
    etree.SubElement(status, SAMLP + "StatusDetail").append(original)


def around_the_original(root: etree._Element, evil: etree._Element) -> None:
    original = root[-1]
    root.replace(original, evil)
    evil.append(original)


def original_in_the_signatures_object(root: etree._Element, evil: etree._Element) -> None:
    original = root[-1]
    signature = original.find(f"{{{DS}}}Signature")
    root.replace(original, evil)
    if signature is None:
        signature = etree.Element(f"{{{DS}}}Signature")
    evil.insert(1, signature)
    etree.SubElement(signature, OBJECT).append(original)


def original_in_an_attribute_value(root: etree._Element, evil: etree._Element) -> None:
    original = root[-1]
    root.replace(original, evil)
    value = evil.find(f"{SAML}AttributeStatement/{SAML}Attribute/{SAML}AttributeValue")
    assert value is not None
    value.append(original)


def original_in_the_subject(root: etree._Element, evil: etree._Element) -> None:
    original = root[-1]
    root.replace(original, evil)
    data = evil.find(f"{SAML}Subject/{SAML}SubjectConfirmation/{SAML}SubjectConfirmationData")
    assert data is not None
    data.append(original)


def with_the_original_signature(root: etree._Element, evil: etree._Element) -> None:
    original = root[-1]
    signature = original.find(f"{{{DS}}}Signature")
    if signature is not None:
        evil.insert(1, signature)
    root.replace(original, evil)


def whole_response_inside_another(root: etree._Element, evil: etree._Element) -> None:
    genuine = deepcopy(root)
    for signature in root.findall(f"{{{DS}}}Signature"):
        root.remove(signature)
    root.replace(root[-1], evil)
    root.set("ID", "_other")
    extensions = etree.Element(SAMLP + "Extensions")
    extensions.append(genuine)
    root.insert(1, extensions)


PLACES = (
    beside_before,
    beside_after,
    instead_with_original_in_extensions,
    instead_with_original_in_status_detail,
    around_the_original,
    original_in_the_signatures_object,
    original_in_an_attribute_value,
    original_in_the_subject,
    with_the_original_signature,
    whole_response_inside_another,
)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("new_id", ["_evil", "_a1", None], ids=["other ID", "same ID", "no ID"])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_wrapping(base: str, new_id: str | None, place) -> None:
    root = SamlResponse(sign=base).document()
    place(root, forged_assertion(root[-1], new_id))
    verdict = judge(encode(etree.tostring(root)))
    assert not verdict.accepted
    assert EVIL not in repr(verdict.assertion)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(
    "change",
    [
        pytest.param((b"adele@contoso.example</NameID>", b"eve@contoso.example</NameID>"), id="name ID"),
        pytest.param((b"adele@contoso.example</AttributeValue>", b"eve@contoso.example</AttributeValue>"), id="claim"),
        pytest.param((b"T10:30:00", b"T23:30:00"), id="time"),
        pytest.param((b"<Conditions ", b"<Conditions  x:y='1' xmlns:x='urn:x' "), id="attribute"),
        pytest.param((b"</Conditions>", b" </Conditions>"), id="blank"),
    ],
)
def test_changed_after_signing(base: str, change: tuple[bytes, bytes]) -> None:
    xml = SamlResponse(sign=base).xml()
    assert change[0] in xml
    verdict = judge(encode(xml.replace(*change)))
    assert verdict.failure is not None
    assert verdict.failure.name in (CheckName.SIGNED_CONTENT, CheckName.SCHEMA)


def test_unsigned() -> None:
    assert_refused(judge(SamlResponse(sign="none")), CheckName.SIGNATURE_PLACES)


def test_signed_elsewhere() -> None:
    """A genuine signature over an element that is not read proves nothing."""

    def sign_the_status(root: etree._Element) -> None:
        status = root.find(SAMLP + "Status")
        assert status is not None
        status.set("ID", "_s1")
        sign(status, SamlResponse())

    assert not judge(SamlResponse(sign="none", after=sign_the_status)).accepted


def test_signature_moved_into_an_advice() -> None:
    def move(root: etree._Element) -> None:
        assertion = root[-1]
        signature = assertion.find(f"{{{DS}}}Signature")
        conditions = assertion.find(SAML + "Conditions")
        assert signature is not None
        assert conditions is not None
        advice = etree.Element(SAML + "Advice")
        conditions.addnext(advice)
        advice.append(signature)

    assert_refused(judge(SamlResponse(after=move)), CheckName.SIGNATURE_PLACES)


def test_the_key_in_the_document_is_not_believed() -> None:
    """Self-consistent, with the attacker's certificate in KeyInfo, under the name of the genuine one."""
    eve = key_pair("eve")
    assert_refused(judge(SamlResponse(pair=eve)), CheckName.SIGNATURE)
    assert_refused(judge(SamlResponse(pair=eve, key_info="keycloak")), CheckName.SIGNATURE)
    assert_refused(judge(SamlResponse(pair=eve, key_info="none")), CheckName.SIGNATURE)


def test_key_from_elsewhere() -> None:
    assert_refused(judge(SamlResponse(key_info="retrieval")), CheckName.KEY_INFO)


def test_only_what_is_signed_is_ever_read() -> None:
    """Without a signature there is nothing to read, whatever the checks before may have said."""

    def case(encoded: str) -> ResponseContext:
        return ResponseContext(encoded, service_provider=SP, identity_provider=idp(), request=REQUEST, now=NOW)

    with pytest.raises(ValueError, match="nothing is signed"):
        _ = case(SamlResponse(sign="none").encoded()).assertion
    signature = next(SamlResponse().document().iter(f"{{{DS}}}Signature"))
    with pytest.raises(ValueError, match="can't be the document"):
        _ = case(encode(etree.tostring(signature, with_tail=False))).signed_contents
    assert not issued_by([], ISSUER).passed


def test_the_digest_is_made_a_second_time() -> None:
    """A tree that changes between the signature check and the reading is not read."""
    context = ResponseContext(
        SamlResponse().encoded(), service_provider=SP, identity_provider=idp(), request=REQUEST, now=NOW
    )
    assert signed_content(context).passed
    other = ResponseContext(
        SamlResponse().encoded(), service_provider=SP, identity_provider=idp(), request=REQUEST, now=NOW
    )
    next(other.root.iter(SAML + "NameID")).text = EVIL
    assert not signed_content(other).passed


def test_hmac_with_the_public_key() -> None:
    def claim(root: etree._Element) -> None:
        method = root.find(f"{SAML}Assertion/{{{DS}}}Signature/{{{DS}}}SignedInfo/{{{DS}}}SignatureMethod")
        assert method is not None
        method.set("Algorithm", DS + "hmac-sha256")

    assert_refused(judge(SamlResponse(after=claim)), CheckName.ALGORITHMS)


@pytest.mark.parametrize(("name", "other"), [("SignatureMethod", "DigestMethod"), ("DigestMethod", "SignatureMethod")])
def test_a_digest_is_no_signature_nor_the_other_way_round(name: str, other: str) -> None:
    def claim(root: etree._Element) -> None:
        method, wrong = (next(root.iter(f"{{{DS}}}{each}")) for each in (name, other))
        method.set("Algorithm", wrong.get("Algorithm", ""))

    assert_refused(judge(SamlResponse(after=claim)), CheckName.ALGORITHMS)


def test_an_attribute_of_the_name_of_the_id() -> None:
    """Two attributes that some reader takes for the ID."""
    xml = SamlResponse().xml().replace(b"<samlp:Response ", b"<samlp:Response samlp:ID='_a1' ", 1)
    assert_refused(judge(encode(xml)), CheckName.UNIQUE_IDS)
    xml = SamlResponse().xml().replace(b"<AuthnStatement ", b"<AuthnStatement xml:id='_a1' ", 1)
    assert_refused(judge(encode(xml)), CheckName.UNIQUE_IDS)


def test_assertion_of_another_namespace_counts_as_one() -> None:
    evil = f'<AttributeValue><Assertion xmlns="urn:x" ID="_x"><NameID>{EVIL}</NameID></Assertion></AttributeValue>'
    statement = f'<AttributeStatement><Attribute Name="{EMAIL_CLAIM}">{evil}</Attribute></AttributeStatement>'
    assert_refused(judge(SamlResponse(statement=statement)), CheckName.ONE_ASSERTION)


@pytest.mark.parametrize("document", ["<AuthnRequest/>", "<LogoutResponse/>", "<Envelope/>"])
def test_other_messages(document: str) -> None:
    xml = document.replace("/", ' xmlns="urn:oasis:names:tc:SAML:2.0:protocol"/').encode()
    assert_refused(judge(encode(xml)), CheckName.RESPONSE)


def test_a_bare_assertion() -> None:
    assert_refused(judge(encode(etree.tostring(SamlResponse().document()[-1]))), CheckName.RESPONSE)
