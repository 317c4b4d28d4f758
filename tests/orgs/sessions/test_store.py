"""Sessions are Django's, written less often."""

from __future__ import annotations

import pytest
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from orgs.sessions.store import SessionStore

pytestmark = pytest.mark.django_db


def statements(store: SessionStore) -> int:
    """Save a session and return how many statements that took."""
    with CaptureQueriesContext(connection) as captured:
        store.save()
    return len(captured)


def test_a_new_session_is_one_statement_and_nothing_more_until_it_changes():
    store = SessionStore()
    store["color"] = "blue"
    store.cycle_key()
    store["shade"] = "dark"
    assert statements(store) == 1
    assert store.modified, "the browser has to get the cookie"
    assert statements(store) == 0
    store["shade"] = "light"
    assert statements(store) > 0
    assert dict(SessionStore(store.session_key).items()) == {"color": "blue", "shade": "light"}


def test_a_session_without_a_key_gets_one():
    store = SessionStore()
    store["color"] = "blue"
    store.save()
    assert store.session_key
    assert SessionStore(store.session_key)["color"] == "blue"


def test_a_new_key_leaves_nothing_under_the_old_one():
    store = SessionStore()
    store["color"] = "blue"
    store.save()
    old = store.session_key
    store.cycle_key()
    store.save()
    assert store.session_key != old
    assert list(Session.objects.values_list("session_key", flat=True)) == [store.session_key]
    assert SessionStore(store.session_key)["color"] == "blue"


def test_a_session_that_was_deleted_meanwhile_does_not_come_back():
    store = SessionStore()
    store["color"] = "blue"
    store.save()
    Session.objects.all().delete()
    store["color"] = "red"
    with pytest.raises(UpdateError):
        store.save()
    assert not Session.objects.exists()


def test_a_key_that_somebody_has_is_not_taken_over():
    store = SessionStore()
    store["color"] = "blue"
    store.save()
    other = SessionStore()
    other.create()
    other._session_key = store.session_key
    with pytest.raises(CreateError), transaction.atomic():
        other.save()
    assert SessionStore(store.session_key)["color"] == "blue"
