"""`manage.py purge`."""

from __future__ import annotations

import io
import json
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.cache import cache, caches
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from audit.actors import COMMAND_LINE
from audit.models import Event
from database.batches import delete_in_batches
from orgs.models import GrantKind, Organization, RecoveryCode, SessionGrant
from orgs.services import invitations, password_attempts, recovery
from outbox.models import Message
from sso.models import OfferedProvider, SignIn, Upload
from sso.services import kept_uploads
from sso.services.sign_in.start import start_sign_in
from tests.conftest import deliver_outbox, open_session
from tests.sso.conftest import Connect, Journey

pytestmark = pytest.mark.django_db


def purge() -> dict[str, int]:
    """What the command says is gone."""
    printed = io.StringIO()
    call_command("purge", "--json", stdout=printed)
    return json.loads(printed.getvalue())


def test_what_has_served_its_purpose_goes(organization: Organization, connect: Connect) -> None:
    connect(organization)
    admin = organization.memberships.get()
    open_session(admin.user, GrantKind.PASSWORD)
    start_sign_in(organization=organization, actor=COMMAND_LINE)
    recovery.mail_recovery_code(membership=admin, actor=COMMAND_LINE)
    deliver_outbox()
    password_attempts.begin_attempt(address="ada@contoso.example", client="192.0.2.7")
    kept_uploads.keep_upload(organization=organization, by=admin.user, document=b"<xml/>", name="contoso.xml")
    kinds = (
        "sessions",
        "listed_sessions",
        "grants",
        "recovery_codes",
        "password_attempts",
        "abandoned_sign_ins",
        "sign_ins",
        "events",
        "sign_outs",
        "uploads",
        "relinkings",
        "cache_entries",
        "messages",
        "filled_in_addresses",
    )
    others = ("listed_sessions", "sign_ins", "events", "sign_outs", "relinkings", "cache_entries", kinds[-1])
    nothing = dict.fromkeys(kinds, 0)
    assert purge() == nothing
    with time_machine.travel(timezone.now() + timedelta(days=120)):
        assert purge() == dict.fromkeys(kinds, 1) | dict.fromkeys(others, 0)
    for model in (SessionGrant, RecoveryCode, SignIn, Session, Upload, OfferedProvider, Message):
        assert not model.objects.exists()


@pytest.fixture
def log(organization: Organization, connect: Connect) -> Journey:
    """Return a journey that has left a sign-in, and events of it and of an invitation."""
    journey = connect(organization)
    journey.sign_in("ada")
    invitations.invite(
        organization=organization,
        addresses=["guest@fabrikam.example"],
        role=10,
        by=organization.memberships.get(role=40),
        actor=COMMAND_LINE,
    )
    return journey


def counts(organization: Organization) -> tuple[int, int, int]:
    """Count the sign-ins, audit events and invitations."""
    return SignIn.objects.count(), Event.objects.count(), organization.invitations.count()


def test_the_logs_are_kept_for_as_long_as_the_settings_say(log: Journey, settings: Settings) -> None:
    settings.SIGN_IN_LOG_DAYS, settings.AUDIT_LOG_DAYS = 100, 200
    sign_ins, events, sent = counts(log.organization)
    now = timezone.now()
    with time_machine.travel(now + timedelta(days=99)):
        purge()
        assert counts(log.organization) == (sign_ins, events, sent)
    with time_machine.travel(now + timedelta(days=101)):
        assert purge()["sign_ins"] == sign_ins
        assert counts(log.organization) == (0, events, sent)
    with time_machine.travel(now + timedelta(days=201)):
        assert purge()["events"] == events
        assert counts(log.organization) == (0, 0, sent)


def test_nothing_of_the_logs_is_deleted_with_0(log: Journey, settings: Settings) -> None:
    settings.SIGN_IN_LOG_DAYS = settings.AUDIT_LOG_DAYS = 0
    before = counts(log.organization)
    with time_machine.travel(timezone.now() + timedelta(days=5000)):
        purge()
    assert counts(log.organization) == before


def test_a_sign_in_goes_before_those_that_name_it(log: Journey, settings: Settings) -> None:
    first = log.last()
    restart = SignIn.objects.get(pk=first.pk)
    restart.pk, restart.reference, restart.request_id, restart.restart_of = None, "AAAA-BBBB-CCCC", "_2", first
    restart.public_id, restart.started_at = uuid.uuid4(), timezone.now() + timedelta(days=30)
    restart.save(force_insert=True)
    with time_machine.travel(timezone.now() + timedelta(days=settings.SIGN_IN_LOG_DAYS + 1)):
        assert purge()["sign_ins"] == 1
    assert SignIn.objects.get().restart_of is None


def test_it_deletes_in_steps(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step is a transaction of its own, reads few rows, and leaves what no longer satisfies the conditions."""
    user = organization.memberships.get().user
    for _ in range(7):
        open_session(user, GrantKind.PASSWORD)
    SessionGrant.objects.update(opened_at=timezone.now() - timedelta(days=200), expires_at=timezone.now())
    rows = SessionGrant.objects.filter(expires_at__lte=timezone.now())
    with CaptureQueriesContext(connection) as captured:
        assert delete_in_batches(rows, by="opened_at", size=3) == 7
    reads = [query["sql"] for query in captured if query["sql"].startswith("SELECT")]
    assert len(reads) == 3
    assert all("LIMIT 3" in read for read in reads)
    assert not SessionGrant.objects.exists()


def test_memberships_that_the_release_before_has_made_get_their_address(organization: Organization) -> None:
    membership = organization.memberships.get()
    organization.memberships.update(email="")
    assert purge()["filled_in_addresses"] == 1
    assert organization.memberships.get().email == membership.user.email


def test_old_counts_of_tries_go_and_live_ones_stay(db: None) -> None:
    cache.set("tries-of-yesterday", 1, timeout=60)
    cache.set("tries-of-the-week", 1, timeout=7 * 24 * 3600)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert purge()["cache_entries"] == 1
        assert cache.get("tries-of-the-week") == 1


def test_nobody_flushes_counts_by_making_many() -> None:
    """Django drops rows of a cache that has more than so many, whether or not they are still needed."""
    assert caches["default"]._max_entries >= 1_000_000


def test_in_words() -> None:
    printed = io.StringIO()
    call_command("purge", stdout=printed)
    assert printed.getvalue().startswith("Deleted: 0 sessions, 0 entries of lists of sessions, 0 grants, ")
    assert "0 old sign-ins, 0 audit events, " in printed.getvalue()
    assert printed.getvalue().endswith("Filled in: 0 addresses of members.\n")
