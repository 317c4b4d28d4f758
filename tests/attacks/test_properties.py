"""What holds for every input, found by trying many: hypothesis, the same tries each time."""

from __future__ import annotations

import string
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sso.saml import (
    MetadataError,
    PendingRequest,
    Verdict,
    read_idp_metadata,
    unverified_hint,
    validate_response,
)
from sso.saml.rule_result import shown
from sso.saml.xml.instants import format_instant, parse_instant
from tests.attacks.messages.target import Target
from tests.saml.provider import NOW, attribute, encode, idp

always_the_same = settings(derandomize=True, database=None, deadline=None, max_examples=150)
TARGET = Target("assertion")
# What XML 1.0 can hold; the parser makes one line break of each kind, which is why there are none here.
XML_TEXT = some.text(
    some.characters(min_codepoint=0x20, exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), min_size=1
)


def judge(encoded: str) -> Verdict:
    return validate_response(
        encoded,
        service_provider=TARGET.service_provider,
        identity_provider=idp(),
        request=PendingRequest(TARGET.request_id),
        now=NOW,
    )


@always_the_same
@given(some.text(max_size=400) | some.text(string.ascii_letters + string.digits + "+/= \r\n", max_size=400))
def test_no_text_is_accepted_and_none_raises(text: str) -> None:
    assert not judge(text).accepted
    assert unverified_hint(text).in_response_to == ""


@always_the_same
@given(
    some.binary(max_size=400) | some.text(max_size=200).map(lambda text: f"<a>{text}</a>".encode("utf-8", "replace"))
)
def test_no_bytes_are_accepted_and_none_raise(data: bytes) -> None:
    assert not judge(encode(data)).accepted
    assert unverified_hint(encode(data)).in_response_to == ""


TREES = some.recursive(
    some.sampled_from(("Response", "Assertion", "Signature", "Subject", "Conditions", "x")).map(
        lambda name: f"<{name}/>"
    ),
    lambda inside: some.tuples(
        some.sampled_from(
            (
                'Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol" Version="2.0"',
                'Status xmlns="urn:oasis:names:tc:SAML:2.0:protocol"',
                'Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a1" Version="2.0"',
                'Signature xmlns="http://www.w3.org/2000/09/xmldsig#"',
                'SignedInfo xmlns="http://www.w3.org/2000/09/xmldsig#"',
                'Reference URI="#_a1"',
            )
        ),
        some.lists(inside, max_size=4),
    ).map(lambda found: f"<{found[0]}>{''.join(found[1])}</{found[0].split()[0]}>"),
    max_leaves=12,
)


@always_the_same
@given(TREES)
def test_no_tree_of_the_right_words_is_accepted(document: str) -> None:
    assert not judge(encode(document.encode())).accepted


@always_the_same
@given(XML_TEXT.filter(lambda text: 0 < len(text.strip()) <= 1024))
def test_a_name_arrives_as_it_was_signed(name: str) -> None:
    assertion = judge(TARGET.answer(name_id=name).encoded()).assertion
    assert assertion is not None
    assert assertion.name_id == name.strip()


@always_the_same
@given(some.lists(XML_TEXT, max_size=5))
def test_each_value_of_a_claim_arrives_once_as_it_was_signed(values: list[str]) -> None:
    statement = "<AttributeStatement>" + attribute("groups", tuple(values)) + "</AttributeStatement>"
    assertion = judge(TARGET.answer(sign="response", statement=statement).encoded()).assertion
    assert assertion is not None
    signed = [value.strip() for value in values if value.strip()]
    assert assertion.attributes["groups"] == tuple(dict.fromkeys(signed))


@always_the_same
@given(some.integers(0, 200), some.text(" \t\r\n", max_size=20))
def test_blanks_in_base64_change_nothing(at: int, blanks: str) -> None:
    encoded = TARGET.answer().encoded()
    verdict = judge(encoded[:at] + blanks + encoded[at:])
    assert verdict.accepted


@always_the_same
@given(some.datetimes(min_value=datetime(1000, 1, 1), timezones=some.just(UTC)))  # noqa: DTZ001 - hypothesis adds it
def test_moments_survive_being_written(moment: datetime) -> None:
    assert parse_instant(format_instant(moment)) == moment.replace(microsecond=0)


@always_the_same
@given(some.text(max_size=60) | some.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?Z", fullmatch=True))
def test_moments_are_in_utc_or_none(text: str) -> None:
    moment = parse_instant(text)
    assert moment is None or moment.utcoffset().total_seconds() == 0


@always_the_same
@given(some.text(max_size=2_000), some.integers(1, 300))
def test_what_is_shown_is_one_line(text: str, limit: int) -> None:
    line = shown(text, limit)
    assert len(line) <= limit
    assert "\n" not in line
    assert "\r" not in line
    assert "\x1b" not in line
    assert "\u202e" not in line


@always_the_same
@given(some.binary(max_size=300) | TREES.map(str.encode))
def test_no_file_is_metadata_by_accident(data: bytes) -> None:
    """Uploads are refused with a sentence for the admin, never by another exception."""
    with pytest.raises(MetadataError, match=r"."):
        read_idp_metadata(data, now=NOW, our_entity_id=TARGET.entity_id)
