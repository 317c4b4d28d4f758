"""The audit log: written with the change, never changed, shown to admins."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from audit.actors import COMMAND_LINE, Actor
from audit.errors import AppendOnlyError, NotInTransactionError
from audit.events import EventName, Outcome, Risk, risk_of
from audit.models import Event
from audit.services import record
from audit.targets import Target
from orgs.models import Organization, Role, User
from orgs.services import members, organizations
from tests.conftest import MakeMember, MakeOrganization, SignedIn

PAGE = "/o/contoso/settings/audit"
FEED = "/o/contoso/settings/audit.csv"


def test_events_are_never_changed_or_deleted(organization: Organization) -> None:
    event = Event.objects.latest("pk")
    event.name = "something:else"
    attempts: list[Any] = [
        event.save,
        event.delete,
        Event.objects.all().delete,
        lambda: Event.objects.update(name="x"),
        lambda: Event.objects.filter(pk=event.pk).update(name="x"),
        lambda: Event.objects.bulk_update([event], ["name"]),
        lambda: Event.objects.update_or_create(pk=event.pk, defaults={"name": "x"}),
    ]
    for attempt in attempts:
        with pytest.raises(AppendOnlyError), transaction.atomic():
            attempt()
    assert Event.objects.latest("pk").name == "organization:created"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_event_outside_a_transaction_is_an_error() -> None:
    with pytest.raises(NotInTransactionError):
        record(EventName.USER_SIGNED_IN, actor=COMMAND_LINE, target=Target("user"))


def test_an_event_goes_when_its_change_goes(organization: Organization) -> None:
    before = Event.objects.count()
    with transaction.atomic():
        organizations.rename_organization(organization=organization, name="New", slug="new", actor=COMMAND_LINE)
        assert Event.objects.count() == before + 1
        transaction.set_rollback(True)
    assert Event.objects.count() == before


def test_long_values_are_cut_rather_than_lost(db: None) -> None:
    actor = Actor(email="a" * 300, address="2001:db8::1", user_agent="u" * 1000)
    event = record(EventName.USER_SIGNED_IN, actor=actor, target=Target("user", label="t" * 300))
    event.refresh_from_db()
    assert (len(event.actor_email), len(event.user_agent), len(event.target)) == (254, 400, 254)
    assert event.address == "2001:db8::1"


@pytest.mark.parametrize(
    ("name", "risk"),
    [
        (EventName.USER_SIGNED_IN, Risk.LOW),
        (EventName.USER_SIGNED_UP, Risk.LOW),
        (EventName.INVITATION_SENT, Risk.MEDIUM),
        (EventName.MEMBER_ADMIN_CHANGED, Risk.MEDIUM),
        (EventName.CONNECTION_CHANGED, Risk.MEDIUM),
        (EventName.SSO_REQUIRED, Risk.MEDIUM),
        (EventName.RECOVERY_OPENED, Risk.HIGH),
        (EventName.WAIVER_ALLOWED, Risk.HIGH),
        (EventName.WAIVER_ENDED, Risk.MEDIUM),
    ],
)
def test_risks(name: EventName, risk: Risk) -> None:
    assert risk_of(name) == risk


@pytest.fixture
def busy(organization: Organization, member: MakeMember) -> Organization:
    """Contoso, where a few things have happened."""
    ada = member(organization)
    actor = Actor(email="boss@contoso.example", address="192.0.2.7", user_agent="Browser/1.0")
    members.change_role(membership=ada, role=Role.MANAGER, by=None, actor=actor)
    record(EventName.RECOVERY_OPENED, actor=actor, target=ada.audit_target)
    record(EventName.RECOVERY_REFUSED, actor=actor, target=ada.audit_target, outcome=Outcome.REFUSED)
    formula = Target("user", label="=cmd|' /C calc'!A0", organization=organization.number)
    record(EventName.USER_SIGNED_IN, actor=actor, target=formula)
    return organization


def text_of(client: Any, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_an_admin_sees_who_did_what_from_where(busy: Organization, admin: User, client_of: SignedIn) -> None:
    page = text_of(client_of(admin), PAGE)
    for shown in ("Role changed", "boss@contoso.example", "192.0.2.7", "Browser/1.0", "Before: role", "After: role"):
        assert shown in page
    assert "Recovery refused" in page
    assert "(refused)" not in page, "its name says so"


def test_values_are_said_in_words(organization: Organization, admin: User, client_of: SignedIn) -> None:
    record(
        EventName.CONNECTION_CHANGED,
        actor=COMMAND_LINE,
        target=organization.audit_target,
        before={"single_logout": False, "just_in_time_role": None, "certificates": []},
        after={
            "single_logout": True,
            "just_in_time_role": Role.VIEWER,
            "certificates": ["aa", "<b>"],
            "source": "just_in_time",
            "slug": "con_toso",
            "entity_id": "https://idp.example",
        },
    )
    page = text_of(client_of(admin), PAGE)
    said = dict(re.findall(r"<dt>((?:Before|After): [^<]+)</dt><dd class=\"breakable\">(.*?)</dd>", page))
    assert said == {
        "Before: single logout": "no",
        "Before: just in time role": "none",
        "Before: certificates": "none",
        "After: single logout": "yes",
        "After: just in time role": "Viewer",
        "After: certificates": "<div>aa</div><div>&lt;b&gt;</div>",
        "After: source": "Just in time",
        "After: slug": "con_toso",
        "After: entity ID": "https://idp.example",
    }


def test_a_row_names_who_did_it_beside_what_it_was_done_to(
    busy: Organization, admin: User, client_of: SignedIn
) -> None:
    page = text_of(client_of(admin), PAGE)
    row = page[page.index("Role changed") : page.index("Organization created")]
    assert '<span class="visually-hidden">by </span>boss<wbr>@contoso.example</span>' in row
    assert re.search(r'event-target quiet">\w+<wbr>@', row)


def test_counts_of_the_period(busy: Organization, admin: User, client_of: SignedIn) -> None:
    counts = client_of(admin).get(PAGE).context["counts"]
    assert counts == {"all": 6, "high": 1, "medium": 4}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("risk=high", {"recovery:opened"}),
        ("risk=low", {"user:signed_in"}),
        ("search=ROLE", {"member:role_changed"}),
        ("search=for+recovery", {"recovery:opened"}),
        ("search=recovery:", {"recovery:opened", "recovery:refused"}),
        ("search=boss@&risk=high", {"recovery:opened"}),
        ("search=nobody@", set()),
    ],
)
def test_filters(busy: Organization, admin: User, client_of: SignedIn, query: str, names: set[str]) -> None:
    client = client_of(admin)
    shown = client.get(f"{PAGE}?{query}")
    assert {event.name for event in shown.context["page"]} == names
    (link,) = re.findall(r'href="([^"]*audit\.csv[^"]*)"', shown.content.decode())
    lines = client.get(unescape(link)).getvalue().decode().splitlines()
    assert {row["name"] for row in csv.DictReader(lines)} == names


def test_the_period_is_thirty_days_unless_chosen(busy: Organization, admin: User, client_of: SignedIn) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        client = client_of(admin)
        assert client.get(PAGE).context["counts"]["all"] == 0
        assert client.get(f"{PAGE}?period=90").context["counts"]["all"] == 6
        assert client.get(f"{PAGE}?period=").context["counts"]["all"] == 6


@pytest.mark.parametrize("query", ["risk=none", "period=x", "page=9999", "page=x", "risk[]=1"])
def test_a_query_that_makes_no_sense_breaks_nothing(
    busy: Organization, admin: User, client_of: SignedIn, query: str
) -> None:
    client = client_of(admin)
    assert client.get(f"{PAGE}?{query}").status_code == 200
    assert client.get(f"{FEED}?{query}").status_code == 200


def test_csv_has_every_field_and_no_formulas(busy: Organization, admin: User, client_of: SignedIn) -> None:
    answer = client_of(admin).get(FEED)
    assert answer.streaming
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="audit-log-{busy.number}.csv"'
    assert "no-store" in answer["Cache-Control"]
    rows = list(csv.DictReader(answer.getvalue().decode().splitlines()))
    fields = {field.attname for field in Event._meta.get_fields()} - {"public_id", "id"} | {"event", "id"}
    assert set(rows[0]) == fields
    assert rows[0]["target"] == "'=cmd|' /C calc'!A0"
    changed = next(row for row in rows if row["name"] == "member:role_changed")
    assert (changed["before"], changed["after"]) == ('{"role": "member"}', '{"role": "manager"}')
    assert changed["at"].endswith("+00:00")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_whatever_begins_a_formula_is_disarmed(
    organization: Organization, admin: User, client_of: SignedIn, start: str
) -> None:
    target = Target("user", label=f"{start}1+1", organization=organization.number)
    record(EventName.USER_SIGNED_IN, actor=COMMAND_LINE, target=target)
    content = client_of(admin).get(FEED).getvalue().decode()
    assert f"'{start}1+1" in content


def test_the_events_of_others_are_not_shown(
    busy: Organization, make_organization: MakeOrganization, client_of: SignedIn
) -> None:
    theirs = make_organization("Fabrikam").memberships.get().user
    page = text_of(client_of(theirs), "/o/fabrikam/settings/audit")
    assert "boss@contoso.example" not in page


def test_long_logs_have_pages_and_few_queries(
    organization: Organization, admin: User, client_of: SignedIn, django_assert_max_num_queries: Any
) -> None:
    for number in range(120):
        target = Target("user", label=f"t{number}", organization=organization.number)
        record(EventName.USER_SIGNED_IN, actor=COMMAND_LINE, target=target)
    client = client_of(admin)
    client.get(PAGE)
    with django_assert_max_num_queries(12):
        page = client.get(f"{PAGE}?risk=low")
    pages = [page.context["page"]]
    while pages[-1].after:
        pages.append(client.get(f"{PAGE}?risk=low&after={pages[-1].after}").context["page"])
    assert [len(each) for each in pages] == [50, 50, 20]
    assert len({event.pk for each in pages for event in each}) == 120
    assert f"?risk=low&amp;after={pages[0].after}" in page.content.decode()
    back = client.get(f"{PAGE}?risk=low&before={pages[2].before}").context["page"]
    assert [event.pk for event in back] == [event.pk for event in pages[1]]
