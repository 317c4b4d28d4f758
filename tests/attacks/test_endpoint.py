"""Every attack against the real address, from a browser that asked and has the nonce: none gets in, nothing breaks."""

from __future__ import annotations

from functools import partial

import pytest
from django.http import HttpResponse

from audit.actors import COMMAND_LINE
from sso import saml
from sso.models import SignInState
from sso.services import keys
from tests.attacks.conftest import Siege, is_anybody_in, people, succeeded
from tests.attacks.cost.measure import MOST_SECONDS, TRIES, measured
from tests.attacks.messages.groups import GROUPS
from tests.attacks.messages.target import EACH_BASE, Case, Target
from tests.conftest import new_browser


@pytest.mark.parametrize("base", EACH_BASE)
@pytest.mark.parametrize("group", GROUPS)
def test_nobody_gets_in(siege: Siege, group: str, base: str) -> None:
    """One database for a whole group; each attack has a browser and a request of its own."""
    cases = {name: case for name, case in GROUPS[group].items() if base in case.bases}
    if group == "encryption":
        keys.create_key(organization=siege.organization, actor=COMMAND_LINE)
    before = people()
    complaints = [
        f"{name}: {complaint}" for name, case in cases.items() if (complaint := _attack(siege, case, base, before))
    ]
    assert not complaints, "\n".join(complaints)
    assert succeeded() == 0
    _one_genuine_answer(siege, base)


def _attack(siege: Siege, case: Case, base: str, before: tuple[int, ...]) -> str:
    """What went wrong, from our point of view; "" if nothing did."""
    for _ in range(TRIES):
        browser = new_browser()
        target = siege.ask_without_page(browser, base)
        encoded = case.attack(target)
        answer, spent = measured(partial(siege.post, browser, encoded))
        if spent < MOST_SECONDS:
            break
    else:
        return f"{spent:.1f} s of processor time"
    if people() != before:
        return "somebody was let in"
    if is_anybody_in(browser):
        return "the browser has a session"
    return _wrong_answer(siege, target, encoded, answer)


def _wrong_answer(siege: Siege, target: Target, encoded: str, answer: HttpResponse) -> str:
    """Refused, and written down; or asked properly, if it names no request of ours. Nothing else is ever said."""
    if answer.content:
        return "the response says something"
    if saml.unverified_hint(encoded).in_response_to != target.request_id:
        return "" if siege.is_asked_properly(answer) else f"{answer.status_code}, not asked again"
    if not siege.is_refused(answer):
        return f"{answer.status_code} {answer.get('Location')}, not refused"
    row = siege.row(target)
    return "" if row.state == SignInState.REFUSED and row.reason and row.checks else "nothing in the log"


def _one_genuine_answer(siege: Siege, base: str) -> None:
    """Check that a genuine response gets in, so that a connection that refuses everything does not pass for safe."""
    browser = new_browser()
    target = siege.ask(browser, base)
    answer = siege.post(browser, target.answer().encoded())
    assert answer["Location"] == f"/o/{siege.organization.slug}/"
    assert is_anybody_in(browser)
    assert succeeded() == 1
