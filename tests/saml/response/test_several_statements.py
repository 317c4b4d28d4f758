"""One or more statements, white space round URIs and inclusive canonicalization: what the standard allows gets in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from sso.saml import CheckName, Fault, PendingRequest
from sso.selectors.sign_ins import _session_indexes
from sso.services.sign_in.logged_verdict import session_of
from tests.saml.judging import assert_refused, judge
from tests.saml.provider import ACS, EMAIL_CLAIM, ENTITY_ID, ISSUER, NOW, REQUEST, SamlResponse, attribute, stamp

INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"


def statement(index: str = "_a2", at: str = "", until: str = "", context: str = PASSWORD) -> str:
    end = f' SessionNotOnOrAfter="{until}"' if until else ""
    return (
        f'<AuthnStatement AuthnInstant="{at or stamp(-1)}" SessionIndex="{index}"{end}><AuthnContext>'
        f"<AuthnContextClassRef>{context}</AuthnContextClassRef></AuthnContext></AuthnStatement>"
    )


def test_the_oldest_moment_the_earliest_end_and_every_index_count() -> None:
    extra = statement(at=stamp(-2000), until=stamp(30)) + statement("_a3", until=stamp(20))
    assertion = judge(SamlResponse(session_until=stamp(40), extra=extra)).assertion
    assert assertion is not None
    assert assertion.session_indexes == ("_a1", "_a2", "_a3")
    assert assertion.authn_instant.strftime("%H:%M") == "00:10"
    assert assertion.session_not_on_or_after is not None
    assert assertion.session_not_on_or_after.strftime("%H:%M") == "09:50"
    assert assertion.authn_context == PASSWORD


def test_a_context_that_only_one_names_is_not_taken() -> None:
    assertion = judge(SamlResponse(extra=statement(context="urn:x"))).assertion
    assert assertion is not None
    assert assertion.authn_context == ""


@pytest.mark.parametrize(
    ("extra", "name", "fault"),
    [
        (statement(at=stamp(10)), CheckName.AUTHN_STATEMENT, Fault.CLOCK),
        (statement(at="2026-03-02T09:30:00+00:00"), CheckName.AUTHN_STATEMENT, Fault.NOT_UTC),
        (statement(until=stamp(-10)), CheckName.SESSION_TIME, Fault.CLOCK),
        (statement() * 20, CheckName.AUTHN_STATEMENT, Fault.TOO_LARGE),
    ],
    ids=["tomorrow", "offset", "over", "too many"],
)
def test_every_statement_has_to_satisfy_every_rule(extra: str, name: CheckName, fault: Fault) -> None:
    verdict = judge(SamlResponse(extra=extra))
    assert_refused(verdict, name)
    assert verdict.fault is fault


def test_a_fresh_sign_in_is_one_by_its_oldest_statement() -> None:
    asked = PendingRequest(REQUEST.id, NOW, force_authn=True)
    fresh = SamlResponse(authn_instant=stamp())
    assert judge(fresh, request=asked).accepted
    stale = replace(fresh, extra=statement(at=stamp(-30)))
    assert_refused(judge(stale, request=asked), CheckName.FORCE_AUTHN)


def test_several_attribute_statements_are_read_as_one_and_equal_values_once() -> None:
    extra = "<AttributeStatement>" + attribute(EMAIL_CLAIM, ("adele@contoso.example",)) + attribute("a", ("b",))
    assertion = judge(SamlResponse(extra=extra + "</AttributeStatement>")).assertion
    assert assertion is not None
    assert assertion.attributes[EMAIL_CLAIM] == ("adele@contoso.example",)
    assert assertion.attributes["a"] == ("b",)


@pytest.mark.parametrize("sign", ["assertion", "response", "both"])
def test_white_space_round_a_uri_is_no_difference(sign: str) -> None:
    knobs = {"destination": f" {ACS} ", "recipient": f"{ACS} ", "audiences": ((f"\n {ENTITY_ID}\t",),)}
    assert judge(SamlResponse(sign=sign, issuer=f"\n  {ISSUER}\n ", response_issuer=f" {ISSUER}", **knobs)).accepted


@pytest.mark.parametrize("method", [INCLUSIVE, INCLUSIVE + "#WithComments"])
@pytest.mark.parametrize("sign", ["assertion", "response", "both"])
def test_inclusive_canonicalization_of_signed_info(sign: str, method: str) -> None:
    def change(signature: etree._Element) -> None:
        signature[0][0].set("Algorithm", method)

    assert judge(SamlResponse(sign=sign, placed=change)).accepted


def test_every_index_is_stored_and_a_single_index_as_before() -> None:
    """A row of one session reads as an earlier release writes and reads it."""
    several, single = (judge(answer).assertion for answer in (SamlResponse(extra=statement()), SamlResponse()))
    assert several is not None
    assert single is not None
    assert session_of(several)["other_session_indexes"] == ["_a2"]
    assert session_of(single)["other_session_indexes"] == []
    assert _session_indexes(session_of(several)) == {"_a1", "_a2"}
    assert _session_indexes(session_of(single)) == {"_a1"}
