"""Whom to ask where only an operator can help."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from django.utils.safestring import mark_safe
from lxml import html

from audit.actors import COMMAND_LINE
from orgs.models import Organization, User
from orgs.templatetags.ui import reachable
from sso.providers.azure_errors import explain
from sso.reasons import ADVICE, Reason
from sso.services import connections
from tests.sso.views.rows import upload

WORDS = "Ask the operator of Amplisso why."


def test_without_an_address_it_is_the_operator() -> None:
    assert reachable(WORDS) == WORDS


@override_settings(SUPPORT_ADDRESS="help@vendor.example")
def test_with_an_address_it_is_that() -> None:
    assert reachable(WORDS) == "Ask help@vendor.example why."


@override_settings(SUPPORT_ADDRESS="help@vendor.example")
def test_pages_name_it(db: None) -> None:
    page = Client(headers={"host": "amplisso.example"}).get(reverse("account_inactive"), secure=True)
    assert WORDS.replace("the operator of Amplisso", "help@vendor.example") in page.content.decode()


def test_advice_speaks_of_them_in_words_that_an_address_can_replace() -> None:
    request = explain("AADSTS75005")
    assert request is not None
    told = [request.fix, *(ADVICE[each].remedy for each in (Reason.CLOSED, Reason.ACCOUNT_NOT_ADMITTED, Reason.UNSAFE))]
    assert [text for text in told if "the operator of Amplisso" not in text] == []
    everything = " ".join(f"{advice.meaning} {advice.remedy}" for advice in ADVICE.values())
    assert " us " not in everything


@pytest.fixture
def page(client_of: Callable[[User], Client], admin: User, organization: Organization) -> Callable[..., str]:
    """What the admin is told who posts to an address below Access & SSO Settings."""

    def post(below: str = "", **fields: str) -> str:
        path = f"/o/{organization.slug}/settings/access{below}"
        return client_of(admin).post(path, fields, follow=True).content.decode()

    return post


@override_settings(SUPPORT_ADDRESS="help@vendor.example")
def test_a_form_that_is_refused_names_it(page: Callable[..., str], organization: Organization) -> None:
    connections.disable_connection(connection=upload(organization).connection, actor=COMMAND_LINE)
    text = page(provider="azure", just_in_time_role="20")
    assert "until help@vendor.example enables it again" in text
    assert "operator of Amplisso" not in text


@override_settings(SUPPORT_ADDRESS="help@vendor.example", KEY_ENCRYPTION_KEYS=[])
def test_messages_and_errors_at_a_field_name_it(page: Callable[..., str], organization: Organization) -> None:
    upload(organization)
    assert "help@vendor.example has to set KEY_ENCRYPTION_KEYS" in page("/keys")
    at_field = html.document_fromstring(page(provider="azure", just_in_time_role="20", sign_requests="on"))
    assert "help@vendor.example has to set" in at_field.get_element_by_id("id_sign_requests_error").text_content()


def test_a_text_that_speaks_of_nobody_stays_what_it_is() -> None:
    marked = mark_safe("<b>Saved.</b>")
    with override_settings(SUPPORT_ADDRESS="help@vendor.example"):
        assert reachable(marked) is marked
