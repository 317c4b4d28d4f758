"""What the log says of each refusal of a response, sent for real: at Microsoft Entra ID, and at another provider."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from ssl import DER_cert_to_PEM_cert
from typing import NamedTuple

import pytest
import time_machine
from lxml import etree

from audit.actors import COMMAND_LINE
from orgs.models import Organization
from simulator.saml.encryption import OAEP_MGF1P, RSA_1_5, encrypt
from sso.models import Provider, SignIn
from sso.reasons import Reason
from sso.services import keys
from tests.attacks.conftest import Siege, connect
from tests.attacks.messages.target import Target
from tests.conftest import new_browser
from tests.saml.provider import ISSUER, NOW, encode, expired_key_pair, key_pair, stamp
from tests.sso.views.log.test_advice import assert_no_word_of_another
from tests.sso.views.pages import page, words

TRYING = "This may be an attack"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
# What the test provider calls itself in its certificates.
SUBJECT = "Microsoft Azure Federated SSO Certificate"


class Sent(NamedTuple):
    """A response, and what the page of its refusal says at every provider."""

    reason: Reason
    response: Callable[[Target], str]
    said: tuple[str, ...]


def answer(**knobs: object) -> Callable[[Target], str]:
    """Return what makes a response that is right in everything but these knobs."""
    return lambda target: target.answer(**knobs).encoded()


def altered(old: bytes, new: bytes) -> Callable[[Target], str]:
    """Return what makes a response in which bytes are replaced after it was signed."""

    def make(target: Target) -> str:
        text = target.answer().xml()
        assert old in text
        return encode(text.replace(old, new))

    return make


def encrypted(transport: str, *, for_us: bool) -> Callable[[Target], str]:
    """Return what makes a response whose assertion is encrypted, for us or for another service provider."""

    def make(target: Target) -> str:
        root = target.answer().document()
        ours = target.certificate if for_us else key_pair("eve").certificate
        encrypt(root[-1], DER_cert_to_PEM_cert(ours.der), content_method=GCM, key_transport=transport)
        return encode(etree.tostring(root))

    return make


def slash(target: Target) -> str:
    return target.answer(audiences=((target.entity_id + "/",),)).encoded()


SENT = {
    "no response": Sent(Reason.UNREADABLE, lambda _: base64.b64encode(b"<html></html>").decode(), ("HTML",)),
    "a document type": Sent(
        Reason.UNSAFE, lambda t: encode(b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + t.answer().xml()), (TRYING,)
    ),
    "a MAC for a signature": Sent(
        Reason.UNSAFE, altered(b"2001/04/xmldsig-more#rsa-sha256", b"2001/04/xmldsig-more#hmac-sha256"), (TRYING,)
    ),
    "too many groups": Sent(
        Reason.TOO_LARGE,
        answer(attributes=(("groups", ("x",) * 4001),)),
        ("4,000 values", "the claim groups has 4,001 values"),
    ),
    "a comment": Sent(Reason.UNUSUAL, altered(b"<Subject>", b"<!-- a --><Subject>"), ("a way that is not accepted",)),
    "one ID twice": Sent(Reason.PROVIDER_BUG, altered(b'"_r1"', b'"_a1"'), ("the standard forbids",)),
    "what the schema forbids": Sent(
        Reason.PROVIDER_BUG, answer(authn_instant="yesterday"), ("not valid by the schema",)
    ),
    "a validity that ends before it begins": Sent(
        Reason.PROVIDER_BUG, answer(not_before=stamp(2), not_on_or_after=stamp(-2)), ("the standard forbids",)
    ),
    "encrypted for another": Sent(
        Reason.ENCRYPTED, encrypted(OAEP_MGF1P, for_us=False), ("not for one of our certificates", "ncryption off")
    ),
    "weakly encrypted": Sent(Reason.WEAK_ENCRYPTION, encrypted(RSA_1_5, for_us=True), ("RSA-OAEP", "encryption off")),
    "declined": Sent(
        Reason.DECLINED,
        answer(status=STATUS + "Responder", status_detail="<samlp:StatusMessage>Not today</samlp:StatusMessage>"),
        ("What the response said Not today", "nothing proves that your identity provider sent it"),
    ),
    "an unknown key": Sent(
        Reason.UNTRUSTED, answer(pair=key_pair("eve")), ("claims to be signed by", "Anyone can write that")
    ),
    "no signature": Sent(Reason.UNTRUSTED, answer(sign="none"), ("Neither the response nor the assertion is signed.",)),
    "changed": Sent(
        Reason.CHANGED,
        altered(b">adele@contoso.example</NameID>", b">eve@evil.test</NameID>"),
        ("was changed after signing",),
    ),
    "SHA-1": Sent(Reason.WEAK_ALGORITHM, answer(signature_method=SHA1), ("SHA-256",)),
    "another issuer": Sent(Reason.WRONG_ISSUER, answer(issuer=ISSUER.replace("0f3c", "1f3c")), ("another identity",)),
    "an issuer with another slash": Sent(
        Reason.WRONG_ISSUER, answer(issuer=ISSUER.rstrip("/")), ("differs only by a slash",)
    ),
    "another audience": Sent(Reason.WRONG_AUDIENCE, answer(audiences=(("https://a.example",),)), ("Entity ID",)),
    "an audience with a slash": Sent(Reason.WRONG_AUDIENCE, slash, ("differs only by a slash", "Entity ID")),
    "a name ID for another": Sent(
        Reason.WRONG_AUDIENCE, answer(name_qualifier="https://a.example"), ("SPNameQualifier is not our Entity ID",)
    ),
    "another address": Sent(
        Reason.WRONG_ADDRESS, answer(recipient="https://a.example/acs"), ("Assertion Consumer Service URL",)
    ),
    "another request": Sent(
        Reason.WRONG_REQUEST, answer(in_response_to="_other"), ("answers a request that this browser did not make",)
    ),
    "no request": Sent(Reason.WRONG_REQUEST, answer(in_response_to=None), ("InResponseTo is missing",)),
    "a slow clock": Sent(
        Reason.OUT_OF_TIME,
        answer(issued=stamp(-9), not_before=stamp(-14), not_on_or_after=stamp(-8)),
        ("The clocks",),
    ),
    "a little late": Sent(
        Reason.OUT_OF_TIME, answer(confirmed_until=stamp(-6)), ("was not valid at this moment", "Sign in again")
    ),
    "an offset": Sent(
        Reason.NOT_UTC, answer(confirmed_until="2026-03-02T10:30:00+00:00"), ("No clock is wrong.", "end with Z")
    ),
    "a NotBefore": Sent(Reason.NOT_BEFORE, answer(confirmed_from=stamp(-5)), ("No clock is wrong.", "NotBefore")),
    "two days": Sent(
        Reason.TOO_LONG,
        answer(not_on_or_after=stamp(2 * 24 * 60), confirmed_until=stamp(2 * 24 * 60)),
        ("longer than a day",),
    ),
    "an old session": Sent(Reason.NOT_FRESH, answer(authn_instant=stamp(-90)), ("ForceAuthn",)),
    "no name ID": Sent(Reason.INCOMPLETE, answer(name_id=None), ("The assertion does not name one user",)),
    "an empty name ID": Sent(Reason.INCOMPLETE, answer(name_id=""), ("The name ID is empty.",)),
    "no address": Sent(
        Reason.NO_ADDRESS, answer(name_id="adele@corp.local", attributes=()), ("adele@corp.local", "inside a network")
    ),
    "two addresses": Sent(
        Reason.AMBIGUOUS_ADDRESS,
        answer(name_id="adele", attributes=(("mail", ("a@contoso.example", "b@contoso.example")),)),
        ("more than one value",),
    ),
}
BY_RESPONSE = {each.reason for each in SENT.values()} | {Reason.CERTIFICATE_EXPIRED, Reason.NOT_A_MEMBER}
# Found by our own records, or no longer at all; test_advice.py has the pages of their rows.
BY_RECORDS = {
    Reason.COOKIE_LOST,
    Reason.CLOSED,
    Reason.PLAN,
    Reason.DISABLED,
    Reason.REPLACED,
    Reason.UNLINKED,
    Reason.OTHER_SUBJECT,
    Reason.SUSPENDED,
    Reason.REMOVED,
    Reason.ACCOUNT_NOT_ADMITTED,
    Reason.TEST_NEEDS_ADMIN,
}


@pytest.fixture
def moment() -> Iterator[None]:
    """The moment at which the responses are valid."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def log_page(moment, organization: Organization, client_of, admin) -> Callable[..., str]:
    """Return what the log says of a response at a provider, which must have been refused for a reason."""

    def read(siege: Siege, provider: str, reason: Reason, make: Callable[[Target], str]) -> str:
        organization.connections.update(provider=provider)
        browser = new_browser()
        target = siege.ask_without_page(browser, "assertion")
        if reason == Reason.NOT_FRESH:
            SignIn.objects.filter(request_id=target.request_id).update(force_authn=True)
        # As every provider does; a response that can not be read names no request.
        siege.post(browser, make(target), RelayState=siege.row(target).public_id.hex)
        row = siege.row(target)
        assert row.reason == reason, (row.reason, row.detail, [c for c in row.checks if c["outcome"] == "failed"])
        shown = client_of(admin).get(f"/o/{organization.slug}/settings/sign-ins/{row.reference}")
        (main,) = page(shown).xpath("//main")
        text = words(main)
        assert_it_holds(text, row, provider)
        return text

    return read


def assert_it_holds(text: str, row: SignIn, provider: str) -> None:
    """Assert what is true of the page of every refusal."""
    assert Reason(row.reason).label in text
    assert len(text.partition("What to do: ")[2]) > 20
    assert (TRYING in text) == (row.reason == Reason.UNSAFE)
    assert_no_word_of_another(text.replace(SUBJECT, ""), provider)
    for each in row.checks:
        if each["outcome"] == "failed":
            assert each["expected"] != each["received"]
            assert re.search(r"Expected .+ Received .+", text)
    assert not row.signed or "nothing proves that your identity provider sent it" not in text


@pytest.mark.parametrize("provider", [Provider.AZURE, Provider.OKTA])
@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
def test_the_page_of_a_refused_response(moment, organization, log_page, sent: Sent, provider: str) -> None:
    siege = connect(organization)
    keys.create_key(organization=organization, actor=COMMAND_LINE)
    text = log_page(siege, provider, sent.reason, sent.response)
    for each in sent.said:
        assert each in text


@pytest.mark.parametrize("provider", [Provider.AZURE, Provider.OKTA])
def test_the_page_of_an_expired_certificate(moment, organization, log_page, provider: str) -> None:
    siege = connect(organization, expired_key_pair())
    text = log_page(siege, provider, Reason.CERTIFICATE_EXPIRED, answer(pair=expired_key_pair()))
    assert "has expired" in text


@pytest.mark.parametrize("provider", [Provider.AZURE, Provider.OKTA])
def test_the_page_of_a_stranger(moment, organization, log_page, provider: str) -> None:
    siege = connect(organization, role_id=None)
    assert "this address has no invitation" in log_page(siege, provider, Reason.NOT_A_MEMBER, answer())


def test_no_reason_is_left_out() -> None:
    assert set(Reason) == BY_RESPONSE | BY_RECORDS
    assert not BY_RESPONSE & BY_RECORDS
