"""Lists of the Django admin: what a search finds, where counting ends, and how many queries a page takes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import Event
from database import paging
from orgs.models import Membership, Organization, SessionGrant, User
from sso.models import Connection, Identity, SignIn
from tests.admin.conftest import Crowd
from tests.admin.test_pages import address


@pytest.fixture(autouse=True)
def two_organizations(crowd: Crowd) -> None:
    crowd.grow()
    crowd.grow()


def found(browser: Client, model: type[Model], words: str) -> list[Any]:
    """Return what a search finds."""
    answer = browser.get(address(model, "changelist"), {"q": words})
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def test_a_reference_is_found_however_it_is_cased(browser: Client) -> None:
    sign_in = SignIn.objects.latest("pk")
    for words in (sign_in.reference, sign_in.reference.lower(), f" {sign_in.reference} "):
        assert found(browser, SignIn, words) == [sign_in]


@pytest.mark.parametrize("model", [SignIn, SessionGrant, Membership, Identity])
def test_the_beginning_of_an_address_finds_the_rows_of_its_account(model: type[Model], browser: Client) -> None:
    user = SignIn.objects.latest("pk").user
    assert user is not None
    for words in (user.email, user.email.upper(), user.email.partition("@")[0]):
        assert found(browser, model, words) == list(model._default_manager.filter(user=user).order_by("-pk")), words
    assert found(browser, model, user.email[1:]) == []


@pytest.mark.parametrize("model", [SignIn, SessionGrant, Membership, Connection])
def test_an_organization_is_found_by_its_number_and_a_part_of_its_name(model: type[Model], browser: Client) -> None:
    organization = Organization.objects.latest("pk")
    rows = set(model._default_manager.filter(organization=organization))
    for words in (str(organization.number), organization.name, organization.name[3:].upper()):
        assert set(found(browser, model, words)) == rows, words


def test_an_address_that_belongs_to_no_account_is_found_where_it_was_refused(browser: Client) -> None:
    sign_in = SignIn.objects.latest("pk")
    SignIn.objects.filter(pk=sign_in.pk).update(user=None, address="eve@stranger.example")
    assert found(browser, SignIn, "EVE@str") == [SignIn.objects.get(pk=sign_in.pk)]


def test_a_connection_with_several_configurations_is_found_once(browser: Client) -> None:
    connection = Connection.objects.latest("pk")
    configuration = connection.configurations.get()
    for version in (2, 3):
        configuration.pk, configuration.version, configuration.state = None, version, "retired"
        configuration.public_id = f"00000000-0000-0000-0000-00000000000{version}"
        configuration.save()
    Connection.objects.exclude(pk=connection.pk).update(provider="okta")
    assert found(browser, Connection, configuration.entity_id).count(connection) == 1


def test_events_are_found_by_actor_target_and_number(browser: Client) -> None:
    number = Organization.objects.latest("pk").number
    assert {event.organization_number for event in found(browser, Event, str(number))} == {number}
    assert found(browser, Event, "command line")
    guest = Event.objects.filter(target__startswith="guest").first()
    assert guest is not None
    assert guest in found(browser, Event, guest.target[:6])


@pytest.mark.parametrize("words", ["nobody@", "99999999999999999999", "zz' OR 1=1", "%", "_"])
@pytest.mark.parametrize("model", [SignIn, Event, User])
def test_a_search_that_finds_nothing_shows_nothing(model: type[Model], words: str, browser: Client) -> None:
    assert found(browser, model, words) == []


def test_counting_ends_and_the_page_says_so(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_COUNTED", 3)
    monkeypatch.setattr("orgs.templatetags.ui.MOST_COUNTED", 3)
    page = browser.get(address(Event, "changelist"))
    assert page.context["cl"].result_count == 3
    assert "More than 3 events" in " ".join(page.content.decode().split())
    assert "2 organizations" in " ".join(browser.get(address(Organization, "changelist")).content.decode().split())


def test_the_members_of_an_organization_are_counted_up_to_a_number(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = browser.get(address(Organization, "changelist")).content.decode()
    assert page.count('<td class="field-members">2</td>') == 2
    monkeypatch.setattr(paging, "MOST_COUNTED", 1)
    page = browser.get(address(Organization, "changelist")).content.decode()
    assert page.count('<td class="field-members">1+</td>') == 2


def test_the_page_of_a_user_takes_few_queries(browser: Client) -> None:
    path = address(User, "change", User.objects.latest("pk").pk)
    browser.get(path)
    with CaptureQueriesContext(database) as captured:
        assert browser.get(path).status_code == 200
    assert len(captured) <= 15
