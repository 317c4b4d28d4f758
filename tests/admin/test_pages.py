"""Every page of the admin opens, stays quick as rows are added, and links to the others."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import connection as database
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Event
from orgs.models import EmailDomain, Invitation, Membership, Organization, Plan, SessionGrant, User
from outbox.models import Message
from sso.models import Configuration, Connection, Identity, SignIn
from tests.admin.conftest import Crowd

OURS = [
    Event,
    SessionGrant,
    EmailDomain,
    Invitation,
    Membership,
    Organization,
    Plan,
    User,
    Configuration,
    Connection,
    Identity,
    SignIn,
    Message,
]
# All columns are searched for each of them, so that one is enough for `make test`.
OTHER_WORDS = ["10001", "contoso", "7KQ4-M2XD-P9TR", "127.0.0.1"]
WORDS = ["ab:c'%", *(pytest.param(words, marks=pytest.mark.slow) for words in OTHER_WORDS)]
KEPT = [model for model in OURS if model is not EmailDomain]
LOOK_ONLY = [Event, SessionGrant, Invitation, Membership, Configuration, Connection, Identity, SignIn, Message]


def address(model: type[Model], page: str, *args: object) -> str:
    """Where a page of the admin is."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def queries_of(browser: Client, path: str) -> int:
    """How many queries a page takes."""
    with CaptureQueriesContext(
        database,
    ) as captured:
        answer = browser.get(path)
    assert answer.status_code == 200, answer.content
    return len(captured)


@pytest.mark.parametrize("model", OURS)
def test_a_list_takes_as_many_queries_for_many_rows_as_for_one(
    model: type[Model], browser: Client, crowd: Crowd
) -> None:
    crowd.grow()
    browser.get(address(model, "changelist"))
    few = queries_of(browser, address(model, "changelist"))
    for _ in range(4):
        crowd.grow()
    assert queries_of(browser, address(model, "changelist")) == few


@pytest.mark.parametrize("model", OURS)
@pytest.mark.parametrize("words", WORDS)
def test_a_search_for_anything_is_answered(model: type[Model], words: str, browser: Client, crowd: Crowd) -> None:
    crowd.grow()
    assert browser.get(address(model, "changelist"), {"q": words}).status_code == 200


@pytest.mark.parametrize("model", OURS)
def test_each_row_has_a_page(model: type[Model], browser: Client, crowd: Crowd) -> None:
    crowd.grow()
    row = model._default_manager.first()
    assert row is not None
    answer = browser.get(address(model, "change", row.pk))
    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize("model", LOOK_ONLY)
def test_what_services_write_cannot_be_added_or_edited(model: type[Model], browser: Client, crowd: Crowd) -> None:
    crowd.grow()
    row = model._default_manager.first()
    assert row is not None
    assert browser.get(address(model, "add")).status_code == 403
    assert browser.post(address(model, "change", row.pk), {}).status_code == 403


@pytest.mark.parametrize("model", KEPT)
def test_what_is_kept_cannot_be_deleted(model: type[Model], browser: Client, crowd: Crowd) -> None:
    crowd.grow()
    row = model._default_manager.first()
    assert row is not None
    assert browser.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert model._default_manager.filter(pk=row.pk).exists()
    answer = browser.post(
        address(model, "changelist"), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    )
    assert model._default_manager.filter(pk=row.pk).exists(), answer.content


def test_what_was_never_wanted_is_no_fault(browser: Client, organization: Organization) -> None:
    page = browser.get(address(Organization, "changelist")).content.decode()
    assert "icon-no" not in page
    assert page.count(">no</td>") == 2
    assert "By SSO active" in page


def test_the_checks_of_a_sign_in_are_a_table(browser: Client, crowd: Crowd) -> None:
    crowd.grow()
    sign_in = SignIn.objects.get()
    check = {"name": "one_assertion", "outcome": "not_reached", "expected": "1", "received": "<2>", "clause": ""}
    SignIn.objects.filter(pk=sign_in.pk).update(checks=[check])
    page = browser.get(address(SignIn, "change", sign_in.pk)).content.decode()
    row = '<tr><th scope="row">One assertion</th><td>not reached</td><td>1</td><td>&lt;2&gt;</td></tr>'
    assert row in page
    assert "IP address" in page


def test_an_organization_links_to_everything_that_belongs_to_it(browser: Client, crowd: Crowd) -> None:
    crowd.grow()
    organization = Organization.objects.get()
    page = browser.get(address(Organization, "change", organization.pk)).content.decode()
    lists = [Membership, Invitation, EmailDomain, SessionGrant, Event, Connection, SignIn, Identity]
    assert [model for model in lists if address(model, "changelist") not in page] == []


@pytest.mark.parametrize("of", [Organization, User])
def test_the_links_show_rows_of_that_one_only(of: type[Model], browser: Client, crowd: Crowd) -> None:
    crowd.grow()
    crowd.grow()
    row = of._default_manager.filter(memberships__role=40).first()
    assert row is not None
    page = browser.get(address(of, "change", row.pk)).context["adminform"]
    related = page.model_admin.related(row)
    paths = [part.split('"')[1] for part in related.split("<a ")[1:]]
    assert len(paths) >= 5
    for path in paths:
        answer = browser.get(path.replace("&amp;", "&"))
        assert answer.status_code == 200, path
        found = answer.context["cl"].queryset
        assert 0 < found.count() < found.model._default_manager.count(), path


def test_what_holds_secrets_is_left_out(browser: Client) -> None:
    browser.get(reverse("admin:index"))
    registered = {model.__name__ for model in admin.site._registry}
    assert not registered & {
        "EmailAddress",
        "EmailConfirmation",
        "Authenticator",
        "UserSession",
        "RecoveryCode",
        "Group",
    }
    assert {model.__name__ for model in OURS} <= registered
