"""Pages of long lists, by the values that rows are sorted by."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from django.db.models import Q, QuerySet
from django.utils import timezone

from audit.actors import COMMAND_LINE
from audit.events import EventName
from audit.models import Event
from audit.services import record
from audit.targets import Target
from database import paging
from database.paging import CappedPaginator, KeysetPage, Order, count_up_to, keyset_page
from database.prefixes import begins_with, is_exactly, values_beginning

pytestmark = pytest.mark.django_db

NEWEST_FIRST = Order(("-at", "-id"))
BY_TARGET = Order(("target", "id"))


@pytest.fixture(autouse=True)
def three_on_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE_LENGTH", 3)


@pytest.fixture
def labels() -> list[str]:
    """Write eight events, of which some happened at the same moment; return their targets, the newest first."""
    now = timezone.now()
    for number in range(8):
        target = Target("user", label="abcdefgh"[number], organization=10001)
        event = record(EventName.USER_SIGNED_IN, actor=COMMAND_LINE, target=target)
        _move(event, now - timedelta(minutes=10 - number // 3))
    return list("hgfedcba")


def _move(event: Event, at: object) -> None:
    """Change when an event happened, which no code of ours can."""
    QuerySet(Event).filter(pk=event.pk).update(at=at)


def targets(page: KeysetPage[Event]) -> str:
    """Return the targets on a page, one letter each."""
    return "".join(event.target for event in page)


def walk(order: Order, rows: QuerySet[Event], *any_of: Q) -> list[str]:
    """Return what each page shows, to the last one."""
    pages: list[str] = []
    cursors: dict[str, str] = {}
    while True:
        page = keyset_page(rows, order, cursors, any_of=any_of)
        pages.append(targets(page))
        if not page.after:
            return pages
        cursors = {"after": page.after}


def test_every_row_is_on_one_page(labels: list[str]) -> None:
    assert walk(NEWEST_FIRST, Event.objects.all()) == ["hgf", "edc", "ba"]
    assert walk(BY_TARGET, Event.objects.all()) == ["abc", "def", "gh"]


@pytest.mark.parametrize(("conditions", "pages"), [
    ([is_exactly("target", "b")], ["b"]),
    ([is_exactly("target", letter) for letter in "bdfh"], ["hfd", "b"]),
    ([begins_with("target", "b"), Q(target__in=["a", "b", "c", "d"])], ["dcb", "a"]),
    ([Q(pk__in=[])], [""]),
])  # fmt: skip
def test_rows_that_satisfy_one_of_several_conditions(labels: list[str], conditions: list[Q], pages: list[str]) -> None:
    assert walk(NEWEST_FIRST, Event.objects.all(), *conditions) == pages


def test_there_is_a_way_back(labels: list[str]) -> None:
    first = keyset_page(Event.objects.all(), NEWEST_FIRST, {})
    second = keyset_page(Event.objects.all(), NEWEST_FIRST, {"after": first.after})
    third = keyset_page(Event.objects.all(), NEWEST_FIRST, {"after": second.after})
    assert not first.before
    assert (targets(second), targets(third)) == ("edc", "ba")
    back = keyset_page(Event.objects.all(), NEWEST_FIRST, {"before": third.before})
    assert targets(back) == "edc"
    again = keyset_page(Event.objects.all(), NEWEST_FIRST, {"before": back.before})
    assert (targets(again), again.before) == ("hgf", "")


def test_an_address_shows_the_same_rows_when_new_ones_have_come_or_its_row_is_gone(labels: list[str]) -> None:
    first = keyset_page(Event.objects.all(), NEWEST_FIRST, {})
    record(EventName.USER_SIGNED_IN, actor=COMMAND_LINE, target=Target("user", label="i"))
    assert targets(keyset_page(Event.objects.all(), NEWEST_FIRST, {"after": first.after})) == "edc"
    without = Event.objects.exclude(target="f")
    assert targets(keyset_page(without, NEWEST_FIRST, {"after": first.after})) == "edc"


def cursor(value: object) -> str:
    """Return a value as cursors are written."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


BAD = ["", "nonsense", "=", "é", "WyJ", cursor([]), cursor(["a", "b"]), cursor({}), cursor(None), cursor(7), "A" * 5000,
       cursor(["2026-01-01T00:00:00+00:00"]), cursor(["2026-01-01T00:00:00+00:00", None]), cursor([[], {}]),
       cursor(["2026-01-01T00:00:00+00:00", "1" * 400]), cursor(["9999999-01-01", "1"])]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize("name", ["after", "before"])
def test_a_bad_cursor_shows_the_first_page(labels: list[str], name: str, text: str) -> None:
    assert targets(keyset_page(Event.objects.all(), NEWEST_FIRST, {name: text})) == "hgf"


def test_a_cursor_behind_the_last_row_shows_the_first_page(labels: list[str]) -> None:
    behind = cursor(["2001-01-01T00:00:00+00:00", "1"])
    assert targets(keyset_page(Event.objects.all(), NEWEST_FIRST, {"after": behind})) == "hgf"


def test_text_is_sorted_and_found_by_its_bytes() -> None:
    for label in ("a_b", "a%b", "aXb", "A", "ä", "a", "ab\U0010fffe"):
        record(EventName.USER_SIGNED_IN, actor=COMMAND_LINE, target=Target("user", label=label))
    rows = Event.objects.all()
    assert values_beginning(rows, "target", "a", most=10) == ["a", "a%b", "aXb", "a_b", "ab\U0010fffe"]
    assert values_beginning(rows, "target", "a_", most=10) == ["a_b"]
    assert values_beginning(rows, "target", "", most=2) == ["A", "a"]


def test_counting_ends(labels: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert [count_up_to(Event.objects.all(), "-at", most=most) for most in (5, 7, 8, 9)] == [6, 8, 8, 8]
    monkeypatch.setattr(paging, "MOST_COUNTED", 5)
    assert CappedPaginator(Event.objects.all(), 2).num_pages == 3
