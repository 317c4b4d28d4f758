"""Delivery: real rows, a real mail server, and every way in which it may answer."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from audit.actors import COMMAND_LINE
from audit.models import Event
from outbox.delivery import LEASE, PAUSES, deliver_due
from outbox.models import Message, State
from outbox.progress import progress_of
from outbox.selectors import due_messages, has_due, queue_age
from outbox.services import drop_waiting, purge_messages, send_again
from tests.outbox.conftest import UseServer, post
from tests.outbox.mail_server import MailServer, Mood, closed_port

pytestmark = pytest.mark.django_db


def now(message: Message) -> Message:
    """The message as it is in the database."""
    return Message.objects.get(pk=message.pk)


def said(message: Message) -> str:
    """What pages say about it."""
    progress = progress_of(now(message))
    assert progress
    return f"{progress.text}. {progress.detail}" if progress.detail else progress.text


def test_a_mail_arrives_and_its_text_is_forgotten(server: MailServer) -> None:
    message = post("grace@contoso.example")
    assert "Hello" not in message.parameters
    assert said(message) == "Being sent"
    assert deliver_due() == 1
    ((recipient, text),) = server.mails
    assert recipient == "grace@contoso.example"
    assert "Subject: Hello" in text
    assert f"Message-ID: <{message.public_id}@amplisso.example>" in text
    sent = now(message)
    assert (sent.state, sent.tries, sent.parameters) == (State.SENT, 1, "")
    assert sent.ended_at
    assert said(message) == "Sent"
    assert deliver_due() == 0


def test_a_refused_recipient_is_not_tried_again(server: MailServer) -> None:
    server.mood = Mood.REFUSES
    message = post()
    deliver_due()
    assert said(message) == "Could not be delivered. The mail server says: “550 5.1.1 no such mailbox”."
    assert progress_of(now(message)).needs_action
    assert not has_due()


def test_a_busy_server_is_asked_again_with_growing_pauses(server: MailServer) -> None:
    server.mood = Mood.BUSY
    message = post()
    moment = timezone.now()
    for pause in PAUSES:
        with time_machine.travel(moment, tick=False):
            assert deliver_due() == 1
            assert deliver_due() == 0
            assert now(message).next_try_at - moment == pause
        assert said(message) == "Could not be delivered yet. Our mail server did not accept it. We keep trying."
        moment += pause
    with time_machine.travel(moment):
        deliver_due()
        assert now(message).state == State.FAILED
        assert now(message).answer == "451 4.7.1 greylisted, try again later"
        assert said(message) == "Could not be delivered. Our mail server did not accept it."
    assert list(PAUSES) == sorted(PAUSES)


def test_a_server_that_is_not_there_is_no_error_of_the_worker(use_server: UseServer) -> None:
    use_server(f"smtp://127.0.0.1:{closed_port()}")
    message = post()
    assert deliver_due() == 1
    assert now(message).state == State.WAITING
    assert "refused" in now(message).answer.lower()


def test_one_message_that_cannot_be_made_stops_no_other(server: MailServer, caplog: pytest.LogCaptureFixture) -> None:
    broken = post("broken@contoso.example")
    Message.objects.filter(pk=broken.pk).update(parameters="what no key decrypts")
    post("grace@contoso.example")
    with caplog.at_level(logging.ERROR):
        assert deliver_due() == 2
    assert server.recipients() == ["grace@contoso.example"]
    assert "cannot be decrypted" in now(broken).answer
    assert str(broken.public_id) in caplog.text


def test_what_has_expired_is_not_sent_and_says_so_without_a_worker(server: MailServer) -> None:
    message = post(expires_at=timezone.now() + timedelta(minutes=10))
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert (
            said(message) == "Could not be delivered. It expired before our mail server accepted it."
        )  # with no worker at all
        deliver_due()
    assert not server.mails
    assert now(message).state == State.EXPIRED
    assert now(message).parameters == ""


def test_the_next_try_is_never_after_the_end(server: MailServer) -> None:
    server.mood = Mood.BUSY
    end = timezone.now() + timedelta(seconds=4)
    message = post(expires_at=end)
    deliver_due()
    assert now(message).next_try_at == end


def test_a_backlog_of_one_organization_delays_no_other(server: MailServer) -> None:
    for number in range(30):
        post(f"many{number}@contoso.example", organization=10001)
    post("one@fabrikam.example", organization=10002)
    post("reset@initech.example")
    post("two@fabrikam.example", organization=10002)
    deliver_due()
    first = server.recipients()[:5]
    assert set(first[:3]) == {"many0@contoso.example", "one@fabrikam.example", "reset@initech.example"}
    assert set(first[3:]) == {"many1@contoso.example", "two@fabrikam.example"}
    assert len(server.mails) == 33


def test_a_code_does_not_wait_for_a_thousand_invitations(server: MailServer) -> None:
    soon = timezone.now() + timedelta(minutes=10)
    for number in range(10):
        post(f"many{number}@contoso.example", organization=10001, expires_at=soon + timedelta(days=14))
    post("code@contoso.example", organization=10001, expires_at=soon)
    deliver_due()
    assert server.recipients()[0] == "code@contoso.example"


def test_a_run_ends_in_time_for_other_tasks(server: MailServer) -> None:
    server.delay = 0.2
    for _ in range(20):
        post()
    started = time.monotonic()
    deliver_due(seconds=0.5)
    assert time.monotonic() - started < 5
    assert 0 < len(server.mails) < 20
    assert has_due()


def test_a_newer_message_about_the_same_thing_replaces_one_that_waits(server: MailServer) -> None:
    older = post("older@contoso.example", about="invitation:1", replaces=True)
    other = post("other@contoso.example", about="invitation:2", replaces=True)
    newer = post("newer@contoso.example", about="invitation:1", replaces=True)
    deliver_due()
    assert [now(each).state for each in (older, other, newer)] == [State.DROPPED, State.SENT, State.SENT]
    assert set(server.recipients()) == {"other@contoso.example", "newer@contoso.example"}


def test_what_is_dropped_while_it_is_sent_stays_dropped(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    message = post(about="invitation:1")
    Message.objects.filter(pk=message.pk).update(next_try_at=timezone.now() + LEASE, tries=1)  # a worker has it
    drop_waiting(about="invitation:1", why="Revoked")
    assert now(message).state == State.DROPPED
    assert deliver_due() == 0


def test_an_abandoned_message_is_tried_again_after_the_lease(server: MailServer) -> None:
    message = post()
    Message.objects.filter(pk=message.pk).update(next_try_at=timezone.now() + LEASE, tries=1)
    assert deliver_due() == 0
    with time_machine.travel(timezone.now() + LEASE + timedelta(seconds=1)):
        assert deliver_due() == 1
    assert len(server.mails) == 1


def test_an_operator_sends_a_failed_message_again(server: MailServer) -> None:
    server.mood = Mood.REFUSES
    message, sent = post(organization=10001), post("sent@contoso.example")
    deliver_due()
    Message.objects.filter(pk=sent.pk).update(state=State.SENT)
    server.mood = Mood.WELL
    assert send_again(messages=[message.pk, sent.pk], actor=COMMAND_LINE) == 1
    deliver_due()
    assert server.recipients() == ["ada@contoso.example"]
    event = Event.objects.get(name="message:sent_again")
    assert (event.target, event.organization_number) == ("ada@contoso.example", 10001)


def test_rows_are_forgotten_after_thirty_days(server: MailServer) -> None:
    post()
    deliver_due()
    waiting = post()
    assert purge_messages() == 0
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert purge_messages() == 1
    assert Message.objects.get() == waiting


def test_the_age_of_the_queue_is_how_long_the_oldest_has_been_due() -> None:
    assert queue_age() == timedelta(0)
    post()
    with time_machine.travel(timezone.now() + timedelta(minutes=7)):
        assert queue_age() > timedelta(minutes=6)


def test_looking_for_work_reads_an_index() -> None:
    moment = timezone.now()
    Message.objects.bulk_create(
        Message(kind="mail", name="x", recipient="x", state=State.SENT, next_try_at=moment, ended_at=moment)
        for _ in range(2000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE outbox_message" if connection.vendor == "postgresql" else "ANALYZE")
    assert "message_by_next_try" in due_messages().explain()
