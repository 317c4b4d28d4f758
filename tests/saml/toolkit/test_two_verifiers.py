"""Two verifiers judge each signature by themselves: our own code first, then python3-saml with xmlsec."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from ssl import DER_cert_to_PEM_cert

import pytest
from lxml import etree

from simulator.saml.encryption import encrypt
from sso.saml import CheckName, KeyPair, Outcome, SigningCertificate, Verdict, make_key_pair, validate_response
from sso.saml.response import signature_rules
from sso.saml.response.checklist import CHECKLIST
from sso.saml.response.context import ResponseContext
from sso.saml.xml import signature_value
from sso.saml.xml.signed_bytes import SignedInfo
from tests.saml.judging import assert_refused, judge, watch_xmlsec
from tests.saml.provider import DS, NOW, REQUEST, RSA_SHA256, SHA256, SP, SamlResponse, encode, idp, key_pair, sign

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
RULES = {rule.name: rule for rule in CHECKLIST}
OUR_RULES = (CheckName.SIGNED_INFO, CheckName.SIGNATURE, CheckName.SIGNED_CONTENT)

HONEST = {
    "assertion": SamlResponse(),
    "response": SamlResponse(sign="response"),
    "both": SamlResponse(sign="both"),
    "SHA-384": SamlResponse(signature_method=MORE + "rsa-sha384", digest_method=MORE + "sha384"),
    "SHA-512": SamlResponse(signature_method=MORE + "rsa-sha512", digest_method=ENC + "sha512"),
    "ECDSA": SamlResponse(pair=key_pair("ec", "ec"), signature_method=MORE + "ecdsa-sha256"),
    "ECDSA P-384": SamlResponse(pair=key_pair("ec384", "ec384"), signature_method=MORE + "ecdsa-sha384"),
    "ECDSA P-521": SamlResponse(pair=key_pair("ec521", "ec521"), signature_method=MORE + "ecdsa-sha512"),
    "RSA 3072": SamlResponse(pair=key_pair("large", "rsa3072")),
    "prefixes": SamlResponse(prefix_list="xs saml samlp #default"),
    "prefixes, both": SamlResponse(sign="both", prefix_list="xs"),
    "without canonicalization": SamlResponse(transforms=(DS + "enveloped-signature",)),
    "without canonicalization, both": SamlResponse(sign="both", transforms=(DS + "enveloped-signature",)),
    "indented": SamlResponse(rewritten=lambda text: text.replace("><", ">\n  <")),
}


def change(name: str, text: Callable[[str], str]) -> Callable[[etree._Element], None]:
    """Change the text of the first element of a signature that has this name."""

    def made(root: etree._Element) -> None:
        element = next(root.iter(f"{{{DS}}}{name}"))
        element.text = text(element.text or "")

    return made


def method(root: etree._Element) -> None:
    next(root.iter(f"{{{DS}}}SignatureMethod")).set("Algorithm", MORE + "rsa-sha512")


def swapped(text: str) -> str:
    value = base64.b64decode(text)
    return base64.b64encode(value[1:] + value[:1]).decode()


FORGED = {
    "value": SamlResponse(after=change("SignatureValue", swapped)),
    "short value": SamlResponse(after=change("SignatureValue", lambda _: "AAAA")),
    "digest": SamlResponse(after=change("DigestValue", swapped)),
    "method": SamlResponse(after=method),
    "ECDSA value": SamlResponse(
        pair=key_pair("ec", "ec"), signature_method=MORE + "ecdsa-sha256", after=change("SignatureValue", swapped)
    ),
    "short ECDSA value": SamlResponse(
        pair=key_pair("ec", "ec"),
        signature_method=MORE + "ecdsa-sha256",
        after=change("SignatureValue", lambda _: "AAAA"),
    ),
    "another key": SamlResponse(pair=key_pair("eve")),
    "name ID": SamlResponse(after=lambda root: next(root.iter("{*}NameID")).set("SPProvidedID", "afterwards")),
    "the second of both": SamlResponse(sign="both", after=lambda root: root[-1][1][1].__setattr__("text", "AAAA")),
}


def opinions(answer: SamlResponse, certificate: SigningCertificate) -> tuple[bool, bool]:
    """Return what our rules say, and what python3-saml with xmlsec says, each without the other."""
    provider = replace(idp(), certificates=(certificate,))
    context = ResponseContext(
        answer.encoded(), service_provider=SP, identity_provider=provider, request=REQUEST, now=NOW
    )
    ours = all(RULES[name].look(context).passed for name in OUR_RULES)
    return ours, RULES[CheckName.TOOLKIT].look(context).passed


@pytest.mark.parametrize("answer", HONEST.values(), ids=HONEST.keys())
def test_both_accept(answer: SamlResponse, monkeypatch: pytest.MonkeyPatch) -> None:
    handed = watch_xmlsec(monkeypatch)
    assert opinions(answer, answer.pair.certificate) == (True, True)
    assert len(handed) == (2 if answer.sign == "both" else 1)


@pytest.mark.parametrize("answer", FORGED.values(), ids=FORGED.keys())
def test_both_refuse(answer: SamlResponse) -> None:
    trusted = key_pair() if answer.pair == key_pair("eve") else answer.pair
    assert opinions(answer, trusted.certificate) == (False, False)


def test_a_key_of_another_kind_made_nothing() -> None:
    signature = next(SamlResponse().document().iter(f"{{{DS}}}Signature"))
    info = SignedInfo.of(signature)
    certificates = [key_pair("ec", "ec").certificate, key_pair().certificate]
    assert (info.signature_method, info.digest_method) == (RSA_SHA256, SHA256)
    assert signature_value.signer_of(signature, info, certificates) == key_pair().certificate
    assert opinions(SamlResponse(), certificates[0]) == (False, False)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_any_of_several_keys_will_do_for_both(position: int) -> None:
    pairs = [key_pair("other", "ec"), key_pair("eve")]
    pairs.insert(position, key_pair())
    assert judge(SamlResponse(sign="both"), idp(*pairs)).accepted


def test_the_second_verifier_does_not_know_what_the_first_one_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of ours stands in for its own check: it judges a context that no rule has looked at."""
    handed = watch_xmlsec(monkeypatch)
    last = RULES[CheckName.TOOLKIT]
    for answer, expected in ((SamlResponse(sign="both"), True), (FORGED["digest"], False), (FORGED["value"], False)):
        context = ResponseContext(
            answer.encoded(), service_provider=SP, identity_provider=idp(), request=REQUEST, now=NOW
        )
        assert last.look(context).passed is expected
        assert context.signers == ()
    assert len(handed) == 4


def test_the_refusal_says_what_python3_saml_complains_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature_rules, "digest_matches", lambda *_: True)
    verdict = judge(FORGED["name ID"])
    assert_refused(verdict, CheckName.TOOLKIT)
    assert verdict.failure is not None
    assert "Signature validation failed" in verdict.failure.received


# --- Encrypted ---------------------------------------------------------------------------------------------------

SIGNED = ("assertion", "response", "both")
ENCRYPTED = ("nothing", "assertion", "name ID", "assertion and name ID")


@cache
def ours() -> KeyPair:
    """The key that a provider encrypts for."""
    return make_key_pair("amplisso.example", now=NOW)


def _encrypt(element: etree._Element, container: str = "EncryptedAssertion") -> None:
    encrypt(element, DER_cert_to_PEM_cert(ours().certificate.der), container=container)


def _hide_name_id(root: etree._Element) -> None:
    _encrypt(next(root.iter(SAML + "NameID")), "EncryptedID")


def document(signed: str, encrypted: str, **options: object) -> etree._Element:
    """Return a response: the assertion is signed, then encrypted, then the response is signed."""
    answer = SamlResponse(before=_hide_name_id if "name ID" in encrypted else None, **options)
    inside = "assertion" if signed in ("assertion", "both") else "none"
    root = replace(answer, sign=inside).document()
    if "assertion" in encrypted:
        _encrypt(root[-1])
    if signed in ("response", "both"):
        sign(root, answer)
    return root


def judged(root: etree._Element) -> Verdict:
    sp = replace(SP, keys=(ours(),))
    return validate_response(
        encode(etree.tostring(root)), service_provider=sp, identity_provider=idp(), request=REQUEST, now=NOW
    )


@pytest.mark.parametrize("encrypted", ENCRYPTED)
@pytest.mark.parametrize("signed", SIGNED)
@pytest.mark.parametrize(
    "transforms", [(DS + "enveloped-signature",), SamlResponse().transforms], ids=["plain", "exclusive"]
)
def test_whatever_is_encrypted_both_verify_each_signature(
    signed: str, encrypted: str, transforms: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = watch_xmlsec(monkeypatch)
    # Plain canonicalization covers the namespaces in scope, which an encrypted assertion brings along by itself.
    verdict = judged(document(signed, encrypted, transforms=transforms))
    assert verdict.failure is None
    assert verdict.assertion is not None
    assert verdict.assertion.name_id == "adele@contoso.example"
    assert verdict.signed == signed
    signed_elements = [str(each.getparent().tag).rpartition("}")[2].lower() for each in handed]
    assert signed_elements == {"both": ["response", "assertion"]}.get(signed, [signed])


def test_a_decrypted_assertion_is_verified_without_the_namespaces_of_its_response() -> None:
    """Signed as a document of its own, under plain canonicalization, which would cover the response's namespaces."""
    answer = SamlResponse(transforms=(DS + "enveloped-signature",))
    assertion = etree.fromstring(answer._assertion())
    sign(assertion, answer)
    around = etree.Element("around")
    around.append(assertion)
    _encrypt(assertion)
    root = replace(answer, sign="none").document()
    root.replace(root[-1], around[0])
    assert judged(root).accepted


@pytest.mark.parametrize("encrypted", ENCRYPTED)
def test_unsigned_is_refused_however_it_is_encrypted(encrypted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    handed = watch_xmlsec(monkeypatch)
    assert_refused(judged(document("none", encrypted)), CheckName.SIGNATURE_PLACES)
    assert not handed


def test_the_response_is_verified_as_it_was_received(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its EncryptedAssertion in it, not with what was decrypted."""
    handed = watch_xmlsec(monkeypatch)
    assert judged(document("both", "assertion")).accepted
    response, assertion = (each.getparent() for each in handed)
    assert response.find(SAML + "EncryptedAssertion") is not None
    assert response.find(SAML + "Assertion") is None
    assert assertion.getparent() is None, "the decrypted assertion is a document of its own"


def _swap(root: etree._Element, **said: object) -> etree._Element:
    """Put an assertion about another person, encrypted for us, where the genuine one was."""
    other = document("none", "assertion", name_id="admin@contoso.example", **said)
    root.replace(root.find(SAML + "EncryptedAssertion"), other.find(SAML + "EncryptedAssertion"))
    return root


@pytest.mark.parametrize("signed", ["response", "both"])
def test_a_swapped_encrypted_assertion_under_a_good_signature(signed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    swapped = _swap(document(signed, "assertion"))
    assert_refused(judged(swapped), CheckName.SIGNED_CONTENT)
    monkeypatch.setattr(signature_rules, "digest_matches", lambda *_: True)
    assert_refused(judged(swapped), CheckName.TOOLKIT)


def test_a_swapped_encrypted_assertion_with_a_signature_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Genuine too, but taken from another response: the response's signature does not cover it."""
    root, other = document("both", "assertion"), document("assertion", "assertion", name_id="admin@contoso.example")
    root.replace(root.find(SAML + "EncryptedAssertion"), other.find(SAML + "EncryptedAssertion"))
    assert_refused(judged(root), CheckName.SIGNED_CONTENT)
    monkeypatch.setattr(signature_rules, "digest_matches", lambda *_: True)
    assert_refused(judged(root), CheckName.TOOLKIT)


def test_an_unsigned_assertion_is_only_opened_from_under_the_signature_of_the_response() -> None:
    """Ours alone: what was opened is not what the signature covers, although both are well-formed and ours to open."""
    context = ResponseContext(
        encode(etree.tostring(document("response", "assertion"))),
        service_provider=replace(SP, keys=(ours(),)),
        identity_provider=idp(),
        request=REQUEST,
        now=NOW,
    )
    context.signed_response = document("response", "assertion", name_id="admin@contoso.example")
    with_decrypted = [rule for rule in CHECKLIST if rule.name in (CheckName.ENCRYPTION, CheckName.DECRYPTION)]
    assert all(rule.look(context).passed for rule in with_decrypted)
    with pytest.raises(ValueError, match="another assertion is signed"):
        RULES[CheckName.SIGNED_CONTENT].look(context)


def test_the_encrypted_assertion_is_decrypted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """By our own code; python3-saml is given what came out, and has no key to open anything with."""
    opened: list[object] = []
    original = ResponseContext.opened
    monkeypatch.setattr(ResponseContext, "opened", lambda case, each: (opened.append(each), original(case, each))[1])
    assert judged(document("both", "assertion")).accepted
    assert len(opened) == 1


def test_the_check_of_python3_saml_is_the_last_one() -> None:
    verdict = judge(SamlResponse())
    assert (verdict.checks[-1].name, verdict.checks[-1].outcome) == (CheckName.TOOLKIT, Outcome.PASSED)
