"""What pages say about the mails that they said were sent: true for this very mail."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orgs.models import Invitation, Organization, User
from outbox.delivery import PAUSES, deliver_due
from outbox.encryption import decrypt
from outbox.models import Message, State
from tests.conftest import Mailbox, MakeMember, MakeUser, SignedIn
from tests.outbox.conftest import UseServer, post
from tests.outbox.mail_server import MailServer, Mood, closed_port, mail_server

pytestmark = pytest.mark.django_db

PENDING = "/o/contoso/settings/members?view=pending"
THREE = "ada@fabrikam.example\ngrace@fabrikam.example\nlin@fabrikam.example"


def words(browser: Client, path: str) -> str:
    """The text of a page on one line."""
    return " ".join(browser.get(path).content.decode().split())


@pytest.fixture
def browser(organization: Organization, admin: User, client_of: SignedIn) -> Client:
    """The browser of Contoso's admin."""
    return client_of(admin)


def invite(browser: Client, addresses: str = "ada@fabrikam.example") -> None:
    """Invite on the page, as an admin does."""
    answer = browser.post("/o/contoso/settings/members/invite", {"addresses": addresses, "role": "20"})
    assert answer.status_code == 303


def test_a_silent_mail_server_holds_no_page(browser: Client, use_server: UseServer) -> None:
    with mail_server(Mood.SILENT) as server:
        use_server(server.url)
        started = time.monotonic()
        invite(browser, THREE)
        assert time.monotonic() - started < 5
        assert words(browser, PENDING).count("Being sent") == 3
    assert Message.objects.filter(state=State.WAITING, tries=0).count() == 3


def test_an_invitation_is_being_sent_and_then_sent(browser: Client, server: MailServer) -> None:
    invite(browser)
    assert "Being sent" in words(browser, PENDING)
    deliver_due()
    page = words(browser, PENDING)
    assert "Sent</span>" in page
    assert "Being sent" not in page


def test_an_address_that_the_mail_server_refuses(browser: Client, server: MailServer) -> None:
    server.mood = Mood.REFUSES
    invite(browser)
    deliver_due()
    page = words(browser, PENDING)
    assert "Could not be delivered</span>" in page
    assert "The mail server says: “550 5.1.1 no such mailbox”. If the address is wrong" in page
    server.mood = Mood.WELL
    public_id = Invitation.objects.get().public_id
    browser.post(f"/o/contoso/settings/invitations/{public_id}", {"action": "resend"})
    assert "Being sent" in words(browser, PENDING)
    deliver_due()
    assert "Sent</span>" in words(browser, PENDING)
    assert len(server.mails) == 1


def test_a_mail_server_that_is_gone(browser: Client, use_server: UseServer) -> None:
    use_server(f"smtp://127.0.0.1:{closed_port()}")
    invite(browser)
    deliver_due()
    page = words(browser, PENDING)
    assert "Could not be delivered yet</span>" in page
    assert "Our mail server did not accept it. We keep trying." in page
    Message.objects.update(tries=len(PAUSES), next_try_at=timezone.now())
    deliver_due()
    page = words(browser, PENDING)
    assert "Could not be delivered</span>" in page
    assert "Our mail server did not accept it. If the address is wrong" in page
    assert "127.0.0.1" not in page


def test_a_viewer_is_not_told_to_send_again(
    browser: Client, organization: Organization, member: MakeMember, client_of: SignedIn, server: MailServer
) -> None:
    server.mood = Mood.REFUSES
    invite(browser)
    deliver_due()
    page = words(client_of(member(organization).user), PENDING)
    assert "Could not be delivered" in page
    assert "otherwise send it again" not in page


def test_a_page_of_invitations_asks_once_for_all_its_mails(browser: Client, server: MailServer) -> None:
    invite(browser)
    browser.get(PENDING)
    with CaptureQueriesContext(connection) as few:
        browser.get(PENDING)
    invite(browser, THREE)
    browser.get(PENDING)
    with CaptureQueriesContext(connection) as many:
        browser.get(PENDING)
    assert len(few) == len(many)


def test_a_recovery_code(browser: Client, server: MailServer) -> None:
    page = "/o/contoso/recovery"
    assert "The e-mail with the code" not in words(browser, page)
    browser.post(page, {"action": "mail"})
    assert 'The e-mail with the code: <span class="state state-waiting">Being sent' in words(browser, f"{page}?sent=1")
    server.mood = Mood.REFUSES
    deliver_due()
    assert "The mail server says: “550 5.1.1 no such mailbox”. Request a new code." in words(browser, f"{page}?sent=1")


def test_a_code_that_could_not_be_sent_in_ten_minutes_is_not_sent_later(browser: Client, mailoutbox: Mailbox) -> None:
    browser.post("/o/contoso/recovery", {"action": "mail"})
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1)):
        assert "It expired before our mail server accepted it." in words(browser, "/o/contoso/recovery?sent=1")
        assert not mailoutbox


def test_a_revoked_invitation_is_not_sent(browser: Client, mailoutbox: Mailbox) -> None:
    invite(browser)
    public_id = Invitation.objects.get().public_id
    browser.post(f"/o/contoso/settings/invitations/{public_id}", {"action": "revoke"})
    assert not mailoutbox
    assert Message.objects.get().state == State.DROPPED


def test_an_invitation_that_is_sent_twice_has_one_link(browser: Client, mailoutbox: Mailbox) -> None:
    """The mail server took it, and its answer was lost: both mails must be of use."""
    invite(browser)
    parameters = Message.objects.get().parameters
    assert len(mailoutbox) == 1
    Message.objects.update(state=State.WAITING, ended_at=None, parameters=parameters, next_try_at=timezone.now())
    assert len(mailoutbox) == 2
    assert mailoutbox[0].body == mailoutbox[1].body


def test_no_secret_lies_in_the_outbox(browser: Client, organization: Organization) -> None:
    invite(browser)
    browser.post("/o/contoso/recovery", {"action": "mail"})
    found = {message.name: set(decrypt(message.parameters)) for message in Message.objects.all()}
    assert found == {"invitation": {"invitation"}, "recovery_code": {"membership"}}


def test_operators_see_what_waits_and_why(
    make_user: MakeUser, client_of: SignedIn, server: MailServer, organization: Organization
) -> None:
    operator = client_of(make_user("operator@amplisso.example", is_staff=True, is_superuser=True))
    server.mood = Mood.REFUSES
    post(organization=organization.number)
    deliver_due()
    post("waiting@contoso.example")
    address = "/admin/outbox/message/"
    page = words(operator, address)
    assert "No worker is running" in page
    assert "Waiting: 1." in page
    assert "550 5.1.1 no such mailbox" in page
    failed = Message.objects.get(state=State.FAILED)
    form = {"action": "send_messages_again", "_selected_action": [failed.pk]}
    assert "1 will be sent again." in operator.post(address, form, follow=True).content.decode()
    failed.refresh_from_db()
    assert failed.state == State.WAITING
