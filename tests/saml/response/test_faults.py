"""What is behind a refusal, and that its two texts never look the same."""

from __future__ import annotations

import base64
import gzip
import urllib.parse
import zlib

import pytest

from sso.saml import CheckName, Fault
from sso.saml.rule_result import equal, told_apart
from tests.saml.judging import assert_refused, judge
from tests.saml.metadata_corpus import CORPUS
from tests.saml.provider import ACS, ENTITY_ID, ISSUER, SamlResponse, attribute, encode, stamp

XS = (
    'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:type="xs:string"'
)
GROUPS = {
    "Entra": attribute("groups", tuple(f"{n:08x}-0000-4000-8000-{n:012x}" for n in range(2000))),
    "Okta": '<Attribute Name="groups">'
    + "".join(f"<AttributeValue {XS}>Team {n}</AttributeValue>" for n in range(2000))
    + "</Attribute>",
    "Keycloak": "".join(
        f'<Attribute Name="Role"><AttributeValue {XS}>r{n}</AttributeValue></Attribute>' for n in range(2000)
    ),
    "LDAP": attribute("memberOf", tuple(f'CN=Team {n},OU="A, B",DC=contoso,DC=example' for n in range(2000))),
}

# Keycloak writes an Attribute for each role and declares both namespaces in each value: 512 KB hold about 1,850.
ROLE = (
    '<Attribute Name="Role" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">'
    f"<AttributeValue {XS}>role {{}}</AttributeValue></Attribute>"
)


@pytest.mark.parametrize(("count", "is_accepted"), [(1850, True), (2100, False)])
def test_as_many_roles_as_512_kilobytes_hold_with_all_that_keycloak_writes(count: int, is_accepted: bool) -> None:
    inside = "".join(map(ROLE.format, range(count)))
    verdict = judge(SamlResponse(sign="both", statement=f"<AttributeStatement>{inside}</AttributeStatement>"))
    assert verdict.accepted is is_accepted
    assert verdict.fault is (None if is_accepted else Fault.TOO_LARGE)
    if verdict.failure is not None:
        assert "at most 524,288 bytes" in verdict.failure.expected
        assert "the claim Role has 2,100 values" in verdict.failure.received


@pytest.mark.parametrize("inside", GROUPS.values(), ids=GROUPS)
def test_two_thousand_groups(inside: str) -> None:
    assert judge(SamlResponse(sign="both", statement=f"<AttributeStatement>{inside}</AttributeStatement>")).accepted


def test_more_groups_than_the_limit_are_named() -> None:
    verdict = judge(SamlResponse(attributes=(("groups", ("x",) * 4001),)))
    assert_refused(verdict, CheckName.LIMITS)
    assert verdict.fault is Fault.TOO_LARGE
    assert verdict.failure is not None
    assert "4,000 values" in verdict.failure.expected
    assert "the claim groups has 4,001 values" in verdict.failure.received


def test_a_response_that_is_too_long_names_its_largest_claim() -> None:
    verdict = judge(SamlResponse(attributes=(("groups", ("x" * 400,) * 2000),)))
    assert verdict.fault is Fault.TOO_LARGE
    assert verdict.failure is not None
    assert "the claim groups has 2,000 values" in verdict.failure.received


GOOD = SamlResponse().xml()
FIELDS = {
    "encoded twice": (encode(encode(GOOD).encode()), "twice"),
    "deflated": (encode(zlib.compress(GOOD)[2:-4]), "deflated"),
    "zlib": (encode(zlib.compress(GOOD)), "compressed"),
    "base64url": (base64.urlsafe_b64encode(GOOD + b"\xff\xfe").decode(), "base64url"),
    "URL-encoded twice": (urllib.parse.quote(encode(GOOD + b" "), safe=""), "URL-encoded"),
    "raw XML": (GOOD.decode(), "not in base64"),
    "HTML": (encode(b"<html><form/></html>"), "HTML"),
    "HTML in the field": ("<html></html>", "HTML"),
    "JWT": ("eyJhbGciOiJub25lIn0.e30.", "JSON Web Token"),
    "JWT in base64": (encode(b"eyJhbGciOiJub25lIn0.e30."), "JSON Web Token"),
    "JSON": (encode(b'{"a": 1}'), "JSON"),
    "broken JSON": ("{", "text that is not base64: it contains {, which"),
    "unpadded": (encode(GOOD + b" " * ((1 - len(GOOD)) % 3)).rstrip("="), "without the ="),
    "plus lost": (encode(b"<a>\xfb\xef\xbe</a>").replace("+", " ") + " ", "blanks"),
    "nothing": ("", "empty"),
    "gzip": (encode(gzip.compress(GOOD)), "compressed"),
    "gzip of other text": (encode(gzip.compress(b"hello")), "UTF-8"),
    "JSON without end": ("[" * 200_000, "it contains [, which"),
    "base64url of something else": (base64.urlsafe_b64encode(b"\xff\xfe\xfd" * 30).decode(), "it contains _, which"),
    "base64url that is cut off": (base64.urlsafe_b64encode(GOOD + b"\xff\xfe").decode()[:-7], "base64url"),
    "base64url of one letter": ("_", "it contains _, which"),
    "percents of nothing": ("%2B%3D%zz", "it contains %, which"),
    "letters of others": ("é" * 20, "it contains é, which"),
    "a hidden letter": ("PHNh\u202ebWw", "it contains \\u202e, which"),
    "base64 that is cut off": (encode(b"\xff" * 31)[:-3], "missing or too many"),
    "base64 with = in its middle": ("PHNh=bWxw", "missing or too many"),
    "a no-break space": ("\u00a0", "empty"),
}


@pytest.mark.parametrize(("field", "words"), FIELDS.values(), ids=FIELDS)
def test_what_is_no_response_is_named(field: str, words: str) -> None:
    verdict = judge(field)
    assert verdict.failure is not None
    assert verdict.failure.name in (CheckName.BASE64, CheckName.ENCODING, CheckName.WELL_FORMED)
    assert words in verdict.failure.received or words in verdict.failure.expected


UNDECLARED = b'<AttributeValue xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="xs:string">'


def advised(text: str) -> str:
    """Put a second assertion into the Advice of the first, as the schema allows."""
    inner = text[text.index("<Assertion ") : text.index("</Assertion>")].replace("_a1", "_x1") + "</Assertion>"
    return text.replace("</Conditions>", f"</Conditions><Advice>{inner}</Advice>", 1)


def issued_with_elements(text: str) -> str:
    return text.replace(f"{ISSUER}</Issuer>", f'{ISSUER}<x xmlns="urn:x"/></Issuer>')


def signed_with(method: str) -> str:
    """Return a response that names another signature method than it was signed with."""
    return encode(GOOD.replace(b"2001/04/xmldsig-more#rsa-sha256", method.encode()))


FAULTS = {
    "a NotBefore": (SamlResponse(confirmed_from=stamp(-5)), Fault.NOT_BEFORE),
    "an offset": (SamlResponse(confirmed_until="2026-03-02T10:30:00+00:00"), Fault.NOT_UTC),
    "a wrong clock": (SamlResponse(issued=stamp(9)), Fault.CLOCK),
    "changed": (SamlResponse(after=lambda root: next(root.iter("{*}NameID")).set("SPProvidedID", "x")), Fault.MODIFIED),
    "one ID": (encode(GOOD.replace(b"_r1", b"_a1", 1)), Fault.PROVIDER_BUG),
    "a comment": (encode(GOOD.replace(b"<Subject>", b"<!-- a --><Subject>")), Fault.UNUSUAL),
    "an instruction": (encode(GOOD.replace(b"<Subject>", b"<?a b?><Subject>")), Fault.UNUSUAL),
    "a document type": (encode(b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + GOOD), Fault.HOSTILE),
    "an undeclared prefix": (encode(GOOD.replace(b"<AttributeValue>", UNDECLARED, 1)), Fault.PROVIDER_BUG),
    "for others": (SamlResponse(name_qualifier="https://other.example"), Fault.OTHER_RECIPIENT),
    "an assertion in its advice": (SamlResponse(rewritten=advised), Fault.UNUSUAL),
    "an Issuer with elements": (SamlResponse(issuer_format=None, rewritten=issued_with_elements), Fault.PROVIDER_BUG),
    "an algorithm that is not known": (signed_with("2001/04/xmldsig-more#rsa-whirlpool"), Fault.UNUSUAL),
    "RSA-PSS": (signed_with("2007/05/xmldsig-more#sha256-rsa-MGF1"), Fault.UNUSUAL),
    "DSA with SHA-256": (signed_with("2009/xmldsig11#dsa-sha256"), Fault.UNUSUAL),
    "ECDSA with SHA-1": (signed_with("2001/04/xmldsig-more#ecdsa-sha1"), None),
    "MD5": (signed_with("2001/04/xmldsig-more#rsa-md5"), None),
    "HMAC": (signed_with("2001/04/xmldsig-more#hmac-sha256"), Fault.HOSTILE),
    "inverted": (SamlResponse(not_before=stamp(2), not_on_or_after=stamp(-2)), Fault.PROVIDER_BUG),
}


@pytest.mark.parametrize(("answer", "fault"), FAULTS.values(), ids=FAULTS)
def test_what_is_behind_a_refusal(answer: SamlResponse | str, fault: Fault | None) -> None:
    verdict = judge(answer)
    assert verdict.failure is not None
    assert verdict.fault is fault
    assert verdict.failure.expected != verdict.failure.received


@pytest.mark.parametrize(
    ("received", "shown"),
    [
        ("abc ", "abc\\x20"),
        ("abc\u00a0", "abc\\xa0"),
        ("a\u200bbc", "a\\u200bbc"),
        ("\u0430bc", "\\u0430bc"),
        ("abc\n", "abc\\n"),
        ("abc\u202e", "abc\\u202e"),
        ("abc\\", "abc\\\\"),
        ("", "empty"),
    ],
)
def test_what_can_not_be_seen_is_escaped(received: str, shown: str) -> None:
    assert equal("abc", received)[:3] == (False, "abc", shown)


def test_a_difference_at_the_end_of_long_texts_shows() -> None:
    expected, received = told_apart("a" * 500 + "b", "a" * 500 + "c")
    assert (expected[-1], received[-1]) == ("b", "c")


@pytest.mark.parametrize(
    "knobs",
    [{"issuer": ISSUER + "\u00a0"}, {"recipient": ACS + "\u200b"}, {"audiences": ((ENTITY_ID + "\u00a0",),)}],
    ids=["issuer", "recipient", "audience"],
)
def test_expected_and_arrived_differ(knobs: dict) -> None:
    failure = judge(SamlResponse(**knobs)).failure
    assert failure is not None
    assert failure.expected != failure.received
    assert "\\" in failure.received


@pytest.mark.skipif(not (CORPUS / "responses").is_dir(), reason="the responses are not here")
def test_every_response_of_the_corpus_can_be_read() -> None:
    """Their keys are elsewhere: each gets as far as the signature, or is refused for what its name says."""
    early = {"same-id-twice": Fault.PROVIDER_BUG, "undeclared-xs-prefix": Fault.PROVIDER_BUG}
    for path in sorted((CORPUS / "responses").glob("*.xml")):
        verdict = judge(encode(path.read_bytes()))
        assert verdict.failure is not None
        if path.stem in early:
            assert verdict.fault is early[path.stem], path.stem
        else:
            assert verdict.failure.name is CheckName.SIGNATURE, (path.stem, verdict.failure)
