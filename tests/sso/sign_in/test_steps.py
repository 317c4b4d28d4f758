"""The steps from the ACS to the session are those that the design and the code list, in this order."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from orgs.models import Role
from sso.models import SignInState
from sso.services.sign_in import start
from tests.conftest import MakeMember, MakeUser
from tests.sso.conftest import Journey

ROOT = Path(__file__).resolve().parents[3]
DESIGN = (ROOT / "docs" / "design.md").read_text().partition("## The life of a sign-in")[2].partition("\n## ")[0]
_STEP = re.compile(r"^\d\. `(\w+)`", re.MULTILINE)
STEPS = _STEP.findall(DESIGN)


@contextmanager
def calls_of_steps() -> Iterator[list[str]]:
    """Collect the names of the steps that are called in this thread, in order."""
    called: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_name in STEPS and code.co_filename.startswith(str(ROOT / "sso")):
            called.append(code.co_name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield called
    finally:
        sys.setprofile(before)


def test_there_are_five_and_the_code_lists_the_same() -> None:
    assert len(STEPS) == 5
    assert _STEP.findall(start.__doc__ or "") == STEPS


@pytest.mark.parametrize("text", [DESIGN, start.__doc__ or ""], ids=["design", "docstring"])
def test_each_step_is_in_the_file_that_is_named(text: str) -> None:
    for step in re.findall(r"^\d\. (?:.|\n(?=   ))+", text, re.MULTILINE):
        name, file = re.search(r"`(\w+)`", step), re.search(r"\(`?([\w/]+\.py)`?\)", step)
        assert name
        assert file
        path = ROOT / (file[1] if "/" in file[1] else f"sso/services/sign_in/{file[1]}")
        assert re.search(rf"^def {name[1]}\(", path.read_text(), re.MULTILINE), step


@pytest.mark.parametrize("times", [1, 2], ids=["first", "settled"])
@pytest.mark.django_db
def test_a_sign_in_takes_them_in_this_order(
    journey: Journey, member: MakeMember, make_user: MakeUser, times: int
) -> None:
    member(journey.organization, Role.MEMBER, make_user("ada@contoso.example"))
    for _ in range(times):
        response = journey.answer("ada", journey.start())
        with calls_of_steps() as called:
            journey.post(response)
        assert journey.last().state == SignInState.SUCCEEDED
        assert called == STEPS


@pytest.mark.django_db
def test_a_refused_response_ends_them_at_the_first(journey: Journey) -> None:
    response = journey.answer("ada", journey.start(), audience="https://other.example")
    with calls_of_steps() as called:
        journey.post(response)
    assert journey.last().state == SignInState.REFUSED
    assert called == STEPS[:1]
