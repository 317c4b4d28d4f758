"""What one account may send and make, in however many organizations."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from audit.actors import COMMAND_LINE, Actor
from audit.models import Event
from orgs.errors import NotAllowedError
from orgs.models import Organization, Role, User
from orgs.services import invitations
from orgs.services.organizations import MOST_NEW_IN_A_DAY, create_organization
from tests.conftest import MakeUser, SignedIn, new_browser

SENT = "invitation:sent"


def make(browser: Client, name: str) -> str:
    """Make an organization on its page, and return the response's text."""
    return browser.post("/organizations/new", {"name": name}, follow=True).content.decode()


def invite_from(browser: Client, slug: str, *addresses: str) -> str:
    form = {"addresses": "\n".join(addresses), "role": Role.VIEWER.value}
    return browser.post(f"/o/{slug}/settings/members/invite", form, follow=True).content.decode()


def some(letter: str, number: int) -> list[str]:
    return [f"{letter}{each}@elsewhere.example" for each in range(number)]


def test_an_account_cannot_send_more_by_making_organizations(make_user: MakeUser, client_of: SignedIn) -> None:
    user = make_user()
    browser = client_of(user)
    for number in range(MOST_NEW_IN_A_DAY):
        make(browser, f"Words of my own {number}")
    for number in range(MOST_NEW_IN_A_DAY):
        invite_from(browser, f"words-of-my-own-{number}", *some("abcde"[number], 20))
    assert Event.objects.filter(name=SENT).count() == 20
    page = invite_from(browser, "words-of-my-own-4", "f@elsewhere.example")
    assert "In all your organizations together, you can send up to 20 invitations in one hour" in page
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        invite_from(client_of(user), "words-of-my-own-4", "f@elsewhere.example")
    assert Event.objects.filter(name=SENT).count() == 21


def test_resending_counts_for_the_account_too(make_user: MakeUser, client_of: SignedIn) -> None:
    browser = client_of(make_user())
    make(browser, "First")
    make(browser, "Second")
    invite_from(browser, "first", *some("a", 20))
    invite_from(browser, "second", "b@elsewhere.example")
    first = Organization.objects.get(slug="first").invitations.first()
    page = browser.post(f"/o/first/settings/invitations/{first.public_id}", {"action": "resend"}, follow=True)
    assert "You can send no more for now" in page.content.decode()
    assert Event.objects.filter(name__startswith="invitation:").count() == 20


def test_new_organizations_by_account_and_day(make_user: MakeUser, client_of: SignedIn) -> None:
    user = make_user()
    browser = client_of(user)
    for number in range(MOST_NEW_IN_A_DAY):
        make(browser, f"Company {number}")
    refused = browser.post("/organizations/new", {"name": "One more"})
    assert refused.status_code == 422
    assert "5 organizations in the last 24 hours" in refused.content.decode()
    assert Organization.objects.count() == MOST_NEW_IN_A_DAY
    make(client_of(make_user()), "Of another account")
    create_organization(name="By an operator", admin=user, actor=COMMAND_LINE)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        make(client_of(user), "A day later")
    assert Organization.objects.filter(name__in=["Of another account", "By an operator", "A day later"]).count() == 3


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time anyway")
def test_requests_at_once_count_each_other(make_user: MakeUser) -> None:
    user = make_user()
    with ThreadPoolExecutor(6) as pool:
        made = [each.result(timeout=60) for each in [pool.submit(_make_in_a_thread, user) for _ in range(12)]]
    assert sum(made) == MOST_NEW_IN_A_DAY


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time anyway")
def test_invitations_at_once_count_each_other(make_user: MakeUser) -> None:
    user = make_user()
    actor = Actor(user_id=user.pk, email=user.email)
    organizations = [create_organization(name=f"Company {n}", admin=user, actor=COMMAND_LINE) for n in range(4)]

    def send(organization: Organization) -> None:
        by = organization.memberships.get()
        addresses = some(organization.slug, 10)
        try:
            invitations.invite(organization=organization, addresses=addresses, role=Role.VIEWER, by=by, actor=actor)
        except NotAllowedError:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(send, organization) for organization in organizations]:
            each.result(timeout=60)
    assert Event.objects.filter(name=SENT).count() == 20


def _make_in_a_thread(user: User) -> bool:
    try:
        create_organization(name="Company", admin=user, actor=Actor(user_id=user.pk, email=user.email))
    except NotAllowedError:
        return False
    finally:
        connection.close()
    return True


@pytest.mark.parametrize("address", ["ada@contoso.example", "nobody@contoso.example"])
def test_sign_ups_fill_no_mailbox(make_user: MakeUser, mailoutbox: list[EmailMessage], address: str) -> None:
    make_user("ada@contoso.example")
    form = {"email": address, "password1": "several words", "password2": "several words", "organization_name": "X"}
    with override_settings(ACCOUNT_RATE_LIMITS={"sign_up_mail": "2/h/key"}):
        cache.clear()
        answers = [new_browser().post("/account/signup/", form) for _ in range(4)]
    assert [each.status_code for each in answers] == [303, 303, 429, 429]
    assert answers[-1]["Retry-After"] == "3600"
    assert "Wait up to an hour" in answers[-1].content.decode()
    assert 1 <= len(mailoutbox) <= 2, "fewer still where allauth waits between confirmations"
