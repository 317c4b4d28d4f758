"""`manage.py purge`."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.cache import cache, caches
from django.core.management import call_command
from django.utils import timezone

from audit.actors import COMMAND_LINE
from audit.models import Event
from orgs.models import GrantKind, Organization, RecoveryCode, SessionGrant
from orgs.services import invitations, password_attempts, recovery
from outbox.models import Message
from sso.models import OfferedProvider, SignIn, Upload
from sso.services import kept_uploads
from sso.services.sign_in.start import start_sign_in
from tests.conftest import deliver_outbox, open_session
from tests.sso.conftest import Connect

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
        "grants",
        "recovery_codes",
        "password_attempts",
        "abandoned_sign_ins",
        "sign_outs",
        "uploads",
        "cache_entries",
        "messages",
    )
    others = {"relinkings": 0}
    assert purge() == dict.fromkeys(kinds, 0) | others
    with time_machine.travel(timezone.now() + timedelta(days=120)):
        assert purge() == dict.fromkeys(kinds, 1) | {"sign_outs": 0, "cache_entries": 0} | others
    for model in (SessionGrant, RecoveryCode, SignIn, Session, Upload, OfferedProvider, Message):
        assert not model.objects.exists()


def test_the_logs_stay(organization: Organization, connect: Connect) -> None:
    journey = connect(organization)
    journey.sign_in("ada")
    invitations.invite(
        organization=organization,
        addresses=["guest@fabrikam.example"],
        role=10,
        by=organization.memberships.get(role=40),
        actor=COMMAND_LINE,
    )
    events = Event.objects.count()
    with time_machine.travel(timezone.now() + timedelta(days=1000)):
        assert purge()["abandoned_sign_ins"] == 0
    assert journey.last().state == "succeeded"
    assert Event.objects.count() == events
    assert organization.invitations.count() == 1


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
    kinds = (
        "0 grants, 0 recovery codes, 0 wrong passwords, 0 unfinished sign-ins, 0 sign-outs, 0 uploads, 0 re-linkings, "
        "0 cache entries, 0 messages"
    )
    assert printed.getvalue() == f"Deleted: {kinds}.\n"
