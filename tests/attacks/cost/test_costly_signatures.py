"""Messages that are built to cost time never reach xmlsec, even from an attacker who owns a provider and its key.

xmlsec carries out what a signature asks for before it knows who signed. So the attacks are signed again here, with the
provider's own key and with digests that our own code calculates, and the rule of ours that refuses them is broken.
"""

from __future__ import annotations

import base64
from functools import partial

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from sso.saml import CheckName, Outcome
from sso.saml.response.context import digest_of
from sso.saml.xml.signed_bytes import SignedInfo, signed_bytes
from sso.saml.xml.signed_info import DIGESTS
from tests.attacks.cost.measure import at_best
from tests.attacks.messages.groups import GROUPS
from tests.attacks.messages.target import DS, Case, Target, on_base
from tests.saml.judging import break_rules, judge, watch_xmlsec
from tests.saml.provider import encode, key_pair

# The worst of these attacks took xmlsec 20 seconds, or 2 GB.
MOST_SECONDS = 0.25
COSTLY = ("transform", "reference", "resource")
CASES = [
    on_base(base, name, case, base, bases=case.bases, name=f"{group}: {name}")
    for group in COSTLY
    for name, case in GROUPS[group].items()
    for base in case.bases
]
# The rules that keep costly messages away; the others do not look at what a message costs.
ABOUT_COST = {
    CheckName.SIZE,
    CheckName.BASE64,
    CheckName.PLAIN_XML,
    CheckName.MARKUP,
    CheckName.LIMITS,
    CheckName.SCHEMA,
    CheckName.SIGNED_INFO,
}
# Wrong, but as cheap as any other signature.
CHEAP = {
    "no enveloped signature",
    "the wrong order",
    "something in the enveloped transform",
    "inclusive canonicalization of SignedInfo",
    "a digest method with something in it",
    "object",
}
DEEP = b"<a xmlns:n%d='urn:%d'>"
RESOURCES = {
    "elements": b"<a/>" * 30_000,
    "declarations": b"<a xmlns='urn:a'/>" * 9_000,
    "declarations in a deep tree": b"".join(DEEP % (n, n) for n in range(150)) + b"<b/>" * 9_000 + b"</a>" * 150,
    "bytes": b"<a>" + b"b" * 300_000 + b"</a>",
}


def signed_by_the_attacker(encoded: str) -> str:
    """Return the message with every signature made good, as far as it has the parts of one."""
    try:
        root = etree.fromstring(base64.b64decode(encoded), etree.XMLParser(resolve_entities=False))
    except (ValueError, etree.XMLSyntaxError):
        return encoded
    key = load_pem_private_key(key_pair().pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    # The inner one first, since an outer one covers it.
    for signature in reversed(list(root.iter(DS + "Signature"))):
        try:
            info = SignedInfo.of(signature)
            content = signed_bytes(signature, info)
            digest = base64.b64encode(digest_of(content, DIGESTS[info.digest_method])).decode()
            for value in signature.iter(DS + "DigestValue"):
                value.text = digest
            made = key.sign(SignedInfo.of(signature).data, padding.PKCS1v15(), hashes.SHA256())
            next(signature.iter(DS + "SignatureValue")).text = base64.b64encode(made).decode()
        except (ValueError, IndexError, KeyError, StopIteration, etree.LxmlError):
            continue
    return encode(etree.tostring(root))


@pytest.mark.parametrize(("name", "case", "base"), CASES)
def test_no_attack_reaches_xmlsec(name: str, case: Case, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    handed = watch_xmlsec(monkeypatch)
    encoded = case.attack(Target(base))
    assert judge(encoded).checks[-1].outcome is Outcome.NOT_REACHED
    assert not handed
    owned = signed_by_the_attacker(encoded)
    failure = judge(owned).failure
    if failure is not None and failure.name in ABOUT_COST:
        break_rules(monkeypatch, failure.name)
        handed.clear()
        refused = judge(owned)
        assert name in CHEAP or not (handed or refused.accepted)
        if handed:
            assert at_best(partial(judge, owned))[1] < MOST_SECONDS


@pytest.mark.parametrize("inside", RESOURCES.values(), ids=RESOURCES.keys())
def test_a_large_message_of_the_attackers_own_provider(inside: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Genuinely signed, so that nothing but the limits is in its way."""
    handed = watch_xmlsec(monkeypatch)
    xml = Target("response").answer().xml()
    place = b"<samlp:Status>"
    encoded = encode(xml.replace(place, b"<samlp:Extensions>" + inside + b"</samlp:Extensions>" + place, 1))
    owned = signed_by_the_attacker(encoded)
    assert owned != encoded
    failure = judge(owned).failure
    assert failure is not None
    assert failure.name in ABOUT_COST
    break_rules(monkeypatch, *ABOUT_COST)
    refused, spent = at_best(partial(judge, owned))
    assert refused.failure is not None
    assert not handed
    assert spent < MOST_SECONDS


def test_the_signatures_of_the_attacker_are_good() -> None:
    """Or else the tests above would show nothing."""
    xml = Target("both").answer().xml().replace(b"adele@", b"other@")
    assert not judge(encode(xml)).accepted
    assert judge(signed_by_the_attacker(encode(xml))).accepted
