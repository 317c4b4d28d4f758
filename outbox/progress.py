"""What pages say about a message that they said was sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from outbox.models import Message, State


@dataclass(frozen=True, slots=True)
class Progress:
    """A state in words and shape, as templates/parts/state.html shows it, and whether sending again may help."""

    kind: str
    text: str
    needs_action: bool = False


_ENDED: Final = {
    State.SENT: Progress("good", "Sent"),
    State.DROPPED: Progress("off", "Not sent: no longer needed"),
    State.EXPIRED: Progress("bad", "Not sent: it expired before our mail server took it", needs_action=True),
}


def progress_of(message: Message | None) -> Progress | None:
    """Return what to say about a message now; None if there is none, or not any more."""
    return _progress(message) if message else None


def _progress(message: Message) -> Progress:
    state = message.state_now
    if state in _ENDED:
        return _ENDED[state]
    if state == State.FAILED:
        return Progress("bad", f"Could not be delivered: {_reason(message)}", needs_action=True)
    if message.answer:
        return Progress("warning", f"Could not be delivered yet: {_reason(message)}. We keep trying")
    return Progress("waiting", "Being sent")


def _reason(message: Message) -> str:
    """Return what helps the organization; what our own mail server says of itself is for operators."""
    return f"the mail server says “{message.answer}”" if message.is_refused else "our mail server does not take it"
