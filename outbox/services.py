"""Services that write messages. The row is a part of the caller's transaction; nothing is sent here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from audit import retention
from audit.actors import Actor
from audit.events import EventName
from audit.services import record
from database.batches import delete_in_batches
from outbox.encryption import Parameters, encrypt
from outbox.models import Kind, Message, State

_REPLACED = "Replaced by a newer message"


@transaction.atomic
def post_mail(
    *,
    name: str,
    to: str,
    parameters: Parameters,
    organization_number: int | None = None,
    about: str = "",
    replaces: bool = False,
    expires_at: datetime | None = None,
) -> Message:
    """Add a mail for the worker to send.

    `name` says which: either one with a maker (`outbox.mails`), or `parameters` has its `subject` and `body`. They are
    JSON values without codes and links. `replaces` drops mails about the same thing that still wait. After
    `expires_at` it is not sent any more.
    """
    if replaces:
        drop_waiting(about=about)
    now = timezone.now()
    return Message.objects.create(
        kind=Kind.MAIL,
        name=name,
        recipient=to,
        organization_number=organization_number,
        about=about,
        parameters=encrypt(parameters),
        created_at=now,
        next_try_at=now,
        expires_at=expires_at,
    )


def drop_waiting(*, about: str, why: str = _REPLACED) -> None:
    """Drop the messages about one thing that still wait; one that is being sent at this moment may still arrive."""
    waiting = Message.objects.filter(about=about, state=State.WAITING)
    waiting.update(state=State.DROPPED, ended_at=timezone.now(), answer=why, parameters="")


@transaction.atomic
def send_again(*, messages: Collection[int], actor: Actor) -> int:
    """Let messages that could not be delivered be tried again, from the first pause on; return how many."""
    failed = Message.objects.select_for_update().filter(pk__in=messages, state=State.FAILED)
    for message in failed:
        message.state, message.ended_at, message.tries = State.WAITING, None, 0
        message.next_try_at, message.is_refused = timezone.now(), False
        message.save(update_fields=["state", "ended_at", "tries", "next_try_at", "is_refused"])
        record(
            EventName.MESSAGE_SENT_AGAIN,
            actor=actor,
            target=message.audit_target,
            after={"name": message.name},
        )
    return len(failed)


def purge_messages() -> int:
    """Delete messages that ended 30 days ago; return how many."""
    limit = timezone.now() - retention.MESSAGES
    return delete_in_batches(Message.objects.filter(ended_at__lt=limit), by="ended_at")
