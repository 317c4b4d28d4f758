"""What a verdict keeps of a signature that no known key made, and which certificate then proves to be its signer's."""

from __future__ import annotations

import pytest
from lxml import etree

from sso.saml import CheckName, Verdict
from sso.saml.response import unknown_signer
from tests.saml.judging import assert_refused, judge
from tests.saml.provider import SamlResponse, idp, key_pair

THEIRS = key_pair("other").certificate
OURS = key_pair().certificate


def refusal(**knobs: object) -> Verdict:
    """Return the verdict on a response that a key we do not know has signed."""
    verdict = judge(SamlResponse(pair=key_pair("other"), **knobs))
    assert_refused(verdict, CheckName.SIGNATURE)
    return verdict


@pytest.mark.parametrize("sign", ["assertion", "response", "both"])
def test_the_signer_is_found_among_certificates(sign: str) -> None:
    found = refusal(sign=sign).unknown_signature
    assert found is not None
    assert found.claimed == (THEIRS,)
    assert found.signer_among([OURS, THEIRS]) == THEIRS
    assert found.signer_among([OURS]) is None
    assert found.signer_among([]) is None


def test_no_certificate_is_claimed_without_key_info() -> None:
    found = refusal(key_info="none").unknown_signature
    assert found is not None
    assert found.claimed == ()
    assert found.signer_among([THEIRS]) == THEIRS


def test_nobody_is_the_signer_of_content_that_was_changed() -> None:
    found = refusal(after=lambda root: next(root.iter("{*}NameID")).set("SPProvidedID", "x")).unknown_signature
    assert found is not None
    assert not found.is_intact
    assert found.signer_among([THEIRS]) is None


@pytest.mark.parametrize("text", ["AAAA", "MAAA", ""])
def test_a_certificate_that_cannot_be_read_is_not_claimed(text: str) -> None:
    def replaced(root: etree._Element) -> None:
        for certificate in root.iter("{*}X509Certificate"):
            certificate.text = text

    found = refusal(after=replaced).unknown_signature
    assert found is not None
    assert found.claimed == ()
    assert found.signer_among([THEIRS]) == THEIRS


def test_a_library_that_fails_costs_the_hint_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(unknown_signer, "digest_matches", broken)
    assert refusal().unknown_signature is None


def test_a_known_signature_leaves_nothing_to_explain() -> None:
    assert judge(SamlResponse(), idp()).unknown_signature is None
