"""Delivery: which message is next, one try, and what its outcome means. Nothing here holds a transaction open."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPResponseException
from typing import Final

from django.db import DatabaseError
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from outbox import mails
from outbox.errors import NotNeededError
from outbox.models import Kind, Message, State
from outbox.selectors import due_messages

# After each try, how long until the next; after the last one the message could not be delivered. 15 hours in all.
PAUSES: Final = (
    *(timedelta(seconds=seconds) for seconds in (10, 30)),
    *(timedelta(minutes=minutes) for minutes in (2, 10, 30)),
    *(timedelta(hours=hours) for hours in (1, 2, 4, 8)),
)
# Longer than a try can take: a dozen steps of SMTP, each ended by EMAIL_TIMEOUT. If its worker is killed, a message is
# tried again so long after.
LEASE: Final = timedelta(minutes=3)
# The order is planned for so many messages and seconds; a message that comes in between waits no longer than that.
_PLANNED: Final = 50
_PLAN_LIFE: Final = 5.0
_PERMANENT: Final = range(500, 600)  # replies that a repetition does not change (RFC 5321, 4.2.1)

SENDERS: Final[dict[str, Callable[[Message], None]]] = {Kind.MAIL: mails.send}

logger = logging.getLogger(__name__)


def deliver_due(*, seconds: float = _PLAN_LIFE) -> int:
    """Try messages that are due until none is left or the time is over; return how many were tried.

    Any number of workers may do so at once: each message is tried by the one that claims it.
    """
    tried, end = 0, time.monotonic() + seconds
    while time.monotonic() < end and (planned := _next_in_turn()):
        for key in planned:
            tried += _try(key)
            if time.monotonic() >= end:
                break
    return tried


def _next_in_turn() -> list[int]:
    """Return the keys of due messages in fair order: first one of each organization, then the second of each, and on.

    Within one organization what expires first goes first, so that a code does not wait for a thousand invitations.
    """
    place = Window(
        RowNumber(),
        partition_by=F("organization_number"),
        order_by=[F("expires_at").asc(nulls_last=True), F("next_try_at").asc(), F("pk").asc()],
    )
    in_turn = due_messages().annotate(place=place).order_by("place", "next_try_at", "pk")
    return list(in_turn.values_list("pk", flat=True)[:_PLANNED])


def _try(key: int) -> bool:
    """Try to send one message; return False if another worker has taken it. Only database errors are raised."""
    message = _claim(key)
    if message is None:
        return False
    if message.state_now == State.EXPIRED:
        _end(message, State.EXPIRED)
        return True
    try:
        SENDERS[message.kind](message)
    except NotNeededError as reason:
        _end(message, State.DROPPED, str(reason))
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001  one message that cannot be made or sent must stop no other
        _failed(message, error)
    else:
        _end(message, State.SENT)
    return True


def _claim(key: int) -> Message | None:
    """Take a message for one try; None if it is not due any more. If this process dies, the lease runs out."""
    lease = timezone.now() + LEASE
    if not due_messages().filter(pk=key).update(tries=F("tries") + 1, next_try_at=lease):
        return None
    return Message.objects.filter(pk=key, state=State.WAITING).first()


def _failed(message: Message, error: Exception) -> None:
    """Note what the other side answered; the message waits for its next try, or could not be delivered."""
    answer, is_refused = _answer_of(error), _is_refusal(error)
    if not isinstance(error, OSError):
        logger.error("The message %s could not be made", message.public_id, exc_info=error)
    if is_refused or message.tries > len(PAUSES):
        logger.warning("The message %s (%s) could not be delivered: %s", message.public_id, message.name, answer)
        _end(message, State.FAILED, answer, is_refused=is_refused)
        return
    next_try = timezone.now() + PAUSES[message.tries - 1]
    if message.expires_at is not None:
        next_try = min(next_try, message.expires_at)
    _still_ours(message).update(next_try_at=next_try, answer=answer)


def _end(message: Message, state: State, answer: str | None = None, *, is_refused: bool = False) -> None:
    """Write the final state. Only a failed message keeps its parameters: an operator may send it again."""
    parameters = message.parameters if state == State.FAILED else ""
    answer = message.answer if answer is None else answer[:500]
    _still_ours(message).update(
        state=state, ended_at=timezone.now(), answer=answer, is_refused=is_refused, parameters=parameters
    )


def _still_ours(message: Message) -> QuerySet[Message]:
    """Return the row while it is what this worker claimed: a newer message may have replaced it in the meantime."""
    return Message.objects.filter(pk=message.pk, state=State.WAITING, tries=message.tries)


def _is_refusal(error: Exception) -> bool:
    """Return whether the mail server said for good that it does not take this recipient or this text."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code in _PERMANENT for code, _ in error.recipients.values())
    return isinstance(error, SMTPDataError) and error.smtp_code in _PERMANENT


def _answer_of(error: Exception) -> str:
    """Return what the other side said, in at most 500 characters."""
    said = "; ".join(_replies(error))
    return (said or f"{type(error).__name__}: {error}")[:500]


def _replies(error: Exception) -> Iterator[str]:
    replies: list[tuple[int, bytes | str]] = []
    if isinstance(error, SMTPRecipientsRefused):
        replies = list(error.recipients.values())
    elif isinstance(error, SMTPResponseException):
        replies = [(error.smtp_code, error.smtp_error)]
    for code, text in replies:
        yield f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
