"""Messages made to hurt: refused by the list of what is allowed, before any library does what they ask for."""

from __future__ import annotations

import base64
import threading

import pytest
from lxml import etree

from sso.saml import CheckName, unverified_hint
from sso.saml.response import signature_rules
from sso.saml.response.context import ResponseContext
from sso.saml.toolkit import second_verifier
from sso.saml.xml.envelope import MAX_BYTES, MAX_DEPTH
from sso.saml.xml.signed_info import signed_info
from tests.saml.judging import assert_refused, judge
from tests.saml.provider import DS, ENVELOPED, EXCLUSIVE, NOW, REQUEST, REQUEST_ID, SP, SamlResponse, encode, idp

XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XPATH2 = "http://www.w3.org/2002/06/xmldsig-filter2"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
LOOPS = (
    '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/">'
    + '<xsl:for-each select="//. | //@*">' * 5
    + "<xsl:value-of select='1'/>"
    + "</xsl:for-each>" * 5
    + "</xsl:template></xsl:stylesheet>"
)


@pytest.fixture
def never_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail if a signature is looked at after all."""

    def refuse(*_: object) -> None:
        pytest.fail("a signature was verified")

    monkeypatch.setattr(signature_rules, "signer_of", refuse)
    monkeypatch.setattr(signature_rules, "digest_matches", refuse)


def with_signature(change) -> str:
    """A genuine response whose signature is changed afterwards."""
    root = SamlResponse().document()
    signature = root.find(f"{{*}}Assertion/{{{DS}}}Signature")
    assert signature is not None
    change(signature)
    return encode(etree.tostring(root))


def part(signature: etree._Element, name: str) -> etree._Element:
    found = next(signature.iter(f"{{{DS}}}{name}"))
    assert found is not None
    return found


def add(parent: etree._Element, name: str, inside: str = "", **attributes: str) -> etree._Element:
    child = etree.SubElement(parent, f"{{{DS}}}{name}", attributes)
    if inside:
        child.append(etree.fromstring(inside))
    return child


def transform(algorithm: str, inside: str = ""):
    return lambda signature: add(part(signature, "Transforms"), "Transform", inside, Algorithm=algorithm)


def only(*algorithms: str):
    def change(signature: etree._Element) -> None:
        transforms = part(signature, "Transforms")
        del transforms[:]
        for algorithm in algorithms:
            add(transforms, "Transform", Algorithm=algorithm)

    return change


BOMBS = {
    "XSLT loops": transform(XSLT, LOOPS),
    "XPath": transform(XPATH, f'<XPath xmlns="{DS}">count(//. | //@*) > 1</XPath>'),
    "XPath filter": transform(XPATH2, f'<XPath xmlns="{XPATH2}" Filter="union">//.</XPath>'),
    "base64": transform(DS + "base64"),
    "inclusive canonicalization": transform(INCLUSIVE),
    "canonicalized twice": transform(EXCLUSIVE),
    "enveloped twice": transform(ENVELOPED),
    "two thousand canonicalizations": only(ENVELOPED, *[EXCLUSIVE] * 2000),
    "no enveloped transform": only(EXCLUSIVE),
    "wrong order": only(EXCLUSIVE, ENVELOPED),
    "something in the enveloped transform": lambda s: add(part(s, "Transform"), "XPath"),
    "something in the canonicalization": lambda s: part(s, "Transforms")[1].append(
        etree.fromstring(f'<XPath xmlns="{DS}">1</XPath>')
    ),
    "something deep in the canonicalization": lambda s: part(s, "CanonicalizationMethod").append(
        etree.fromstring(f'<InclusiveNamespaces xmlns="{EXCLUSIVE}" PrefixList=""><x/></InclusiveNamespaces>')
    ),
    "thousands of prefixes": lambda s: part(s, "CanonicalizationMethod").append(
        etree.fromstring(f'<InclusiveNamespaces xmlns="{EXCLUSIVE}" PrefixList="{"a " * 5000}"/>')
    ),
    "XSLT as canonicalization": lambda s: part(s, "CanonicalizationMethod").set("Algorithm", XSLT),
    "something else among the transforms": lambda s: setattr(part(s, "Transforms")[1], "tag", "{urn:x}Transform"),
    "two references": lambda s: part(s, "Reference").addnext(etree.fromstring(etree.tostring(part(s, "Reference")))),
    "reference to the whole document": lambda s: part(s, "Reference").set("URI", ""),
    "reference without URI": lambda s: part(s, "Reference").attrib.pop("URI"),
    "reference to the response": lambda s: part(s, "Reference").set("URI", "#_r1"),
    "reference by XPointer": lambda s: part(s, "Reference").set("URI", "#xpointer(id('_a1'))"),
    "reference to a file": lambda s: part(s, "Reference").set("URI", "file:///etc/hostname"),
    "reference to the network": lambda s: part(s, "Reference").set("URI", "http://127.0.0.1:9/"),
    "object": lambda s: add(s, "Object"),
    "manifest": lambda s: add(add(s, "Object"), "Manifest"),
    "truncated HMAC": lambda s: add(part(s, "SignatureMethod"), "HMACOutputLength"),
    "two digests": lambda s: add(part(s, "Reference"), "DigestValue"),
    "no digest": lambda s: setattr(part(s, "DigestValue"), "text", ""),
    "digest in pieces": lambda s: add(part(s, "DigestValue"), "x"),
    "signature value in pieces": lambda s: add(part(s, "SignatureValue"), "x"),
    "signature value of other letters": lambda s: setattr(part(s, "SignatureValue"), "text", "§§§§"),
    "signature value of endless blanks": lambda s: setattr(
        part(s, "SignatureValue"), "text", "AAAA" + " " * 200_000 + "§"
    ),
}


@pytest.mark.usefixtures("never_verified")
@pytest.mark.parametrize("change", BOMBS.values(), ids=BOMBS.keys())
def test_signatures_may_not_ask_for_more(change) -> None:
    verdict = judge(with_signature(change))
    assert verdict.failure is not None
    assert verdict.failure.name in (CheckName.SIGNED_INFO, CheckName.SCHEMA)


@pytest.mark.parametrize("change", BOMBS.values(), ids=BOMBS.keys())
def test_the_list_does_not_lean_on_the_schema(change) -> None:
    context = ResponseContext(
        with_signature(change), service_provider=SP, identity_provider=idp(), request=REQUEST, now=NOW
    )
    assert not signed_info(context).passed


@pytest.mark.usefixtures("never_verified")
def test_digest_of_nothing() -> None:
    """A relative namespace makes canonicalization fail, and the digest would be that of an empty document."""
    xml = SamlResponse().xml().replace(b"<Conditions ", b'<Conditions xmlns:x="relative/x" ', 1)
    assert_refused(judge(encode(xml)), CheckName.NAMESPACES)


def in_xml(change) -> str:
    return encode(change(SamlResponse().xml()))


MESSAGES = {
    "nothing": ("", CheckName.BASE64),
    "blanks": (" \r\n", CheckName.BASE64),
    "not base64": ("<samlp:Response/>", CheckName.BASE64),
    "base64 with junk": (SamlResponse().encoded()[:40] + "!" + SamlResponse().encoded()[40:], CheckName.BASE64),
    "data after the padding": (base64.b64encode(b"ab").decode() + "QUJD", CheckName.BASE64),
    "letters beyond ASCII": ("ÄÖÜ=", CheckName.BASE64),
    "half a character": ("\ud800", CheckName.BASE64),
    "URL-safe base64": ("-_-_", CheckName.BASE64),
    "too long to decode": ("A" * (2 * MAX_BYTES + 1), CheckName.SIZE),
    "too long": (encode(b"<a>" + b" " * MAX_BYTES + b"</a>"), CheckName.BASE64),
    "UTF-16": (encode(SamlResponse().xml().decode().encode("utf-16")), CheckName.ENCODING),
    "says UTF-16": (in_xml(lambda xml: b'<?xml version="1.0" encoding="UTF-16"?>' + xml), CheckName.ENCODING),
    "UTF-7": (in_xml(lambda xml: b'<?xml version="1.0" encoding="UTF-7"?>' + xml), CheckName.ENCODING),
    "Latin-1": (in_xml(lambda xml: b'<?xml version="1.0" encoding="ISO-8859-1"?>' + xml), CheckName.ENCODING),
    "XML 1.1": (in_xml(lambda xml: b'<?xml version="1.1"?>' + xml), CheckName.ENCODING),
    "two byte order marks": (in_xml(lambda xml: b"\xef\xbb\xbf" * 2 + xml), CheckName.ENCODING),
    "DTD": (in_xml(lambda xml: b"<!DOCTYPE x>" + xml), CheckName.PLAIN_XML),
    "external entity": (
        in_xml(lambda xml: b'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + xml),
        CheckName.PLAIN_XML,
    ),
    "comment in the name ID": (
        in_xml(lambda xml: xml.replace(b"adele@contoso", b"adele@contoso<!---->", 1)),
        CheckName.PLAIN_XML,
    ),
    "comment in front": (in_xml(lambda xml: b"<!-- -->" + xml), CheckName.PLAIN_XML),
    "instruction in the name ID": (
        in_xml(lambda xml: xml.replace(b"adele@contoso", b"adele<?x?>@contoso", 1)),
        CheckName.PLAIN_XML,
    ),
    "a declaration further on": (
        in_xml(lambda xml: xml.replace(b"adele@contoso", b'adele<?xml version="1.0"?>@contoso', 1)),
        CheckName.PLAIN_XML,
    ),
    "two declarations": (in_xml(lambda xml: b'<?xml version="1.0"?><?xml version="1.0"?>' + xml), CheckName.PLAIN_XML),
    "cut off": (in_xml(lambda xml: xml[:-9]), CheckName.WELL_FORMED),
    "two roots": (in_xml(lambda xml: xml + xml), CheckName.WELL_FORMED),
    "NUL": (in_xml(lambda xml: xml.replace(b"adele", b"ad\x00ele", 1)), CheckName.WELL_FORMED),
    "unknown entity": (in_xml(lambda xml: xml.replace(b"adele", b"&adele;", 1)), CheckName.WELL_FORMED),
    "text": (encode(b"hello"), CheckName.WELL_FORMED),
    "deep": (encode(b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1)), CheckName.LIMITS),
    "deeper than the parser goes": (encode(b"<a>" * 9000 + b"</a>" * 9000), CheckName.WELL_FORMED),
    "many elements": (encode(b"<a>" + b"<b/>" * 6000 + b"</a>"), CheckName.LIMITS),
    "many attributes": (encode(b"<a " + b" ".join(b"a%d=''" % n for n in range(27_000)) + b"/>"), CheckName.MARKUP),
    "a new name each time": (
        encode(b"<a>" + b"".join(b"<b%06d/>" % n for n in range(3_000)) + b"</a>"),
        CheckName.MARKUP,
    ),
    "a new attribute each time": (
        encode(b"<a>" + b"".join(b"<b c%06d \t=\n''/>" % n for n in range(1_500)) + b"</a>"),
        CheckName.MARKUP,
    ),
    "a long name": (encode(b"<a>" + b" " * 20_000 + b"<" + b"b" * 101 + b"/></a>"), CheckName.MARKUP),
    "a long name of an attribute": (
        encode(b"<a>" + b" " * 20_000 + b"<b " + b"c" * 101 + b"=''/></a>"),
        CheckName.MARKUP,
    ),
    "a name far from its value": (
        encode(b"<a>" + b" " * 20_000 + b"<b c" + b" " * 200 + b"=''/></a>"),
        CheckName.MARKUP,
    ),
    "many attributes in one element": (
        encode(b"<a " + b" ".join(b"a%d=''" % n for n in range(65)) + b"/>"),
        CheckName.LIMITS,
    ),
    "attributes everywhere": (encode(b"<a>" + b"<b c='' d='' e=''/>" * 3200 + b"</a>"), CheckName.LIMITS),
    "many namespaces": (
        encode(b"<a " + b" ".join(b"xmlns:a%d='urn:%d'" % (n, n) for n in range(65)) + b"/>"),
        CheckName.LIMITS,
    ),
    "the same namespace again and again": (encode(b"<a>" + b"<b xmlns='urn:b'/>" * 4501 + b"</a>"), CheckName.LIMITS),
}


@pytest.mark.usefixtures("never_verified")
@pytest.mark.parametrize(("encoded", "name"), MESSAGES.values(), ids=MESSAGES.keys())
def test_hostile_messages(encoded: str, name: CheckName) -> None:
    assert_refused(judge(encoded), name)
    assert unverified_hint(encoded).in_response_to in {"", REQUEST_ID}


def test_a_large_message_of_few_names_is_read() -> None:
    groups = "".join(f"<AttributeValue>{number:0100}</AttributeValue>" for number in range(300))
    answer = SamlResponse(
        statement=f'<AttributeStatement><Attribute Name="groups">{groups}</Attribute></AttributeStatement>'
    )
    assert len(answer.xml()) > 16 * 1024
    assert judge(answer).accepted


def test_text_as_cdata_is_the_same_text() -> None:
    xml = SamlResponse().xml().replace(b"adele@contoso.example</NameID>", b"<![CDATA[adele@contoso.example]]></NameID>")
    verdict = judge(encode(xml))
    assert verdict.assertion is not None
    assert verdict.assertion.name_id == "adele@contoso.example"


def test_the_log_shows_hostile_text_on_one_line() -> None:
    verdict = judge(SamlResponse(destination="https://evil.test/\u202e\u0085" + "x" * 5000))
    assert verdict.failure is not None
    assert verdict.failure.received.isprintable()
    assert len(verdict.failure.received) <= 200


def test_a_failing_check_fails_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a library throws in the middle of a check is a refusal by that check."""

    def explode(_: object) -> str:
        raise RecursionError("too deep")

    monkeypatch.setattr(second_verifier, "schema_complaint", explode)
    verdict = judge(SamlResponse())
    assert_refused(verdict, CheckName.SCHEMA)
    assert verdict.failure is not None
    assert verdict.failure.received == "RecursionError: too deep"


def test_many_at_once() -> None:
    """Parsers, schemas and keys are kept for each thread or shared safely."""
    encoded = [SamlResponse(sign=kind).encoded() for kind in ("assertion", "response", "both", "none")]
    found: list[list[bool]] = []

    def run() -> None:
        found.append([judge(each, now=NOW).accepted for _ in range(10) for each in encoded])

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert found == [[True, True, True, False] * 10] * 8
