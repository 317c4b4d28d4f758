"""Whatever is typed into an address of the Django admin is answered by a page, 404 or a message, never by an error."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from jobs.models import ScheduledJob, Worker
from orgs.models import User
from sso.models import ServiceProviderKey, SignOut
from tests.admin.conftest import Crowd
from tests.admin.test_pages import OURS, address

MODELS = [*OURS, ServiceProviderKey, SignOut, Worker, ScheduledJob, DBTaskResult]
IDS = ["abc", "-1", "9" * 30, "1.5", "é", "00000000-0000-0000-0000-000000000000"]
VALUES = ["x", "", "9" * 30, "2026-13-45", "1," + "9" * 30, "9_9" * 10]
# The first finds what expects another type; CI tries the others, too.
EACH_VALUE = [VALUES[0], *(pytest.param(value, marks=pytest.mark.slow) for value in VALUES[1:])]
CHOSEN = ["abc", *(pytest.param(value, marks=pytest.mark.slow) for value in ("9" * 30, "-1", "", "\0", "é"))]
PARAMETERS = [
    "o",
    "p",
    "e",
    "q",
    "all",
    "_popup",
    "_to_field",
    "_changelist_filters",
    "_facets",
    "nonsense",
    "pk",
    "id",
]


@pytest.fixture
def strict(browser: Client, crowd: Crowd) -> Client:
    """The operator's browser, which does not raise what a page raises."""
    crowd.grow()
    browser.raise_request_exception = False
    return browser


def failures(browser: Client, addresses: list[str]) -> list[tuple[str, int]]:
    """Return the addresses that end with a server error; each redirect is followed once."""
    found, opened, waiting = [], set(), list(addresses)
    while waiting:
        each = waiting.pop()
        opened.add(each)
        answer = browser.get(each)
        if answer.status_code >= 500:
            found.append((each, answer.status_code))
        if answer.has_header("Location") and (target := urljoin(each, answer["Location"])) not in opened:
            waiting.append(target)
    return found


def filters_of(model: type[Model]) -> list[str]:
    """Every parameter by which links of ours and the filters at the side narrow a list, with its lookups."""
    names = []
    for each in admin.site._registry[model].list_filter:
        name = each[0] if isinstance(each, tuple) else each
        if isinstance(name, str):
            names += [
                name,
                *(f"{name}__{end}" for end in ("exact", "isnull", "isempty", "gte", "lt", "in", "id__exact")),
            ]
    related = [f"{field.name}__id__exact" for field in model._meta.fields if field.is_relation]
    return [*names, *related, "connection__organization__id__exact", "organization__id__exact", "user__id__exact"]


def test_every_page_is_tried(strict: Client) -> None:
    strict.get(reverse("admin:index"))
    assert set(admin.site._registry) == set(MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_ids(model: type[Model], strict: Client) -> None:
    pages = ("change", "history", "delete")
    base = address(model, "changelist")
    wanted = [f"{base}{each}/{page}/" for each in IDS for page in pages] + [f"{base}{each}/" for each in IDS]
    assert failures(strict, wanted) == []


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("value", EACH_VALUE)
def test_parameters_of_lists(model: type[Model], value: str, strict: Client) -> None:
    base = address(model, "changelist")
    names = [*PARAMETERS, *filters_of(model)]
    assert failures(strict, [f"{base}?{name}={value}" for name in names]) == []


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("value", EACH_VALUE)
def test_parameters_of_forms(model: type[Model], value: str, strict: Client) -> None:
    row = model._default_manager.first()
    bases = [address(model, "add")] + ([address(model, "change", row.pk)] if row else [])
    names = ["_popup", "_to_field", "_changelist_filters", "organization", "plan", "email", "number", "nonsense"]
    assert failures(strict, [f"{base}?{name}={value}" for base in bases for name in names]) == []


def test_other_pages(strict: Client) -> None:
    organization = {"app_label": "orgs", "model_name": "emaildomain", "field_name": "organization", "term": "c"}
    autocomplete = reverse("admin:autocomplete")
    wanted = [f"{autocomplete}?" + "&".join(f"{name}={value}" for name, value in organization.items())]
    for name in organization:
        for value in VALUES:
            changed = organization | {name: value}
            wanted.append(f"{autocomplete}?" + "&".join(f"{key}={each}" for key, each in changed.items()))
    wanted += [f"{wanted[0]}&page={value}" for value in VALUES]
    wanted += [f"/admin/r/{kind}/{each}/" for kind in ("1", "9" * 30, "abc", "0") for each in IDS]
    wanted += [f"/admin/{each}/" for each in IDS] + [f"/admin/jsi18n/?{name}=x" for name in PARAMETERS]
    assert failures(strict, wanted) == []


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("chosen", CHOSEN)
def test_actions_on_rows_that_cannot_be(model: type[Model], chosen: str, strict: Client) -> None:
    base = address(model, "changelist")
    for action in ("delete_selected", "disable", "enable", "end", "suspend", "unlink", "verify", "close", "nonsense"):
        for across in ("x", "0"):
            fields = {"action": action, "_selected_action": [chosen], "index": "x", "select_across": across}
            assert strict.post(base, {**fields, "post": "yes"}, follow=True).status_code < 500, (action, across)


@pytest.mark.parametrize("chosen", CHOSEN)
def test_permissions_that_cannot_be(chosen: str, strict: Client, operator: User) -> None:
    fields = {"name": "Ada", "is_staff": "on", "is_superuser": "on", "user_permissions": [chosen]}
    assert strict.post(address(User, "change", operator.pk), fields).status_code < 500


def test_a_fault_of_ours_is_no_missing_page(strict: Client, operator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**kwargs: object) -> None:
        raise ValueError("a fault")

    monkeypatch.setattr("orgs.services.accounts.rename_account", fail)
    change = address(User, "change", operator.pk)
    answer = strict.post(change, {"name": "Ada", "is_staff": "on", "is_superuser": "on"})
    assert answer.status_code == 500


def test_nul(strict: Client) -> None:
    for model in MODELS:
        base = address(model, "changelist")
        for each in (
            f"{base}%00/change/",
            f"{base}_00/change/",
            f"{base}?q=%00",
            f"{base}?organization__id__exact=%00",
        ):
            assert strict.get(each).status_code in {400, 302, 404, 200}, each
