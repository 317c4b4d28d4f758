"""Controls: every genuine response is accepted, by the verdict and over HTTP."""

from __future__ import annotations

import pytest

from sso.models import SignInState
from sso.saml import Outcome, PendingRequest, validate_response
from tests.attacks.conftest import connect, is_anybody_in
from tests.attacks.messages.honest import HONEST, Shape
from tests.attacks.messages.target import BASES, EACH_BASE, Target, on_base
from tests.conftest import new_browser
from tests.saml.provider import NOW, idp

SHAPES = [
    on_base(base, base, shape, bases=BASES, name=f"{group}: {name}")
    for group, shapes in HONEST.items()
    for name, shape in shapes.items()
    for base in BASES
]


@pytest.mark.parametrize(("base", "shape"), SHAPES)
def test_accepted(base: str, shape: Shape) -> None:
    target = Target(base)
    verdict = validate_response(
        shape.write(target),
        service_provider=target.service_provider,
        identity_provider=idp(shape.pair()),
        request=PendingRequest(target.request_id),
        now=NOW,
    )
    assert verdict.failure is None
    assert verdict.assertion is not None
    assert {check.outcome for check in verdict.checks} == {Outcome.PASSED}


@pytest.mark.parametrize("base", EACH_BASE)
@pytest.mark.parametrize("group", HONEST)
def test_let_in(frozen: None, organization, group: str, base: str) -> None:
    """All of them into one organization, one after the other; a new configuration where the key is another."""
    pairs = {shape.pair().certificate.fingerprint: shape.pair() for shape in HONEST[group].values()}
    siege = connect(organization, *pairs.values())
    complaints = []
    for name, shape in HONEST[group].items():
        browser = new_browser()
        target = siege.ask_without_page(browser, base)
        answer = siege.post(browser, shape.write(target))
        row = siege.row(target)
        if row.state != SignInState.SUCCEEDED or not is_anybody_in(browser):
            failed = [check for check in row.checks if check["outcome"] == "failed"]
            complaints.append(f"{name}: {answer.status_code} {row.reason} {row.detail} {failed}")
    assert not complaints, "\n".join(complaints)
