"""Asking for a verdict the way the ACS does, and what every refusal has to look like."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import pytest
from lxml import etree

from sso.saml import CheckName, IdentityProvider, Outcome, PendingRequest, Verdict, validate_response
from sso.saml.response import checklist
from sso.saml.response.context import ResponseContext
from sso.saml.rule_result import RuleResult, passed
from sso.saml.toolkit import adapted_modules
from tests.saml.provider import NOW, REQUEST, SP, SamlResponse, idp


def judge(
    answer: SamlResponse | str,
    identity_provider: IdentityProvider | None = None,
    now: datetime = NOW,
    request: PendingRequest = REQUEST,
) -> Verdict:
    """Judge a response, or a form field, as the response to the one request there is, unless told otherwise."""
    return validate_response(
        answer if isinstance(answer, str) else answer.encoded(),
        service_provider=SP,
        identity_provider=identity_provider or idp(),
        request=request,
        now=now,
    )


def assert_refused(verdict: Verdict, name: CheckName) -> None:
    """Check that the response is refused, and by exactly this check."""
    assert verdict.failure is not None, "accepted"
    assert verdict.failure.name is name, verdict.failure
    assert verdict.failure.expected
    assert verdict.failure.received
    assert not verdict.accepted
    assert verdict.assertion is None
    assert [check.name for check in verdict.checks] == list(CheckName)
    reached = [check.outcome for check in verdict.checks]
    failed = list(CheckName).index(name)
    assert reached[:failed] == [Outcome.PASSED] * failed
    assert set(reached[failed + 1 :]) <= {Outcome.NOT_REACHED}


def watch_xmlsec(monkeypatch: pytest.MonkeyPatch) -> list[etree._Element]:
    """Return a list that grows with each signature that the second verifier hands to xmlsec."""
    handed: list[etree._Element] = []

    class Context(adapted_modules._SignatureContext):
        def verify(self, signature: etree._Element) -> None:
            handed.append(signature)
            super().verify(signature)

    monkeypatch.setattr(adapted_modules._utils.xmlsec, "SignatureContext", Context)
    return handed


def break_rules(monkeypatch: pytest.MonkeyPatch, *names: CheckName) -> None:
    """Let some of our own rules find nothing, as if they had a mistake in them; what they note on the context stays."""

    def blind(rule: checklist.Rule) -> checklist.Rule:
        def look(context: ResponseContext) -> RuleResult:
            # A rule that raises refuses, too.
            with suppress(Exception):
                rule.look(context)
            return passed("anything", "anything")

        return rule._replace(look=look)

    changed = tuple(blind(rule) if rule.name in names else rule for rule in checklist.CHECKLIST)
    monkeypatch.setattr(checklist, "CHECKLIST", changed)
