"""Thirty metadata files an hour for one organization."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from audit.events import EventName
from audit.models import Event
from orgs.models import Organization, User
from sso.errors import TooManyUploadsError
from sso.models import Configuration
from sso.services import upload_limits
from sso.services.upload_limits import MOST_UPLOADS
from tests.conftest import MakeMember, MakeOrganization, SignedIn
from tests.sso.views.choices import typed
from tests.sso.views.files import certificate, descriptor, uploaded
from tests.sso.views.pages import page, words

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def count(organization: Organization, times: int, admin: User) -> None:
    from audit.actors import Actor

    for _ in range(times):
        upload_limits.count_upload(
            organization=organization, name="contoso.xml", actor=Actor(user_id=admin.pk, email=admin.email)
        )


def uploads() -> int:
    return Event.objects.filter(name=EventName.METADATA_UPLOADED).count()


@pytest.mark.parametrize("field", ["metadata_file", "metadata_text"])
def test_the_last_one_is_read_and_the_next_one_is_not(
    browser: Client, path: str, organization: Organization, admin: User, field: str
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        count(organization, MOST_UPLOADS - 1, admin)
        clock.shift(timedelta(minutes=20))
        text = descriptor(certificates=(certificate(),))
        sent = uploaded(text) if field == "metadata_file" else text
        assert browser.post(path, typed(**{field: sent})).status_code == 303
        assert Configuration.objects.count() == 1
        cache.clear()
        refused = browser.post(path, typed(**{field: uploaded(text) if field == "metadata_file" else text}))
    assert refused.status_code == 429
    assert refused["Retry-After"] == str(40 * 60 + 1)
    shown = words(page(refused))
    assert "30 metadata files have been uploaded" in shown
    assert "Try again in 41 minutes." in shown
    assert Configuration.objects.count() == 1
    assert uploads() == MOST_UPLOADS


def test_an_hour_later_there_is_room(organization: Organization, admin: User) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        count(organization, MOST_UPLOADS, admin)
        with pytest.raises(TooManyUploadsError):
            count(organization, 1, admin)
        clock.shift(timedelta(hours=1))
        count(organization, MOST_UPLOADS, admin)
    assert uploads() == 2 * MOST_UPLOADS


def test_what_can_not_be_used_counts(browser: Client, path: str) -> None:
    assert browser.post(path, typed(metadata_file=uploaded("<html></html>"))).status_code == 422
    assert Event.objects.get(name=EventName.METADATA_UPLOADED).after == {"file": "contoso.xml"}


BROKEN = b"<html></html>"
# Two providers, the second of which is cut off: only reading the whole list shows it.
CUT_OFF = b"<EntitiesDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata'>" + b" " * 1_000_001


@pytest.mark.parametrize(
    ("typed_in", "file"),
    [
        ({"metadata_file": uploaded(BROKEN.decode())}, "contoso.xml"),
        ({"metadata_text": BROKEN.decode()}, "The text you pasted"),
        ({"metadata_file": uploaded(CUT_OFF.decode())}, "contoso.xml"),
        ({"metadata_file": uploaded(descriptor()), "metadata_text": descriptor()}, "contoso.xml"),
    ],
    ids=["file", "text", "long file", "both"],
)
def test_the_audit_log_says_that_and_why_a_file_was_refused(
    browser: Client, path: str, typed_in: dict[str, object], file: str
) -> None:
    answer = browser.post(path, typed(**typed_in))
    assert answer.status_code == 422
    refused = Event.objects.get(name=EventName.METADATA_REFUSED)
    assert (refused.outcome, refused.after["file"]) == ("refused", file)
    assert refused.after["reason"] in words(page(answer))
    log = words(page(browser.get(path.replace("/access", "/audit"))))
    assert "Metadata file refused" in log
    assert "Outcome Refused" in log
    assert f"Detail: reason {refused.after['reason']}" in log
    assert not Configuration.objects.exists()


def test_a_file_that_is_used_or_waits_is_not_noted_as_refused(browser: Client, path: str) -> None:
    text = descriptor(certificates=(certificate(),))
    assert browser.post(path, typed(metadata_text=text)).status_code == 303
    assert browser.post(path, typed(metadata_text=text, require_sso="on")).status_code == 422
    assert not Event.objects.filter(name=EventName.METADATA_REFUSED).exists()


def test_saving_without_a_file_does_not_count(browser: Client, path: str, connected: Organization, admin: User) -> None:
    count(connected, MOST_UPLOADS, admin)
    assert browser.post(path, typed(just_in_time_role="10")).status_code == 303
    assert browser.post(path, typed(metadata_text=" \n")).status_code == 303
    assert uploads() == MOST_UPLOADS


def test_admins_of_one_organization_share_the_limit_and_others_have_their_own(
    browser: Client,
    path: str,
    organization: Organization,
    admin: User,
    make_organization: MakeOrganization,
    client_of: SignedIn,
) -> None:
    count(organization, MOST_UPLOADS, admin)
    assert browser.post(path, typed(metadata_file=uploaded(descriptor()))).status_code == 429
    other = make_organization("Fabrikam", admin=admin)
    answer = browser.post(f"/o/{other.slug}/settings/access", typed(metadata_file=uploaded(descriptor())))
    assert answer.status_code == 303


def test_members_who_may_not_upload_do_not_use_it_up(
    path: str, organization: Organization, member: MakeMember, client_of: SignedIn
) -> None:
    browser = client_of(member(organization).user)
    assert browser.post(path, typed(metadata_file=uploaded(descriptor()))).status_code == 403
    assert uploads() == 0
