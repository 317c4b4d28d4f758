"""Waivers: what allowing and ending them writes, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from audit.actors import COMMAND_LINE
from audit.events import EventName, Risk
from audit.models import Event
from orgs.errors import NotAllowedError
from orgs.models import Organization, Plan, User
from sso.errors import DayError
from sso.models import Configuration, Waiver
from sso.selectors.connections import active_configuration, draft_configuration, waivers_in_force
from sso.services import connections, waivers
from sso.services.waivers import MOST_DAYS
from tests.saml.provider import NOW
from tests.sso.views.files import ENTITY_ID, descriptor
from tests.sso.views.rows import upload
from tests.sso.waivers import EXPIRED, SHA1, TODAY, allow, each_kind, end, versions


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    """The day on which everything here begins."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def connected(organization: Organization) -> Organization:
    """Contoso, with a provider."""
    upload(organization)
    return organization


class TestSetting:
    """New versions, never an edited one."""

    @each_kind
    def test_it_is_a_new_version_that_is_in_use_at_once(
        self, connected: Organization, kind: Waiver, admin: User
    ) -> None:
        before = active_configuration(connected)
        until = waivers.allow_waiver(
            organization=connected, kind=kind, last_day=date(2026, 3, 31), by=admin, actor=COMMAND_LINE
        )
        after = active_configuration(connected)
        assert until == datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=UTC)
        assert versions(connected) == [(1, "retired"), (2, "active")]
        assert (after.waivers_at(NOW), after.created_by, after.activated_at) == ({kind: until}, admin, NOW)
        before.refresh_from_db()
        assert (before.waivers_at(NOW), before.retired_at) == ({}, NOW)
        same = ("entity_id", "sso_redirect_url", "certificates", "metadata", "findings", "valid_until", "slo_url")
        assert [getattr(before, name) for name in same] == [getattr(after, name) for name in same]
        assert connected.can_sign_in_with_sso

    @pytest.mark.parametrize("days", [0, 1, MOST_DAYS])
    def test_days_that_can_be_the_last(self, connected: Organization, days: int) -> None:
        assert allow(connected, SHA1, TODAY + timedelta(days=days)) > NOW

    @pytest.mark.parametrize("last_day", [TODAY - timedelta(days=1), TODAY + timedelta(days=91), date.min, date.max])
    def test_days_that_cannot(self, connected: Organization, last_day: date) -> None:
        with pytest.raises(DayError, match=r"^Choose a day from today to 31 May 2026\."):
            allow(connected, SHA1, last_day)
        assert versions(connected) == [(1, "active")]

    def test_today_is_a_day_in_utc(self, connected: Organization) -> None:
        with time_machine.travel(datetime(2026, 3, 3, 23, 30, tzinfo=UTC)):
            with pytest.raises(DayError):
                allow(connected, SHA1, date(2026, 3, 2))
            assert allow(connected, SHA1, date(2026, 3, 3)).day == 3

    def test_another_day_is_another_version_and_the_same_day_is_none(self, connected: Organization) -> None:
        for days, version in ((5, 2), (5, 2), (3, 3), (9, 4)):
            until = allow(connected, EXPIRED, TODAY + timedelta(days=days))
            assert active_configuration(connected).version == version
            assert waivers_in_force(connected) == {EXPIRED: until}
        assert Event.objects.filter(name=EventName.WAIVER_ALLOWED).count() == 3

    def test_one_leaves_the_other_alone(self, connected: Organization) -> None:
        first, second = allow(connected, EXPIRED), allow(connected, SHA1, TODAY + timedelta(days=1))
        assert waivers_in_force(connected) == {EXPIRED: first, SHA1: second}
        assert end(connected, EXPIRED)
        assert waivers_in_force(connected) == {SHA1: second}

    def test_ending_what_is_not_in_force_changes_nothing(self, connected: Organization) -> None:
        assert not end(connected, SHA1)
        allow(connected, SHA1)
        with time_machine.travel(NOW + timedelta(days=1)):
            assert not end(connected, SHA1)
        assert versions(connected) == [(1, "retired"), (2, "active")]
        assert not Event.objects.filter(name=EventName.WAIVER_ENDED).exists()

    def test_who_until_when_and_by_which_version_is_in_the_log(self, connected: Organization) -> None:
        allow(connected, SHA1, date(2026, 3, 9))
        allow(connected, SHA1, date(2026, 3, 20))
        end(connected, SHA1)
        events = list(Event.objects.filter(name__startswith="waiver:").order_by("pk"))
        assert [(event.name, event.risk, event.before, event.after) for event in events] == [
            (
                EventName.WAIVER_ALLOWED,
                Risk.HIGH,
                {"until": None},
                {"waiver": "SHA-1 signatures", "until": "2026-03-09T23:59:59+00:00", "versions": [2]},
            ),
            (
                EventName.WAIVER_ALLOWED,
                Risk.HIGH,
                {"until": "2026-03-09T23:59:59+00:00"},
                {"waiver": "SHA-1 signatures", "until": "2026-03-20T23:59:59+00:00", "versions": [3]},
            ),
            (
                EventName.WAIVER_ENDED,
                Risk.MEDIUM,
                {"until": "2026-03-20T23:59:59+00:00"},
                {"waiver": "SHA-1 signatures", "until": None, "versions": [4]},
            ),
        ]
        assert {(event.actor_email, event.target_kind) for event in events} == {("command line", "connection")}
        assert {event.organization_number for event in events} == {connected.number}

    @pytest.mark.parametrize("is_same", [True, False], ids=["same provider", "another provider"])
    def test_a_draft_gets_it_only_if_it_is_the_same_providers(self, connected: Organization, is_same: bool) -> None:
        Organization.objects.update(require_sso=True)
        connected.refresh_from_db()
        draft = upload(connected, descriptor(ENTITY_ID if is_same else "https://idp.fabrikam.example/"))
        until = allow(connected, SHA1)
        assert active_configuration(connected).waivers_at(NOW) == {SHA1: until}
        waiting = draft_configuration(connected)
        assert waiting.waivers_at(NOW) == ({SHA1: until} if is_same else {})
        assert (waiting == draft) != is_same
        assert end(connected, SHA1)
        assert waivers_in_force(connected) == {}

    def test_ending_it_leaves_it_nowhere(self, connected: Organization) -> None:
        """Also where a draft of another provider has one from before."""
        Organization.objects.update(require_sso=True)
        connected.refresh_from_db()
        upload(connected, descriptor("https://idp.fabrikam.example/"))
        Configuration.objects.filter(state="draft").update(sha1_until=NOW + timedelta(days=3))
        assert end(connected, SHA1)
        assert waivers_in_force(connected) == {}

    def test_a_draft_that_waits_alone_gets_it(self, connected: Organization) -> None:
        Configuration.objects.update(state="draft", activated_at=None)
        until = allow(connected, SHA1)
        assert draft_configuration(connected).waivers_at(NOW) == {SHA1: until}

    def test_nothing_to_make_one_for(self, organization: Organization) -> None:
        with pytest.raises(NotAllowedError, match="Connect an identity provider"):
            allow(organization, SHA1)
        assert not end(organization, SHA1)
        upload(organization)
        Configuration.objects.update(state="retired")
        with pytest.raises(NotAllowedError, match="Connect an identity provider"):
            allow(organization, SHA1)

    def test_the_plan_decides_about_allowing_but_never_about_ending(self, connected: Organization) -> None:
        allow(connected, SHA1)
        Organization.objects.update(plan=Plan.objects.get(slug="starter"))
        with pytest.raises(NotAllowedError, match="part of the Growth"):
            allow(connected, EXPIRED)
        assert end(connected, SHA1)

    def test_so_does_the_operator_who_disabled_the_connection(self, connected: Organization) -> None:
        allow(connected, SHA1)
        connections.disable_connection(connection=connected.connections.get(), actor=COMMAND_LINE)
        with pytest.raises(NotAllowedError, match="operator"):
            allow(connected, EXPIRED)
        assert end(connected, SHA1)
        assert versions(connected)[-1] == (3, "active")
