"""Logout messages that are signed in their XML: verified by our own code, then by python3-saml with xmlsec."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest
from lxml import etree

from sso.saml import IdentityProvider, LogoutRefusal, LogoutRequest, LogoutResponse
from sso.saml.logout.context import LogoutContext
from sso.saml.logout.read import Outcome, read_logout_form
from sso.saml.response import signature_rules
from sso.saml.rule_result import passed
from tests.saml.judging import watch_xmlsec
from tests.saml.logout_provider import SLO, message
from tests.saml.provider import DS, NOW, SP, KeyPair, SamlResponse, encode, idp, key_pair, sign

US = replace(SP, slo_url=SLO)


def signed(text: str, pair: KeyPair | None = None) -> etree._Element:
    root = etree.fromstring(text)
    sign(root, SamlResponse(pair=pair or key_pair()))
    return root


def read(root: etree._Element | bytes, provider: IdentityProvider | None = None) -> Outcome:
    data = root if isinstance(root, bytes) else etree.tostring(root)
    return read_logout_form(encode(data), "", service_provider=US, identity_provider=provider or idp(), now=NOW)


def refusal(root: etree._Element, provider: IdentityProvider | None = None) -> str:
    outcome = read(root, provider)
    assert isinstance(outcome, LogoutRefusal), outcome
    return outcome.reason


@pytest.mark.parametrize("name", ["LogoutRequest", "LogoutResponse"])
def test_both_verify_the_signature(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    handed = watch_xmlsec(monkeypatch)
    assert isinstance(read(signed(message(name))), LogoutRequest | LogoutResponse)
    assert [str(each.getparent().tag).rpartition("}")[2] for each in handed] == [name]


def test_a_byte_order_mark_and_several_keys() -> None:
    text = b"\xef\xbb\xbf" + etree.tostring(signed(message()))
    assert isinstance(read(text, idp(key_pair("other", "ec"), key_pair())), LogoutRequest)


def test_an_answer_without_signature_is_not_handed_to_xmlsec(monkeypatch: pytest.MonkeyPatch) -> None:
    handed = watch_xmlsec(monkeypatch)
    assert isinstance(read(etree.fromstring(message("LogoutResponse"))), LogoutResponse)
    assert not handed


def _value(root: etree._Element) -> None:
    next(root.iter(f"{{{DS}}}SignatureValue")).text = "A" * 342 + "=="


def _digest(root: etree._Element) -> None:
    next(root.iter("{*}NameID")).text = "eve@evil.test"


@pytest.mark.parametrize("change", [_value, _digest])
def test_the_other_refuses_when_ours_is_broken(
    change: Callable[[etree._Element], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = signed(message())
    change(root)
    assert "python3-saml" not in refusal(root)
    _believe_every_signature(monkeypatch)
    assert refusal(root).startswith("expected: accepted by python3-saml; received: Signature validation failed")


def test_the_other_refuses_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    root = signed(message(), key_pair("eve"))
    assert "python3-saml" not in refusal(root)
    _believe_every_signature(monkeypatch)
    assert "accepted by python3-saml" in refusal(root)


def test_no_costly_signature_reaches_xmlsec(monkeypatch: pytest.MonkeyPatch) -> None:
    handed = watch_xmlsec(monkeypatch)
    root = signed(message())
    transforms = next(root.iter(f"{{{DS}}}Transforms"))
    transforms.extend([deepcopy(transforms[1]) for _ in range(1_000)])
    assert "python3-saml" not in refusal(root)
    _believe_every_signature(monkeypatch)
    monkeypatch.setattr("sso.saml.logout.read.SIGNED_XML_RULES", (_signer,))
    assert "not handed to xmlsec: transforms" in refusal(root)
    assert not handed


def _signer(case: LogoutContext) -> object:
    """Believe the signature without a look at anything in it."""
    case.signers = case.identity_provider.certificates[:1]
    return passed("anything", "anything")


def _believe_every_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature_rules, "signer_of", lambda _, __, certificates: certificates[0])
    monkeypatch.setattr(signature_rules, "digest_matches", lambda *_: True)
