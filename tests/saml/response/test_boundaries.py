"""Where each rule begins and ends, to the microsecond and to the last element. Most of it was found by mutation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from sso.saml import REQUEST_LIFE, CheckName, Outcome, PendingRequest, Verdict
from sso.saml.response.context import SKEW, ResponseContext
from sso.saml.xml.envelope import (
    MAX_ATTRIBUTES,
    MAX_ATTRIBUTES_EACH,
    MAX_BYTES,
    MAX_DECLARATIONS,
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_NAMES_LENGTH,
    MAX_NAMESPACES,
    Envelope,
    base64,
    limits,
    markup,
    size,
    unique_ids,
)
from sso.saml.xml.markup import MAX_NAME
from sso.saml.xml.signed_info import signed_info
from tests.saml.judging import assert_refused, judge
from tests.saml.provider import (
    DS,
    ENVELOPED,
    NOW,
    REQUEST,
    SP,
    SamlResponse,
    attribute,
    confirmation,
    encode,
    expired_key_pair,
    idp,
    issue,
)

INSTANT = timedelta(microseconds=1)
LATEST = NOW + SKEW
# From here on the names in a message count.
LARGE = MAX_NAMES_LENGTH
EARLIEST = NOW - SKEW


def at(moment) -> str:
    """To the microsecond."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# --- Moments ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("knob", "first", "name"),
    [
        ("not_on_or_after", EARLIEST + INSTANT, CheckName.VALIDITY),
        ("confirmed_until", EARLIEST + INSTANT, CheckName.CONFIRMATION_TIME),
        ("session_until", EARLIEST + INSTANT, CheckName.SESSION_TIME),
    ],
)
def test_the_last_moment(knob: str, first, name: CheckName) -> None:
    """NotOnOrAfter: at that very moment it is over."""
    assert is_satisfied(judge(SamlResponse(not_before=None, **{knob: at(first)})), name)
    assert_refused(judge(SamlResponse(not_before=None, **{knob: at(first - INSTANT)})), name)


def is_satisfied(verdict: Verdict, name: CheckName) -> bool:
    """Whether one check passed: python3-saml behind it counts in whole seconds, and may refuse the last of them."""
    return any(check.name is name and check.outcome is Outcome.PASSED for check in verdict.checks)


@pytest.mark.parametrize(
    ("knob", "name"),
    [
        ("not_before", CheckName.VALIDITY),
        ("issued", CheckName.ISSUE_INSTANT),
        ("authn_instant", CheckName.AUTHN_STATEMENT),
    ],
)
def test_the_first_moment(knob: str, name: CheckName) -> None:
    """NotBefore: at that very moment it has begun."""
    assert judge(SamlResponse(**{knob: at(LATEST)})).accepted
    assert_refused(judge(SamlResponse(**{knob: at(LATEST + INSTANT)})), name)


def test_the_oldest_answer() -> None:
    """As old as the oldest request that still waits, by a clock that is as wrong as a clock may be."""
    oldest = EARLIEST - REQUEST_LIFE
    assert judge(SamlResponse(issued=at(oldest))).accepted
    assert_refused(judge(SamlResponse(issued=at(oldest - INSTANT))), CheckName.ISSUE_INSTANT)


@pytest.mark.parametrize("knob", ["not_on_or_after", "confirmed_until"])
def test_the_longest_life(knob: str) -> None:
    last = LATEST + timedelta(days=1)
    assert judge(SamlResponse(**{knob: at(last)})).accepted
    assert_refused(judge(SamlResponse(**{knob: at(last + INSTANT)})), CheckName.LIFETIME)


def test_a_life_that_only_the_confirmation_ends() -> None:
    """Conditions may say nothing of time; the longest confirmation that satisfies everything else counts."""
    last = LATEST + timedelta(days=1)
    answer = SamlResponse(not_before=None, not_on_or_after=None, confirmed_until=at(last))
    assert judge(answer).accepted
    longer = replace(answer, more_confirmations=confirmation(until=at(last + INSTANT)))
    assert_refused(judge(longer), CheckName.LIFETIME)
    elsewhere = confirmation(recipient="https://other.example", until=at(last + INSTANT))
    assert judge(replace(answer, more_confirmations=elsewhere)).accepted


def test_the_first_moment_of_a_fresh_sign_in() -> None:
    """Not before the request, by a clock that is as wrong as a clock may be."""
    made = NOW - timedelta(minutes=5)
    asked = PendingRequest(REQUEST.id, made, force_authn=True)
    assert judge(SamlResponse(authn_instant=at(made - SKEW)), request=asked).accepted
    assert_refused(judge(SamlResponse(authn_instant=at(made - SKEW - INSTANT)), request=asked), CheckName.FORCE_AUTHN)
    assert judge(
        SamlResponse(authn_instant=at(made - SKEW - INSTANT)), request=replace(asked, force_authn=False)
    ).accepted


def test_a_fresh_sign_in_for_a_request_of_unknown_age_is_one_of_this_moment() -> None:
    asked = PendingRequest(REQUEST.id, force_authn=True)
    assert judge(SamlResponse(authn_instant=at(EARLIEST)), request=asked).accepted
    assert_refused(judge(SamlResponse(authn_instant=at(EARLIEST - INSTANT)), request=asked), CheckName.FORCE_AUTHN)


@pytest.mark.parametrize(
    ("begin", "end", "good"),
    [
        (LATEST, NOW + timedelta(days=1), True),
        (LATEST + timedelta(seconds=1), NOW + timedelta(days=1), False),
        (NOW - timedelta(days=1), NOW, True),
        (NOW - timedelta(days=1), NOW - timedelta(seconds=1), False),
    ],
)
def test_the_days_of_a_certificate(begin, end, good: bool) -> None:
    """Its first moment with our tolerance, since clocks differ; its last without, since it is years away."""
    pair = issue(rsa.generate_private_key(public_exponent=65537, key_size=2048), begin, end)
    assert judge(SamlResponse(pair=pair), idp(pair)).accepted is good


def test_a_waiver_ends_at_its_very_moment() -> None:
    pair = expired_key_pair()
    assert judge(SamlResponse(pair=pair), idp(pair, expired_certificates_until=NOW + INSTANT)).accepted
    assert_refused(
        judge(SamlResponse(pair=pair), idp(pair, expired_certificates_until=NOW)), CheckName.CERTIFICATE_DATES
    )


def test_a_waiver_for_expired_certificates_is_none_for_those_that_have_not_begun() -> None:
    begin, key = LATEST + timedelta(seconds=1), rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pair = issue(key, begin, NOW + timedelta(days=1))
    allowed = idp(pair, expired_certificates_until=NOW + timedelta(days=1))
    assert_refused(judge(SamlResponse(pair=pair), allowed), CheckName.CERTIFICATE_DATES)


def test_the_end_of_the_session_counts_wherever_its_statement_stands() -> None:
    """Before the attributes, where most providers write it."""
    claims = "<AttributeStatement>" + attribute("email", ("adele@contoso.example",)) + "</AttributeStatement>"
    over = SamlResponse(statement="", extra=claims, session_until=at(EARLIEST))
    assert_refused(judge(over), CheckName.SESSION_TIME)


# --- Sizes ------------------------------------------------------------------------------------------------------


def nested(depth: int) -> str:
    return "<a>" * depth + "</a>" * depth


def elements(count: int) -> str:
    return "<a>" + "<b/>" * (count - 1) + "</a>"


def attributes(count: int) -> str:
    """Many in all, few in each."""
    full, rest = divmod(count, 50)
    some = " ".join(f"a{number}=''" for number in range(50))
    return "<a>" + f"<b {some}/>" * full + "<b " + " ".join(f"a{number}=''" for number in range(rest)) + "/></a>"


def attributes_in_one(count: int) -> str:
    return "<a " + " ".join(f"a{number}=''" for number in range(count)) + "/>"


def declarations(count: int) -> str:
    return "<a>" + "<b xmlns='urn:b'/>" * count + "</a>"


def namespaces(count: int) -> str:
    return "<a " + " ".join(f"xmlns:a{number}='urn:{number}'" for number in range(count)) + "/>"


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (nested, MAX_DEPTH),
        (elements, MAX_ELEMENTS),
        (attributes, MAX_ATTRIBUTES),
        (attributes_in_one, MAX_ATTRIBUTES_EACH),
        (declarations, MAX_DECLARATIONS),
        (namespaces, MAX_NAMESPACES),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_last_that_is_allowed(make, most: int) -> None:
    assert limits(Envelope(encode(make(most).encode()))).passed
    assert not limits(Envelope(encode(make(most + 1).encode()))).passed


def names(length: int) -> bytes:
    """Tags of different names, together so long."""
    each = [b"%0100d" % number for number in range(length // MAX_NAME)]
    return b"".join(b"<" + name + b">" for name in [*each, b"a" * (length % MAX_NAME)])


@pytest.mark.parametrize(
    ("rule", "encoded", "good"),
    [
        (size, "A" * 2 * MAX_BYTES, True),
        (size, "A" * (2 * MAX_BYTES + 1), False),
        (base64, encode(b"a"), True),
        (base64, encode(b"a" * MAX_BYTES), True),
        (base64, encode(b"a" * (MAX_BYTES + 1)), False),
        (markup, encode(b"a='' " * (MAX_ATTRIBUTES + MAX_DECLARATIONS)), True),
        (markup, encode(b"a='' " * (MAX_ATTRIBUTES + MAX_DECLARATIONS + 1)), False),
        (markup, encode(b" " * LARGE + names(MAX_NAMES_LENGTH)), True),
        (markup, encode(b" " * LARGE + names(MAX_NAMES_LENGTH + 1)), False),
        (markup, encode(b" " * LARGE + b"<a xmlns='" + b"u" * (MAX_NAMES_LENGTH - 6) + b"'>"), True),
        (markup, encode(b" " * LARGE + b"<a xmlns='" + b"u" * (MAX_NAMES_LENGTH - 5) + b"'>"), False),
        (markup, encode(b" " * LARGE + b"<" + b"a" * MAX_NAME + b" " + b"b" * MAX_NAME + b"=''>"), True),
        (markup, encode(b" " * LARGE + b"<" + b"a" * (MAX_NAME + 1) + b">"), False),
        (markup, encode(b" " * LARGE + b"<a " + b"b" * (MAX_NAME + 1) + b"=''>"), False),
        (markup, encode(b" " * LARGE + b"<a b" + b" " * MAX_NAME + b"=''>"), True),
        (markup, encode(b" " * LARGE + b"<a b" + b" " * (MAX_NAME + 1) + b"=''>"), False),
        (markup, encode(b"<" + b"a" * (LARGE - 1)), True),
        (markup, encode(b"<" + b"a" * LARGE), False),
    ],
    ids=lambda value: getattr(value, "__name__", None) or (str(value) if isinstance(value, bool) else "field"),
)
def test_the_last_byte_that_is_allowed(rule, encoded: str, good: bool) -> None:
    assert rule(Envelope(encoded)).passed is good


@pytest.mark.parametrize(("length", "good"), [(1, True), (1024, True), (1025, False), (0, False)])
def test_the_length_of_a_name_id(length: int, good: bool) -> None:
    verdict = judge(SamlResponse(name_id="a" * length))
    assert verdict.accepted is good
    assert good or verdict.failure.name is CheckName.NAME_ID


@pytest.mark.parametrize(("count", "good"), [(32, True), (33, False)])
def test_how_many_prefixes_may_be_listed(count: int, good: bool) -> None:
    answer = SamlResponse(prefix_list=" ".join(f"p{number}" for number in range(count)))
    assert judge(answer).accepted is good


def test_two_ids_on_one_element_are_one_too_many_even_if_they_differ() -> None:
    assert unique_ids(Envelope(encode(b"<a ID='1'><b ID='2'/></a>"))).passed
    assert not unique_ids(Envelope(encode(b"<a ID='1' Id='2'/>"))).passed
    assert unique_ids(Envelope(encode(b"<a ID='1' paid='1' idea='1'/>"))).passed


# --- Rules that another rule behind them would hide -------------------------------------------------------------


def test_two_status_codes_are_none() -> None:
    """The schema would say so, too, but later."""
    second = '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"/>'
    assert_refused(judge(SamlResponse(sign="response", status_detail=second)), CheckName.STATUS)


@pytest.mark.parametrize("sign", ["assertion", "response"])
def test_one_assertion_in_the_wrong_place_is_none(sign: str) -> None:
    def move(root: etree._Element) -> None:
        extensions = etree.Element(root.tag.replace("Response", "Extensions"))
        extensions.append(root[-1])
        root.insert(1, extensions)

    moved = SamlResponse(sign=sign, before=move) if sign == "response" else SamlResponse(after=move)
    assert_refused(judge(moved), CheckName.ONE_ASSERTION)


def test_one_assertion_of_another_namespace_is_none() -> None:
    answer = SamlResponse(sign="response", before=lambda root: setattr(root[-1], "tag", "{urn:x}Assertion"))
    assert_refused(judge(answer), CheckName.ONE_ASSERTION)


@pytest.mark.parametrize("place", ["DigestMethod", "SignatureMethod"])
def test_nothing_stands_in_a_method(place: str) -> None:
    """Where the schema lets anything stand."""

    def change(root: etree._Element) -> None:
        etree.SubElement(next(root.iter(f"{{{DS}}}{place}")), "{urn:x}x")

    assert not signed_info(case_of(SamlResponse(after=change))).passed


def case_of(answer: SamlResponse) -> ResponseContext:
    """A context at its beginning, for asking one rule alone."""
    return ResponseContext(answer.encoded(), service_provider=SP, identity_provider=idp(), request=REQUEST, now=NOW)


def test_the_second_of_two_transforms_counts() -> None:
    def change(root: etree._Element) -> None:
        next(root.iter(f"{{{DS}}}Transforms"))[1].set("Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116")

    assert_refused(judge(SamlResponse(after=change)), CheckName.SIGNED_INFO)
    assert judge(SamlResponse(transforms=(ENVELOPED,))).accepted


def test_an_element_without_id_can_not_be_referred_to() -> None:
    """The schema asks for the ID first; this rule doesn't lean on that."""

    def change(root: etree._Element) -> None:
        del root[-1].attrib["ID"]
        next(root.iter(f"{{{DS}}}Reference")).set("URI", "#")

    assert not signed_info(case_of(SamlResponse(after=change))).passed


# --- What is left out is empty, not absent ----------------------------------------------------------------------


def test_what_the_provider_does_not_say() -> None:
    answer = SamlResponse(
        name_id_xml="<NameID>adele@contoso.example</NameID>",
        rewritten=lambda text: text.replace(' SessionIndex="_a1"', ""),
    )
    assertion = judge(answer).assertion
    assert assertion is not None
    assert (assertion.name_id_format, assertion.session_indexes) == ("", ())
    assert assertion.session_not_on_or_after is None
