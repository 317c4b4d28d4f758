"""What is seen of a response before it is judged."""

from __future__ import annotations

import pytest

from sso.saml import glance
from sso.saml.envelope import MAX_BYTES
from tests.attacks.cost import MOST_SECONDS, at_best
from tests.saml.provider import REQUEST_ID, Answer, encode

CLAIM = "urn:claims:id"


def test_the_request_that_an_unverified_response_names() -> None:
    assert glance(Answer().encoded()).in_response_to == REQUEST_ID
    assert glance(Answer(sign="none", in_response_to="_other").encoded()).in_response_to == REQUEST_ID
    assert glance(Answer(response_in_response_to=None).encoded()).in_response_to == REQUEST_ID
    assert glance(Answer(response_in_response_to=None, in_response_to=None).encoded()).in_response_to == ""
    assert glance(Answer(response_in_response_to="_other").encoded()).in_response_to == "_other"
    assert glance(encode(b"<Response InResponseTo = '_1'/>")) == ("_1", False, "", "")
    for none in (b"", b"<Response/>", b'<Response NotInResponseTo="_1"/>', b'<Response InResponseTo="_1', b"\xff"):
        assert glance(encode(none)) == ("", False, "", "")
    assert glance(encode(b'<Response InResponseTo="' + b"_" * 65 + b'"/>')).in_response_to == ""


def test_nothing_is_seen_of_what_is_too_long() -> None:
    data = b'<Response InResponseTo="_1"><EncryptedAssertion/><NameID>ada</NameID>' + b" " * (2 * MAX_BYTES)
    assert glance(encode(data)) == ("", False, "", "")


def shown(text: str) -> tuple[str, str]:
    """The name ID and the claim of a document."""
    seen = glance(encode(text.encode()), attribute=CLAIM)
    return seen.name_id, seen.claimed


def attribute(value: str, name: str = CLAIM, prefix: str = "saml:") -> str:
    opened = f'<{prefix}Attribute NameFormat="x" Name="{name}" FriendlyName="y">'
    return f"{opened}<{prefix}AttributeValue>{value}</{prefix}AttributeValue></{prefix}Attribute>"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("<saml:NameID>ada@contoso.example</saml:NameID>", ("ada@contoso.example", "")),
        ("<NameID Format='urn:x'\n SPNameQualifier=\"y\"> ada </NameID>", ("ada", "")),
        (attribute("1"), ("", "1")),
        (attribute(" 1 ", prefix=""), ("", "1")),
        (attribute("1").replace("><", ">\n  <").replace('"', "'"), ("", "1")),
        (attribute("0", name="urn:other") + attribute("1"), ("", "1")),
        (attribute("1") + attribute("2"), ("", "1")),
        (attribute("\u00e9\U0001f600"), ("", "\u00e9\U0001f600")),
        # What needs a parser is not seen.
        ("<NameID>a&amp;b</NameID>", ("", "")),
        ("<NameID><!-- x -->ada</NameID>", ("", "")),
        ("<NameID/>" + "<NameID>ada</NameID>", ("", "")),
        ("<NameID>ada", ("", "")),
        (attribute(""), ("", "")),
        (attribute("<x/>1"), ("", "")),
        (attribute("a\0b"), ("", "")),
        (attribute("a\nb"), ("", "")),
        (attribute("1", name=CLAIM + ":more"), ("", "")),
        (attribute("x" * 1025), ("", "")),
        (f"<x>{CLAIM}</x>" + attribute("1"), ("", "")),
        ("", ("", "")),
    ],
)
def test_the_person_whom_an_unverified_response_shows(text: str, seen: tuple[str, str]) -> None:
    assert shown(text) == seen


def test_no_attribute_was_asked_for() -> None:
    assert glance(encode(attribute("1").encode())).claimed == ""


def test_bytes_that_are_no_text() -> None:
    assert glance(encode(b"<NameID>a\xffb</NameID>")).name_id == "a\ufffdb"


@pytest.mark.parametrize(
    "text",
    [
        "<NameID " * 25_000,
        "<NameID" + " " * 200_000,
        "<NameID>" + " " * 200_000,
        "<NameID>" + "x" * 200_000,
        f'"{CLAIM}"' * 12_000,
        f'<Attribute Name="{CLAIM}"' * 7_000,
        f'<Attribute Name="{CLAIM}">' + " " * 200_000,
        f'<Attribute Name="{CLAIM}"><' + "a" * 200_000,
        f'<Attribute Name="{CLAIM}">' + "<AttributeValue " * 12_000,
        ' InResponseTo = "' * 12_000,
        " InResponseTo" + " " * 200_000,
    ],
)
def test_no_document_makes_the_look_long(text: str) -> None:
    _, spent = at_best(lambda: shown(text))
    assert spent < MOST_SECONDS
