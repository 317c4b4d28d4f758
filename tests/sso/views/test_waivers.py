"""Waivers on Access & SSO Settings: what the page says, allowing and ending."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from lxml import html

from audit.actors import COMMAND_LINE
from audit.models import Event
from orgs.models import GrantKind, Organization, Plan, Role, User
from orgs.services import organizations
from sso.models import Waiver
from sso.selectors.connections import active_configuration, draft_configuration, waivers_in_force
from sso.services import connections
from tests.conftest import MakeMember, MakeOrganization, SignedIn, new_browser, open_session
from tests.sso.views.pages import errors_at, field, form_to, page, words
from tests.sso.views.waivers import NOW, allow, told, waiver_path
from tests.ui.markup import page_of

each_kind = pytest.mark.parametrize("kind", Waiver)


@pytest.fixture(autouse=True)
def frozen() -> Any:
    """A day from which the last possible one is 3 February 2027."""
    with time_machine.travel(NOW, tick=False):
        yield


def row(document: html.HtmlElement, kind: Waiver) -> str:
    """What the page says about one waiver."""
    return words(document.get_element_by_id(f"waiver-{kind.value}"))


def warned(document: html.HtmlElement) -> list[str]:
    """What stands under the state of single sign-on."""
    return [words(each) for each in document.xpath("//*[@class='certificate-warning']")]


class TestPage:
    """What the admin reads, and can do without a script."""

    def test_without_a_provider_there_is_nothing_to_except(self, browser: Client, path: str) -> None:
        assert not page(browser.get(path)).xpath("//*[@id='waivers']")

    def test_it_says_why_what_and_until_when(self, browser: Client, path: str, connected: Organization) -> None:
        document = page_of(browser.get(path))
        for kind in Waiver:
            text = row(document, kind)
            assert "Refused" in text
            assert "When you need it: Your provider" in text
            assert "What it weakens:" in text
            assert "To the end of that day in UTC, at most 90 days from now." in text
            control = field(document, f"{kind.value}-until")
            assert (control.get("type"), control.get("min"), control.get("max"), control.get("value")) == (
                "date", "2026-11-05", "2027-02-03", None,
            )  # fmt: skip
            form = form_to(document, waiver_path(kind))
            assert form.get("method") == "post"
            assert control in list(form.iter("input"))
            assert "Accept until this date" in [words(button) for button in form.iter("button")]
            assert not document.xpath("//form[@action=$end]", end=waiver_path(kind, end=True))
        assert "Accept expired certificates until" in row(document, Waiver.EXPIRED_CERTIFICATES)
        assert "Accept SHA-1 signatures until" in row(document, Waiver.SHA1)
        assert warned(document) == []

    @each_kind
    def test_while_it_is_in_force_the_page_says_so_above_the_form(
        self, browser: Client, path: str, connected: Organization, kind: Waiver
    ) -> None:
        allow(browser, kind)
        document = page_of(browser.get(path))
        (warning,) = warned(document)
        assert f"{kind.label} are accepted until 5 December 2026. Change or end this" in warning
        assert f"#waiver-{kind.value}" in document.xpath("//*[@class='certificate-warning']//a/@href")
        assert "Accepted until 5 December 2026" in row(document, kind)
        assert field(document, f"{kind.value}-until").get("value") == "2026-12-05"
        assert "Change the date" in [words(button) for button in form_to(document, waiver_path(kind)).iter("button")]
        end = form_to(document, waiver_path(kind, end=True))
        (button,) = document.xpath("//button[@form=$id]", id=end.get("id"))
        assert words(button) == f"End now : {kind.in_words}"

    def test_when_it_is_over_the_page_says_nothing_of_it(
        self, browser: Client, path: str, connected: Organization, admin: User
    ) -> None:
        allow(browser, Waiver.SHA1)
        with time_machine.travel(datetime(2026, 12, 5, 23, 59, 59, tzinfo=UTC), tick=False):
            assert warned(page(open_session(admin, GrantKind.PASSWORD).get(path)))
        with time_machine.travel(datetime(2026, 12, 6, tzinfo=UTC), tick=False):
            document = page(open_session(admin, GrantKind.PASSWORD).get(path))
        assert warned(document) == []
        assert "Refused" in row(document, Waiver.SHA1)
        assert field(document, "sha1-until").get("value") is None

    def test_a_plan_without_sso_can_end_it_and_no_more(
        self, browser: Client, path: str, connected: Organization
    ) -> None:
        allow(browser, Waiver.SHA1)
        Organization.objects.update(plan=Plan.objects.get(slug="starter"))
        document = page_of(browser.get(path))
        form = form_to(document, waiver_path(Waiver.SHA1))
        assert [fieldset.get("disabled") for fieldset in form.iter("fieldset")] == ["disabled"]
        assert [button.get("disabled") for button in form.iter("button")] == ["disabled", None]
        allow(browser, Waiver.EXPIRED_CERTIFICATES)
        assert "Single sign-on is part of the Growth" in told(page(browser.get(path)))
        browser.post(waiver_path(Waiver.SHA1, end=True))
        assert waivers_in_force(connected) == {}


class TestAllowing:
    """POST, then 303; or 422 with the reason at the field."""

    @each_kind
    def test_it_is_allowed_until_the_day(
        self, browser: Client, path: str, connected: Organization, admin: User, kind: Waiver
    ) -> None:
        response = allow(browser, kind)
        assert (response.status_code, response["Location"]) == (303, path)
        assert told(page(browser.get(path))) == f"{kind.label} are accepted until 5 December 2026."
        active = active_configuration(connected)
        assert active is not None
        assert active.waivers_at(NOW) == {kind: datetime(2026, 12, 5, 23, 59, 59, 999999, tzinfo=UTC)}
        assert active.created_by == admin
        event = Event.objects.get(name="waiver:allowed")
        assert (event.actor_email, event.after["until"]) == (admin.email, "2026-12-05T23:59:59+00:00")

    @pytest.mark.parametrize("until", ["2026-11-05", "2027-02-03"])
    def test_the_first_and_the_last_day(self, browser: Client, connected: Organization, until: str) -> None:
        assert allow(browser, Waiver.SHA1, until).status_code == 303

    @pytest.mark.parametrize(
        ("until", "words_of_error"),
        [
            ("", "Choose the last day."),
            ("2026-11-04", "3 February 2027"),
            ("2027-02-04", "3 February 2027"),
            ("9999-12-31", "3 February 2027"),
            ("0001-01-01", "3 February 2027"),
            ("5.12.2026", "year, month and day"),
            ("2026-02-30", "year, month and day"),
            ("\x00", "year, month and day"),
        ],
    )
    def test_a_day_that_cannot_be_is_told_at_the_field(
        self, browser: Client, connected: Organization, until: str, words_of_error: str
    ) -> None:
        response = allow(browser, Waiver.SHA1, until)
        assert response.status_code == 422
        document = page_of(response)
        assert words_of_error in errors_at(document, "sha1-until")
        assert field(document, "sha1-until").get("autofocus") is not None
        assert "is-invalid" in field(document, "sha1-until").get("class")
        assert not errors_at(document, "expired_certificates-until")
        assert "Single sign-on is on" in words(document)
        assert waivers_in_force(connected) == {}

    def test_what_was_typed_is_still_there(self, browser: Client, connected: Organization) -> None:
        allow(browser, Waiver.SHA1)
        document = page(allow(browser, Waiver.SHA1, "2028-01-01"))
        assert field(document, "sha1-until").get("value") == "2028-01-01"
        assert "Accepted until 5 December 2026" in row(document, Waiver.SHA1)

    def test_nothing_to_make_one_for(self, browser: Client, path: str, organization: Organization) -> None:
        assert allow(browser, Waiver.SHA1).status_code == 303
        assert "Connect" in told(page(browser.get(path)))
        assert waivers_in_force(organization) == {}

    def test_an_operator_has_the_last_word(self, browser: Client, path: str, connected: Organization) -> None:
        connections.disable_connection(connection=connected.connections.get(), actor=COMMAND_LINE)
        assert allow(browser, Waiver.SHA1).status_code == 303
        assert "operator" in told(page(browser.get(path)))
        assert waivers_in_force(connected) == {}

    def test_a_recovery_session_can_let_its_people_in_again(self, connected: Organization, admin: User) -> None:
        organizations.set_require_sso(organization=connected, required=True, actor=COMMAND_LINE)
        browser = open_session(admin, GrantKind.RECOVERY, connected)
        assert allow(browser, Waiver.EXPIRED_CERTIFICATES).status_code == 303
        assert draft_configuration(connected) is None
        assert list(waivers_in_force(connected)) == [Waiver.EXPIRED_CERTIFICATES]
        assert browser.post(waiver_path(Waiver.EXPIRED_CERTIFICATES, end=True)).status_code == 303
        assert waivers_in_force(connected) == {}

    @pytest.mark.parametrize("name", ["md5", "sha-1", "SHA1", "expired_certificate"])
    def test_there_are_no_others(self, browser: Client, connected: Organization, name: str) -> None:
        for more in ("", "/end"):
            address = f"/o/contoso/settings/access/waivers/{name}{more}"
            assert browser.post(address, {f"{name}-until": "2026-12-05"}).status_code == 404


class TestEnding:
    """At once, and again and again without harm."""

    @each_kind
    def test_it_ends_at_once(self, browser: Client, path: str, connected: Organization, kind: Waiver) -> None:
        allow(browser, kind)
        browser.get(path)
        response = browser.post(waiver_path(kind, end=True))
        assert (response.status_code, response["Location"]) == (303, path)
        assert told(page(browser.get(path))) == f"{kind.label} are no longer accepted."
        assert waivers_in_force(connected) == {}
        browser.post(waiver_path(kind, end=True))
        assert "Nothing was changed" in told(page(browser.get(path)))
        assert Event.objects.filter(name="waiver:ended").count() == 1


class TestForWhom:
    """Admins of this very organization; tests/test_access.py has the whole table."""

    @each_kind
    def test_nobody_else(
        self,
        connected: Organization,
        admin: User,
        member: MakeMember,
        make_organization: MakeOrganization,
        client_of: SignedIn,
        kind: Waiver,
    ) -> None:
        fabrikam = make_organization("Fabrikam").memberships.get(role=Role.ADMIN).user
        manager = member(connected, Role.MANAGER).user
        allow(client_of(admin), kind)
        before = waivers_in_force(connected)
        for visitor, status in ((new_browser(), 404), (client_of(fabrikam), 404), (client_of(manager), 403)):
            assert allow(visitor, kind, "2026-12-06").status_code == status
            assert visitor.post(waiver_path(kind, end=True)).status_code == status
        assert waivers_in_force(connected) == before

    @each_kind
    def test_reading_is_no_way_to_change_it(self, browser: Client, connected: Organization, kind: Waiver) -> None:
        allow(browser, kind)
        before = waivers_in_force(connected)
        for end in (False, True):
            answer = browser.get(waiver_path(kind, end=end))
            assert (answer.status_code, answer["Location"]) == (303, "/o/contoso/settings/access")
        assert waivers_in_force(connected) == before
