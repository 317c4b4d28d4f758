"""Logout messages: what we write is understood by others, and of what arrives only the genuine does anything."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from simulator.saml.encryption import encrypt
from sso.saml import (
    LOGOUT_LIFE,
    MAX_LOGOUT_ID,
    SKEW,
    IdentityProvider,
    KeyPair,
    LogoutRefusal,
    LogoutRequest,
    LogoutResponse,
    ProviderSession,
    ServiceProvider,
    logout_request_address,
    logout_response_address,
    make_key_pair,
)
from sso.saml.logout.read import query_may_be_encrypted, read_logout_form, read_logout_query
from tests.saml.logout_provider import SAML, SLO, deflated, message, query, signature
from tests.saml.provider import (
    DS,
    ENTITY_ID,
    EXCLUSIVE,
    ISSUER,
    NOW,
    RSA_SHA256,
    SP,
    TENANT,
    SamlResponse,
    certificate_pem,
    encode,
    expired_key_pair,
    key_pair,
    sign,
    stamp,
)
from tests.saml.provider import KeyPair as SignerPair
from tests.saml.response.test_boundaries import INSTANT, at

THEIRS = "https://login.microsoftonline.com/x/saml2"
LOGIN_ISSUER = f"https://login.microsoftonline.com/{TENANT}/"
REQUEST = LogoutRequest("_l1", "adele@contoso.example", ("_a1",), "state")


@cache
def ours() -> KeyPair:
    return make_key_pair("ours", now=NOW)


def us() -> ServiceProvider:
    return replace(SP, slo_url=SLO, keys=(ours(),))


def provider(*pairs: SignerPair) -> IdentityProvider:
    certificates = tuple(pair.certificate for pair in pairs or (key_pair(),))
    return IdentityProvider(ISSUER, certificates, "https://x", slo_url=THEIRS, slo_response_url=THEIRS + "/answer")


def judge(text: str, idp: IdentityProvider | None = None, sp: ServiceProvider | None = None) -> Any:
    return read_logout_query(text, service_provider=sp or us(), identity_provider=idp or provider(), now=NOW)


def post(
    text: str,
    *,
    signer: str = "idp",
    edit: Callable[[etree._Element], object] | None = None,
    idp: IdentityProvider | None = None,
    **options: str,
) -> Any:
    root = etree.fromstring(text)
    if signer:
        sign(root, SamlResponse(pair=key_pair(signer), **options))
    if edit:
        edit(root)
    return read_logout_form(
        encode(etree.tostring(root)), "a b", service_provider=us(), identity_provider=idp or provider(), now=NOW
    )


def refused(outcome: object) -> str:
    assert isinstance(outcome, LogoutRefusal), outcome
    return outcome.reason


class TestRequests:
    """What ends sessions."""

    def test_by_redirect(self):
        assert judge(query()) == LogoutRequest("_l1", "adele@contoso.example", ("_a1",), "a b")
        assert judge(query(relay_state=None)).relay_state == ""

    def test_by_post(self):
        assert post(message()) == LogoutRequest("_l1", "adele@contoso.example", ("_a1",), "a b")

    def test_the_octets_are_what_is_signed(self):
        """A provider may escape less or more than we would, in lower case or with a plus."""
        text = quote(deflated(message()), safe="/")
        encoded = "SAMLRequest=" + re.sub("%..", lambda found: found[0].lower(), text) + "&RelayState=a+b"
        encoded += "&SigAlg=" + quote(RSA_SHA256, safe=":/#").replace("#", "%23")
        assert isinstance(judge(encoded + "&Signature=" + quote(signature(encoded), safe="")), LogoutRequest)

    def test_other_parameters_and_orders_are_fine(self):
        parts = query().split("&")
        assert isinstance(judge("&".join(["x=1", *reversed(parts)])), LogoutRequest)
        deflate = "urn%3Aoasis%3Anames%3Atc%3ASAML%3A2.0%3Abindings%3AURL-Encoding%3ADEFLATE"
        assert isinstance(judge(f"{query()}&SAMLEncoding={deflate}"), LogoutRequest)

    def test_several_indexes_and_none(self):
        assert judge(query(message(indexes=("_a", "_b")))).session_indexes == ("_a", "_b")
        assert judge(query(message(indexes=()))).session_indexes == ()

    def test_the_other_issuer_of_the_same_tenant(self):
        assert isinstance(judge(query(message(issuer=LOGIN_ISSUER))), LogoutRequest)

    def test_any_certificate_of_the_metadata(self):
        idp = provider(key_pair("other"), key_pair())
        assert isinstance(judge(query(), idp), LogoutRequest)

    @pytest.mark.parametrize("transport", ["query", "post"])
    def test_an_encrypted_name_id(self, transport):
        root = etree.fromstring(message())
        encrypt(root.find("{*}NameID"), certificate_pem(ours().certificate), container="EncryptedID")
        text = etree.tostring(root).decode()
        outcome = judge(query(text)) if transport == "query" else post(text)
        assert outcome.name_id == "adele@contoso.example"
        assert refused(judge(query(text), sp=replace(us(), keys=())))

    def test_only_what_is_encrypted_needs_a_key(self):
        root = etree.fromstring(message())
        encrypt(root.find("{*}NameID"), certificate_pem(ours().certificate), container="EncryptedID")
        assert query_may_be_encrypted(query(etree.tostring(root).decode()))
        plain = query()
        for text in (plain, "", "SAMLRequest=%C3%A9", "SAMLRequest=AAAA", f"{plain}&{plain}"):
            assert not query_may_be_encrypted(text)

    def test_an_encrypted_name_id_is_a_name_id(self):
        def sealed(change) -> Any:
            root = etree.fromstring(message())
            name = root.find("{*}NameID")
            change(name)
            encrypt(name, certificate_pem(ours().certificate), container="EncryptedID")
            return judge(query(etree.tostring(root).decode()))

        assert sealed(lambda name: setattr(name, "text", " ada ")).name_id == "ada"
        for change in (
            lambda name: setattr(name, "tag", f"{{{SAML}}}Issuer"),
            lambda name: setattr(name, "text", ""),
            lambda name: setattr(name, "text", "x" * 1025),
            lambda name: etree.SubElement(name, "x"),
        ):
            assert "name ID" in refused(sealed(change)) or "characters" in refused(sealed(change))

    def test_a_byte_order_mark(self):
        assert isinstance(judge(query("\ufeff" + message())), LogoutRequest)
        assert "UTF-8" in refused(judge(query("\ufeff\ufeff" + message())))

    @pytest.mark.parametrize(
        ("good", "bad"),
        [
            ({"message_id": "_" + "a" * (MAX_LOGOUT_ID - 1)}, {"message_id": "_" + "a" * MAX_LOGOUT_ID}),
            (
                {"subject": f"<saml:NameID>{'a' * 1024}</saml:NameID>"},
                {"subject": f"<saml:NameID>{'a' * 1025}</saml:NameID>"},
            ),
            ({"message_id": "_"}, {"message_id": ""}),
            ({"subject": "<saml:NameID>a</saml:NameID>"}, {"subject": "<saml:NameID> </saml:NameID>"}),
            ({"issued": at(NOW + SKEW)}, {"issued": at(NOW + SKEW + INSTANT)}),
            ({"issued": at(NOW - SKEW - LOGOUT_LIFE)}, {"issued": at(NOW - SKEW - LOGOUT_LIFE - INSTANT)}),
            ({"until": at(NOW - SKEW + INSTANT)}, {"until": at(NOW - SKEW)}),
        ],
        ids=["ID", "name ID", "short ID", "short name ID", "future", "past", "end"],
    )
    def test_where_it_ends(self, good, bad):
        assert isinstance(judge(query(message(**good))), LogoutRequest)
        assert refused(judge(query(message(**bad))))

    def test_a_hundred_sessions_are_the_most_that_are_looked_for(self):
        found = judge(query(message(indexes=tuple(f"_{n}" for n in range(101))))).session_indexes
        assert found == tuple(f"_{n}" for n in range(100))

    def test_the_time_is_bounded(self):
        for issued, until in ((-9, None), (-12, None), (2, None), (-3, 1), (-3, -2)):
            text = message(issued=stamp(issued), until=None if until is None else stamp(until))
            assert isinstance(judge(query(text)), LogoutRequest), (issued, until)


class TestRefused:
    """A forged LogoutRequest must not end any session."""

    def test_unsigned(self):
        assert "signed" in refused(judge(query(signer="")))
        assert "signed" in refused(post(message(), signer=""))
        assert not judge(query(signer="")).is_genuine

    def test_signed_by_somebody_else(self):
        outcome = judge(query(signer="eve"))
        assert (refused(outcome), outcome.is_genuine) == ("not signed by any certificate of the metadata", False)
        assert refused(post(message(), signer="eve"))

    @pytest.mark.parametrize(
        "broken",
        [
            lambda q: q.replace("RelayState=a%20b", "RelayState=b"),
            lambda q: q.replace("&RelayState=a%20b", ""),
            lambda q: q.replace("Signature=", "Signature=AAAA"),
            lambda q: q.partition("&Signature=")[0],
            lambda q: q.replace("SigAlg=", "Other="),
            lambda q: q.replace("rsa-sha256", "rsa-sha1"),
            lambda q: q.replace("rsa-sha256", "rsa-sha512"),
            lambda q: q.replace("rsa-sha256", "ecdsa-sha256"),
            lambda q: q.replace("rsa-sha256", "hmac-sha256"),
            lambda q: q + "&SAMLRequest=" + quote(deflated(message(subject="<saml:NameID>x</saml:NameID>"))),
            lambda q: q + "&RelayState=c",
            lambda q: q + "&Signature=AAAA",
            lambda q: q + "&SAMLResponse=" + quote(deflated(message("LogoutResponse"))),
            lambda q: q + "&SAMLEncoding=urn:none",
            lambda q: q.replace("SAMLRequest", "SAMLrequest"),
            lambda q: q.replace("Signature=", "Signature=!"),
            lambda q: q + "&" * 100_000,
        ],
    )
    def test_changed_queries(self, broken):
        assert refused(judge(broken(query())))

    @pytest.mark.parametrize(
        "changed",
        [
            lambda q: "SAMLRequest=" + quote(deflated(message(subject="<saml:NameID>x</saml:NameID>"))) + "&" + q,
            lambda q: q + "&" + q.partition("&")[0],
            lambda q: "SAMLResponse=&" + q,
            lambda q: q + "&SAMLResponse=x",
            lambda q: q.partition("&")[2],
            lambda q: q + "&RelayState=a%20b",
            lambda q: q + "&SAMLEncoding=urn:none",
            lambda q: q + "&" * (64 * 1024 + 1 - len(q)),
            lambda q: "",
        ],
    )
    def test_what_can_be_read_in_two_ways(self, changed):
        outcome = judge(changed(query()))
        assert (refused(outcome), outcome.is_genuine) == ("a query that can be read in two ways", False)

    def test_the_longest_query(self):
        assert isinstance(judge(query() + "&" * (64 * 1024 - len(query()))), LogoutRequest)

    def test_sha1_even_when_it_is_signed_so(self):
        encoded = query(signer="") + "&SigAlg=" + quote("http://www.w3.org/2000/09/xmldsig#rsa-sha1", safe="")
        value = signature(encoded, digest=hashes.SHA1())  # noqa: S303
        assert "rsa-sha1" in refused(judge(f"{encoded}&Signature={quote(value, safe='')}"))

    @pytest.mark.parametrize(
        "text",
        [
            message(issuer="https://evil.example/"),
            message(issuer=LOGIN_ISSUER.replace("0f3c", "1f3c")),
            message(issuer=f"https://login.microsoftonline.com/x/{TENANT}/"),
            message(issuer=f"{LOGIN_ISSUER}?x=1"),
            message().replace("<saml:Issuer>", '<saml:Issuer Format="urn:x">'),
            message(issuer=LOGIN_ISSUER).replace("<saml:Issuer>", '<saml:Issuer Format="urn:x">'),
            message(message_id=""),
            message(destination=SLO + "1"),
            message(destination=None),
            message(destination=SP.acs_url),
            message(version="1.1"),
            message(issued=stamp(-16)),
            message(issued=stamp(6)),
            message(issued="yesterday"),
            message(until=stamp(-6)),
            message(until="never"),
            message(subject=""),
            message(subject="<saml:NameID/>"),
            message(subject=f"<saml:NameID>{'x' * 1025}</saml:NameID>"),
            message(subject="<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>"),
            message(subject="<saml:EncryptedID/>"),
            message().replace("LogoutRequest", "AuthnRequest"),
            message().replace("<saml:Issuer>", "<saml:Issuer>x</saml:Issuer><saml:Issuer>"),
            message().replace("<saml:Issuer>", "<!-- c --><saml:Issuer>"),
            "<!DOCTYPE x>" + message(),
            message() + "<x/>",
            "",
            "hello",
        ],
    )
    def test_genuine_but_wrong(self, text):
        assert refused(judge(query(text or " ")))

    def test_wrong_and_genuine_is_told_apart(self):
        assert judge(query(message(destination=SLO + "1"))).is_genuine

    def test_expired_certificate(self):
        assert "valid on" in refused(judge(query(), provider(expired_key_pair())))
        outcome = post(message(), idp=provider(expired_key_pair()))
        assert ("valid on" in refused(outcome), outcome.is_genuine) == (True, True)

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            ({"signature_method": f"{DS}rsa-sha1"}, "rsa-sha1"),
            ({"digest_method": f"{DS}sha1"}, "sha1"),
            ({"key_info": "retrieval"}, "RetrievalMethod"),
            ({"transforms": (EXCLUSIVE,)}, "the transforms are"),
            (
                {"edit": lambda root: root.find("{*}Issuer").append(root.find("{*}Signature"))},
                "received: one in Issuer",
            ),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_a_signature_in_the_xml_may_be(self, options, reason):
        """Each by the rule that knows why, since another one behind it may let it pass some day."""
        assert reason in refused(post(message(), **options))

    @pytest.mark.parametrize(
        "text",
        [
            message("AuthnRequest", subject="", indexes=()),
            message("ManageNameIDRequest", subject="<saml:NameID>a</saml:NameID><samlp:Terminate/>", indexes=()),
        ],
    )
    def test_another_message_of_the_protocol(self, text):
        assert "a LogoutRequest or LogoutResponse" in refused(judge(query(text)))
        assert "a LogoutRequest or LogoutResponse" in refused(post(text))

    def test_two_names_that_are_both_no_tenants(self):
        """Entra's other name counts by its tenant, and what has none is never the same as another."""
        idp = replace(provider(), entity_id="https://idp.example/metadata")
        assert isinstance(judge(query(message(issuer=idp.entity_id)), idp), LogoutRequest)
        assert refused(judge(query(message(issuer="https://evil.example/metadata")), idp))

    def test_weak_encryption_is_not_even_tried(self):
        weak = '<e:EncryptedData xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:CipherData><e:CipherValue>AAAA'
        weak += "</e:CipherValue></e:CipherData></e:EncryptedData>"
        said = refused(judge(query(message(subject=f"<saml:EncryptedID>{weak}</saml:EncryptedID>"))))
        assert "AES" in said

    def test_bombs(self):
        assert "too large" in refused(judge("SAMLRequest=" + quote(deflated(b"<a>" + b" " * 10_000_000))))
        assert refused(judge("SAMLRequest=" + quote(deflated("<a>" * 100 + "</a>" * 100))))
        packed = base64.b64decode(deflated(message()))
        tail = base64.b64encode(packed + b"tail").decode()
        assert "not DEFLATE to its end" in refused(judge("SAMLRequest=" + quote(tail, safe="")))
        assert "not DEFLATE" in refused(judge("SAMLRequest=" + quote(base64.b64encode(b"\xff" * 50).decode(), safe="")))

    def test_a_signature_in_the_xml_of_a_redirect(self):
        root = etree.fromstring(message())
        sign(root, SamlResponse())
        assert "Redirect has none" in refused(judge(query(etree.tostring(root).decode(), signer="")))

    def test_a_changed_or_moved_form(self):
        def rename(root):
            root.find("{*}NameID").text = "admin@contoso.example"

        def twice(root):
            root.find("{*}Issuer").append(etree.fromstring(etree.tostring(root.find("{*}Signature"))))

        for edit in (rename, twice):
            assert refused(post(message(), edit=edit))

    @pytest.mark.parametrize("inside", ["<!-- a -->", "<?a b?>"])
    def test_a_comment_that_no_signature_covers(self, inside):
        """Canonicalization leaves it out, so the signature stays good; both ways refuse it before that."""
        signed = etree.fromstring(message())
        sign(signed, SamlResponse(pair=key_pair()))
        text = etree.tostring(signed).replace(b"adele@", b"adele@" + inside.encode())
        found = read_logout_form(encode(text), "", service_provider=us(), identity_provider=provider(), now=NOW)
        assert "no document type, comment or processing instruction" in refused(found)
        found = judge(query(message().replace("adele@", "adele@" + inside)))
        assert "no document type, comment or processing instruction" in refused(found)

    def test_base64_with_something_in_it(self):
        """Though it is signed as it came."""
        packed = deflated(message())
        text = f"SAMLRequest={quote(packed[:8] + '*' + packed[8:], safe='')}&SigAlg={quote(RSA_SHA256, safe='')}"
        assert "not DEFLATE in base64" in refused(judge(f"{text}&Signature={quote(signature(text), safe='')}"))

    def test_what_can_be_read_in_two_ways_is_nobodys(self):
        found = judge(query() + "&SAMLResponse=x")
        assert "two ways" in refused(found)
        assert not found.is_genuine

    def test_nothing_at_all(self):
        assert refused(judge(""))
        assert refused(
            read_logout_form("", "", service_provider=us(), identity_provider=provider(), now=NOW + timedelta(0))
        )


class TestResponses:
    """They end nothing, so Entra's may come without a signature and from its other issuer."""

    @pytest.mark.parametrize("issuer", [ISSUER, LOGIN_ISSUER, LOGIN_ISSUER.rstrip("/")])
    @pytest.mark.parametrize("signer", ["", "idp"])
    def test_accepted(self, issuer, signer):
        text = message("LogoutResponse", issuer=issuer)
        assert judge(query(text, signer=signer)) == LogoutResponse("_q1", succeeded=True)
        assert post(text, signer=signer) == LogoutResponse("_q1", succeeded=True)

    def test_the_provider_says_no(self):
        said = "urn:oasis:names:tc:SAML:2.0:status:Responder"
        text = message("LogoutResponse", status=said)
        assert judge(query(text, signer="")) == LogoutResponse("_q1", succeeded=False, status=said)

    def test_a_signature_has_to_be_good(self):
        assert refused(judge(query(message("LogoutResponse"), signer="eve")))
        assert refused(post(message("LogoutResponse"), signer="eve"))

    @pytest.mark.parametrize("part", ["SigAlg", "Signature"])
    def test_half_a_signature_is_none(self, part):
        """Neither good nor absent."""
        text = query(message("LogoutResponse"))
        assert refused(judge("&".join(each for each in text.split("&") if not each.startswith(part + "="))))

    def test_junk_in_the_base64(self):
        text = query(message("LogoutResponse"), signer="")
        assert isinstance(judge(text), LogoutResponse)
        assert refused(judge(text.replace("SAMLResponse=", "SAMLResponse=*")))

    def test_to_no_request_in_particular(self):
        assert judge(query(message("LogoutResponse", in_response_to=None))) == LogoutResponse("", succeeded=True)

    def test_unsigned_it_may_leave_the_destination_out(self):
        text = message("LogoutResponse", destination=None)
        assert isinstance(judge(query(text, signer="")), LogoutResponse)
        assert refused(judge(query(text)))


class TestOurs:
    """What we send."""

    def test_the_request(self):
        session = ProviderSession("adele@contoso.example", "urn:format", "nq", "spnq", "_a1")
        address = logout_request_address(us(), provider(), session, request_id="_q", issue_instant=NOW, key=ours())
        root = opened(address, "SAMLRequest")
        assert schema().validate(root), schema().error_log
        assert dict(root.items()) == {
            "ID": "_q",
            "Version": "2.0",
            "IssueInstant": "2026-03-02T09:30:00Z",
            "Destination": THEIRS,
            "NotOnOrAfter": "2026-03-02T09:40:00Z",
        }
        name = root.find("{*}NameID")
        assert (name.text, dict(name.attrib)) == (
            "adele@contoso.example",
            {"Format": "urn:format", "NameQualifier": "nq", "SPNameQualifier": "spnq"},
        )
        assert (root.findtext("{*}SessionIndex"), root.findtext("{*}Issuer")) == ("_a1", ENTITY_ID)
        is_signed(address)

    def test_what_is_not_known_is_left_out(self):
        address = logout_request_address(
            us(), provider(), ProviderSession("a"), request_id="_q", issue_instant=NOW, key=None
        )
        root = opened(address, "SAMLRequest")
        assert dict(root.find("{*}NameID").attrib) == {}
        assert root.find("{*}SessionIndex") is None
        assert "Signature" not in address

    def test_the_response(self):
        address = logout_response_address(us(), provider(), REQUEST, response_id="_s", issue_instant=NOW, key=ours())
        root = opened(address, "SAMLResponse")
        assert schema().validate(root), schema().error_log
        assert (root.get("InResponseTo"), root.get("Destination")) == ("_l1", THEIRS + "/answer")
        assert parse_qs(urlsplit(address).query)["RelayState"] == ["state"]
        is_signed(address)


def opened(address: str, name: str) -> etree._Element:
    (value,) = parse_qs(urlsplit(address).query)[name]
    return etree.fromstring(zlib.decompress(base64.b64decode(value), -15))


@cache
def schema() -> etree.XMLSchema:
    path = files("onelogin.saml2") / "schemas" / "saml-schema-protocol-2.0.xsd"
    return etree.XMLSchema(etree.parse(str(path)))


def is_signed(address: str) -> None:
    sent = urlsplit(address).query
    assert OneLogin_Saml2_Utils.validate_binary_sign(
        sent.partition("&Signature=")[0],
        base64.b64decode(parse_qs(sent)["Signature"][0]),
        certificate_pem(ours().certificate),
        RSA_SHA256,
    )
    assert urlencode({"SigAlg": RSA_SHA256}) in sent
