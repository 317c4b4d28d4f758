"""python3-saml gets the keys that our own code found: it tries one for each signature, and still decides for itself."""

from __future__ import annotations

import pytest

from sso.saml import CheckName, SigningCertificate
from sso.saml.response import signature_rules
from tests.saml.judging import assert_refused, judge, watch_xmlsec
from tests.saml.provider import SamlResponse, idp, key_pair

MANY = [key_pair(f"other{number}", "ec521") for number in range(19)]


@pytest.mark.parametrize(("sign", "signatures"), [("assertion", 1), ("response", 1), ("both", 2)])
def test_one_key_for_each_signature(sign: str, signatures: int, monkeypatch: pytest.MonkeyPatch) -> None:
    handed = watch_xmlsec(monkeypatch)
    assert judge(SamlResponse(sign=sign), idp(*MANY, key_pair())).accepted
    assert len(handed) == signatures


def test_a_key_that_our_code_finds_wrongly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def first(_: object, __: object, certificates: tuple[SigningCertificate, ...]) -> SigningCertificate:
        return certificates[0]

    monkeypatch.setattr(signature_rules, "signer_of", first)
    assert_refused(judge(SamlResponse(), idp(*MANY, key_pair())), CheckName.TOOLKIT)
    assert_refused(judge(SamlResponse(pair=key_pair("stranger")), idp()), CheckName.TOOLKIT)
