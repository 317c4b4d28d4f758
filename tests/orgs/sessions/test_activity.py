"""The page of sessions says when and from where each was last used."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orgs.models import User
from tests.conftest import SignedIn

LONG_AGO = timezone.now() - timedelta(days=3)


@pytest.fixture
def browser(client_of: SignedIn, admin: User) -> Client:
    browser = client_of(admin)
    browser.get("/")
    UserSession.objects.update(last_seen_at=LONG_AGO)
    return browser


def test_a_page_notes_when_from_where_and_with_what_in_one_statement(browser: Client, admin: User) -> None:
    made = UserSession.objects.get()
    with CaptureQueriesContext(connection) as captured:
        browser.get("/", HTTP_USER_AGENT="Firefox " * 100, REMOTE_ADDR="192.0.2.7")
    noted = UserSession.objects.get()
    assert (noted.pk, noted.user_id, noted.created_at) == (made.pk, admin.pk, made.created_at)
    assert (noted.ip, noted.user_agent) == ("192.0.2.7", ("Firefox " * 100)[:200])
    assert noted.last_seen_at > LONG_AGO
    assert sum("usersessions" in query["sql"] for query in captured) == 1


def test_a_session_without_a_row_gets_one(browser: Client, admin: User) -> None:
    UserSession.objects.all().delete()
    browser.get("/")
    assert UserSession.objects.get().user_id == admin.pk


@pytest.mark.django_db
def test_visitors_leave_none(client: Client) -> None:
    client.get("/sign-in")
    assert not UserSession.objects.exists()
