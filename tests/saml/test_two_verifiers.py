"""Two independent readings of XML Signature agree: our own, which decides, and xmlsec's."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
import xmlsec
from lxml import etree

from sso.saml import CheckName, SigningCertificate, signature_value
from sso.saml.case import Case
from sso.saml.checklist import CHECKLIST
from tests.saml.provider import DS, NOW, REQUEST, RSA_SHA256, SHA256, SP, Answer, idp, key_pair

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
SECOND = [rule.name for rule in CHECKLIST].index(CheckName.SIGNED_CONTENT)
FIRST = [rule.name for rule in CHECKLIST].index(CheckName.SIGNATURE)

HONEST = {
    "assertion": Answer(),
    "response": Answer(sign="response"),
    "both": Answer(sign="both"),
    "SHA-384": Answer(signature_method=MORE + "rsa-sha384", digest_method=MORE + "sha384"),
    "SHA-512": Answer(signature_method=MORE + "rsa-sha512", digest_method=ENC + "sha512"),
    "ECDSA": Answer(pair=key_pair("ec", "ec"), signature_method=MORE + "ecdsa-sha256"),
    "RSA 3072": Answer(pair=key_pair("large", "rsa3072")),
    "prefixes": Answer(prefix_list="xs saml samlp #default"),
    "prefixes, both": Answer(sign="both", prefix_list="xs"),
    "without canonicalization": Answer(transforms=(DS + "enveloped-signature",)),
    "without canonicalization, both": Answer(sign="both", transforms=(DS + "enveloped-signature",)),
    "indented": Answer(rewritten=lambda text: text.replace("><", ">\n  <")),
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
    "value": Answer(after=change("SignatureValue", swapped)),
    "short value": Answer(after=change("SignatureValue", lambda _: "AAAA")),
    "digest": Answer(after=change("DigestValue", swapped)),
    "method": Answer(after=method),
    "ECDSA value": Answer(
        pair=key_pair("ec", "ec"), signature_method=MORE + "ecdsa-sha256", after=change("SignatureValue", swapped)
    ),
    "short ECDSA value": Answer(
        pair=key_pair("ec", "ec"),
        signature_method=MORE + "ecdsa-sha256",
        after=change("SignatureValue", lambda _: "AAAA"),
    ),
    "another key": Answer(pair=key_pair("eve")),
    "name ID": Answer(after=lambda root: next(root.iter("{*}NameID")).set("changed", "afterwards")),
}


def is_good_to_xmlsec(signature: etree._Element, certificate: SigningCertificate) -> bool:
    """By this key alone, whatever the document brings along."""
    xmlsec.tree.add_ids(signature.getroottree().getroot(), ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(certificate.der, xmlsec.constants.KeyDataFormatCertDer)
    context.set_enabled_key_data([xmlsec.constants.KeyDataX509])
    try:
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


def verdicts(answer: Answer, certificate: SigningCertificate) -> list[tuple[bool, bool]]:
    """What we say and what xmlsec says of each signature of a response."""
    provider = type(idp())(idp().entity_id, (certificate,))
    case = Case(answer.encoded(), service_provider=SP, identity_provider=provider, request=REQUEST, now=NOW)
    ours = all(rule.look(case).passed for rule in (CHECKLIST[FIRST], CHECKLIST[SECOND]))
    return [(ours, is_good_to_xmlsec(each, certificate)) for each in case.signatures]


@pytest.mark.parametrize("answer", HONEST.values(), ids=HONEST.keys())
def test_both_accept(answer: Answer) -> None:
    found = verdicts(answer, answer.pair.certificate)
    assert found == [(True, True)] * (2 if answer.sign == "both" else 1)


@pytest.mark.parametrize("answer", FORGED.values(), ids=FORGED.keys())
def test_both_refuse(answer: Answer) -> None:
    trusted = key_pair() if answer.pair == key_pair("eve") else answer.pair
    assert verdicts(answer, trusted.certificate) == [(False, False)]


def test_a_key_of_another_kind_made_nothing() -> None:
    signature = next(Answer().document().iter(f"{{{DS}}}Signature"))
    certificates = [key_pair("ec", "ec").certificate, key_pair().certificate]
    assert (signature[0][1].get("Algorithm"), signature[0][2][1].get("Algorithm")) == (RSA_SHA256, SHA256)
    assert signature_value.signer_of(signature, certificates) == key_pair().certificate
    assert [is_good_to_xmlsec(signature, each) for each in certificates] == [False, True]


def test_python3_saml_takes_our_word_for_what_we_verified_and_for_nothing_else() -> None:
    """Which is what the checks before it have established, not what they were about to."""
    case = Case(Answer(sign="both").encoded(), service_provider=SP, identity_provider=idp(), request=REQUEST, now=NOW)
    assert "Signature validation failed" in CHECKLIST[-1].look(case).received
    assert CHECKLIST[FIRST].look(case).passed
    assert "Signature validation failed" in CHECKLIST[-1].look(case).received
    assert CHECKLIST[SECOND].look(case).passed
    assert CHECKLIST[-1].look(case).passed
    for one in case.signatures:
        case.verified = (one,)
        assert "Signature validation failed" in CHECKLIST[-1].look(case).received
