"""Each rule about signatures: whether python3-saml with xmlsec has it too, as docs/design.md says, and what holds it.

BOTH: our own rules are broken on purpose, and python3-saml refuses. OURS_ALONE: python3-saml would not notice, so two
independent tests hold the rule: a message that the provider itself has signed, here, and an attack in tests/attacks.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from sso.saml import CheckName
from sso.saml.response.checklist import CHECKLIST
from sso.saml.response.context import ResponseContext
from sso.saml.response.read_assertion import read_claims
from sso.saml.xml.signed_bytes import signed_info_bytes
from tests.attacks.messages.groups import GROUPS
from tests.attacks.messages.target import EACH_BASE, Target
from tests.saml.judging import assert_refused, break_rules, judge
from tests.saml.provider import (
    DS,
    EXCLUSIVE,
    NOW,
    REQUEST,
    SP,
    KeyPair,
    SamlResponse,
    encode,
    expired_key_pair,
    idp,
    issue,
    key_pair,
    sign,
)

DESIGN = Path(__file__).parents[3] / "docs" / "design.md"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
PLACES, INFO = CheckName.SIGNATURE_PLACES, CheckName.SIGNED_INFO
VALUE, CONTENT = CheckName.SIGNATURE, CheckName.SIGNED_CONTENT


def one(root: etree._Element, name: str) -> etree._Element:
    return next(root.iter("{*}" + name))


def signed_again(change: Callable[[etree._Element], object], **said: object) -> SamlResponse:
    """Let the provider sign a SignedInfo that says something else, so that only what it says can be wrong."""

    def after(root: etree._Element) -> None:
        for signature in root.iter(f"{{{DS}}}Signature"):
            change(signature)
            key = load_pem_private_key(key_pair().pem, None)
            assert isinstance(key, rsa.RSAPrivateKey)
            made = key.sign(signed_info_bytes(signature), padding.PKCS1v15(), hashes.SHA256())
            signature[1].text = base64.b64encode(made).decode()

    return SamlResponse(after=after, **said)


def changed_on_the_way(old: bytes, new: bytes, **said: object) -> str:
    xml = SamlResponse(**said).xml()
    assert old in xml
    return encode(xml.replace(old, new, 1))


# --- Rules that both verifiers have ------------------------------------------------------------------------------


def _elsewhere(root: etree._Element) -> None:
    one(root, "SubjectConfirmationData").append(one(root, "Signature"))


def _twice(root: etree._Element) -> None:
    signature = one(root, "Signature")
    signature.addnext(deepcopy(signature))


def _of_another_element(root: etree._Element) -> None:
    """The provider has signed something else in the response; its signature is put into the assertion."""
    extensions = etree.Element(SAMLP + "Extensions")
    other = etree.SubElement(extensions, "{urn:x}other", ID="_other")
    one(root, "Issuer").addnext(extensions)
    signature = sign(other, SamlResponse())
    root[-1][0].addnext(signature)


def _second_assertion(root: etree._Element) -> None:
    other = deepcopy(root[-1])
    other.set("ID", "_a2")
    root.append(other)


def _other_canonicalization(signature: etree._Element) -> None:
    signature[0][0].set("Algorithm", "http://www.w3.org/2006/12/xml-c14n11")


class Both(NamedTuple):
    """A message, those of our rules that would notice, and what python3-saml says instead."""

    message: SamlResponse | str
    broken: tuple[CheckName, ...]
    complaint: str


FAILED = "Signature validation failed"
BOTH = {
    "A signature is there": Both(SamlResponse(sign="none"), (PLACES, VALUE, CONTENT), "No Signature found"),
    "It stands in the response or in its assertion": Both(
        SamlResponse(after=_elsewhere), (PLACES, INFO, VALUE, CONTENT), "Invalid Signature Element"
    ),
    "There is one in each at most": Both(
        SamlResponse(after=_twice), (CheckName.SCHEMA, PLACES, INFO, VALUE, CONTENT), "Duplicated ID"
    ),
    "It refers to the element that it stands in": Both(
        SamlResponse(sign="none", after=_of_another_element), (INFO, CONTENT), "Found an invalid Signed Element"
    ),
    "Its algorithms are RSA or ECDSA with SHA-2": Both(
        SamlResponse(signature_method=DS + "rsa-sha1"), (CheckName.ALGORITHMS,), "Deprecated signature algorithm"
    ),
    "SignedInfo has exclusive or inclusive canonicalization": Both(
        signed_again(_other_canonicalization), (INFO,), "a canonicalization that SAML has no use for"
    ),
    "The value is made over SignedInfo": Both(
        SamlResponse(after=lambda root: setattr(one(root, "SignatureValue"), "text", "A" * 342 + "==")),
        (VALUE,),
        FAILED,
    ),
    "The key is one of the metadata's": Both(SamlResponse(pair=key_pair("eve")), (VALUE,), FAILED),
    "The digest is that of the signed element": Both(
        SamlResponse(after=lambda root: one(root, "NameID").set("SPProvidedID", "x")), (CONTENT,), FAILED
    ),
    "The response has one assertion": Both(
        SamlResponse(sign="response", before=_second_assertion), (CheckName.ONE_ASSERTION,), "must contain 1 assertion"
    ),
    "The document is valid by the schema": Both(
        SamlResponse(sign="response", extra="<Nonsense/>"), (CheckName.SCHEMA,), "Not match the saml-schema-protocol"
    ),
}


@pytest.mark.parametrize("both", BOTH.values(), ids=BOTH.keys())
def test_the_other_refuses_when_ours_is_broken(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = judge(both.message)
    assert verdict.failure is not None
    assert verdict.failure.name in both.broken
    break_rules(monkeypatch, *both.broken)
    monkeypatch.setattr(ResponseContext, "assertion", property(lambda case: case.unverified_assertion))
    verdict = judge(both.message)
    assert_refused(verdict, CheckName.TOOLKIT)
    assert verdict.failure is not None
    assert both.complaint in verdict.failure.received


@pytest.mark.parametrize(
    "said", [{"signature_method": MORE + "rsa-sha224"}, {"digest_method": MORE + "sha224"}], ids=["value", "digest"]
)
def test_xmlsec_knows_no_algorithm_but_those_of_the_list(said: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Genuinely signed, with an algorithm that python3-saml does not call deprecated."""
    break_rules(monkeypatch, CheckName.ALGORITHMS, VALUE, CONTENT)
    monkeypatch.setattr(ResponseContext, "assertion", property(lambda case: case.unverified_assertion))
    verdict = judge(SamlResponse(**said))
    assert_refused(verdict, CheckName.TOOLKIT)
    assert verdict.failure is not None
    assert FAILED in verdict.failure.received


def test_the_trusted_keys_are_the_only_ones_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate of the document is not asked even when the metadata has none."""
    break_rules(monkeypatch, VALUE)
    assert_refused(judge(SamlResponse(), type(idp())(idp().entity_id, ())), CheckName.TOOLKIT)


# --- Rules that only ours has ------------------------------------------------------------------------------------


def _two_references(signature: etree._Element) -> None:
    signature[0].append(deepcopy(signature[0][2]))


def _another_transform(signature: etree._Element) -> None:
    transform = etree.SubElement(one(signature, "Transforms"), f"{{{DS}}}Transform")
    transform.set("Algorithm", "http://www.w3.org/2006/12/xml-c14n11")


def _long_prefixes(signature: etree._Element) -> None:
    prefixes = etree.SubElement(one(signature, "Transforms")[1], f"{{{EXCLUSIVE}}}InclusiveNamespaces")
    prefixes.set("PrefixList", " ".join(f"p{number}" for number in range(33)))


def _object(root: etree._Element) -> None:
    etree.SubElement(one(root, "Signature"), f"{{{DS}}}Object")


def _not_yet_valid() -> KeyPair:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return issue(key, NOW + timedelta(days=1), NOW + timedelta(days=100))


class Alone(NamedTuple):
    """A message that the provider itself sent, the rule that notices, and the attack on the same rule.

    `then`: what python3-saml says once our rule is broken; "" if it accepts the message.
    """

    message: SamlResponse | str
    check: CheckName
    attack: tuple[str, str]
    then: str = ""


NOT_HANDED = "not handed to xmlsec"
ALONE = {
    "It has one reference": Alone(signed_again(_two_references), INFO, ("reference", "two of them"), NOT_HANDED),
    "Its transforms are enveloped-signature, then exclusive canonicalization": Alone(
        signed_again(_another_transform), INFO, ("transform", "XSLT loops"), NOT_HANDED
    ),
    "Its lists of prefixes are short": Alone(
        signed_again(_long_prefixes), INFO, ("transform", "thousands of prefixes in the transform")
    ),
    "Nothing else stands in it": Alone(SamlResponse(after=_object), INFO, ("transform", "manifest")),
    "Its KeyInfo points nowhere": Alone(
        SamlResponse(key_info="retrieval"), CheckName.KEY_INFO, ("key", "key elsewhere in the document")
    ),
    "Each ID is there once, in any spelling": Alone(
        SamlResponse(sign="response", before=lambda root: one(root, "SubjectConfirmationData").set("{urn:x}Id", "_r1")),
        CheckName.UNIQUE_IDS,
        ("ID", "of another namespace"),
    ),
    "There are no comments or processing instructions": Alone(
        changed_on_the_way(b"adele@contoso.example</NameID>", b"adele<!---->@contoso.example</NameID>"),
        CheckName.PLAIN_XML,
        ("comment", "instruction in the name ID"),
    ),
}
# Held by tests of their own, below and in test_two_verifiers.py.
ALONE_TOO = {"The certificate is valid now", "What is read is what was digested"}
BOTH_TOO = {"It covers the encrypted assertion that was opened"}


@pytest.mark.parametrize("alone", ALONE.values(), ids=ALONE.keys())
def test_only_ours_refuses(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_refused(judge(alone.message), alone.check)
    break_rules(monkeypatch, alone.check)
    failure = judge(alone.message).failure
    assert (failure.received if failure else "").startswith(alone.then)
    assert (failure is None) == (alone.then == "")


@pytest.mark.parametrize("alone", ALONE.values(), ids=ALONE.keys())
def test_an_attack_tries_the_same_rule(alone: Alone) -> None:
    """tests/attacks/test_verdicts.py runs all of them; this one is refused by just this rule."""
    group, name = alone.attack
    case = GROUPS[group][name]
    assert alone.check in case.by
    for base in case.bases:
        verdict = judge(case.attack(Target(base)))
        assert verdict.failure is not None
        assert verdict.failure.name in case.by


def test_an_expired_certificate_is_refused_by_ours_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = expired_key_pair()
    assert_refused(judge(SamlResponse(pair=pair), idp(pair)), CheckName.CERTIFICATE_DATES)
    break_rules(monkeypatch, CheckName.CERTIFICATE_DATES)
    assert judge(SamlResponse(pair=pair), idp(pair)).accepted


def test_a_certificate_that_has_not_begun_is_refused_by_ours_alone() -> None:
    pair = _not_yet_valid()
    assert_refused(judge(SamlResponse(pair=pair), idp(pair)), CheckName.CERTIFICATE_DATES)


@pytest.mark.parametrize("signed", ["assertion", "response"])
def test_what_is_read_does_not_change_with_the_document(signed: str) -> None:
    context = ResponseContext(
        SamlResponse(sign=signed).encoded(), service_provider=SP, identity_provider=idp(), request=REQUEST, now=NOW
    )
    assert all(rule.look(context).passed for rule in CHECKLIST)
    for name in context.root.iter("{*}NameID"):
        name.text = "eve@evil.test"
    claims = read_claims(context)
    assert claims is not None
    assert claims.name_id == "adele@contoso.example"


@pytest.mark.parametrize("base", EACH_BASE)
@pytest.mark.parametrize("name", GROUPS["wrapping"])
def test_what_stands_beside_the_signed_element_is_never_read(
    name: str, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even without the rules about places and numbers: whatever is accepted then, is what was signed."""
    case = GROUPS["wrapping"][name]
    if base in case.bases:
        encoded = case.attack(Target(base))
        break_rules(monkeypatch, CheckName.ONE_ASSERTION, CheckName.UNIQUE_IDS, CheckName.SCHEMA, PLACES, INFO)
        assertion = judge(encoded).assertion
        assert assertion is None or assertion.name_id == "adele@contoso.example"


# --- The documentation -------------------------------------------------------------------------------------------


def test_the_table_of_the_documentation_says_the_same() -> None:
    section = DESIGN.read_text().partition("## Who verifies a signature")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| ([A-Z][^|]+?) \| (both|ours alone)[^|]*\|", section, re.MULTILINE))
    expected = dict.fromkeys((*BOTH, *BOTH_TOO), "both") | dict.fromkeys((*ALONE, *ALONE_TOO), "ours alone")
    assert rows == expected
