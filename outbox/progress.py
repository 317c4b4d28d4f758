"""What pages say about a message that they said was sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from outbox.models import Message, State


@dataclass(frozen=True, slots=True)
class Progress:
    """A state in words and shape, as templates/parts/state.html shows it, a sentence about it, and what may help."""

    kind: str
    text: str
    detail: str = ""
    needs_action: bool = False


_NOT_DELIVERED: Final = "Could not be delivered"
_OUR_SERVER: Final = "Our mail server did not accept it."
_ENDED: Final = {
    State.SENT: Progress("good", "Sent"),
    State.DROPPED: Progress("off", "Not sent", "It is no longer needed."),
    State.EXPIRED: Progress("bad", _NOT_DELIVERED, "It expired before our mail server accepted it.", needs_action=True),
}


def progress_of(message: Message | None) -> Progress | None:
    """Return what to say about a message now; None if there is none, or not any more."""
    return _progress(message) if message else None


def _progress(message: Message) -> Progress:
    state = message.state_now
    if state in _ENDED:
        return _ENDED[state]
    if state == State.FAILED:
        # What our own mail server says of itself helps operators only.
        reason = f"The mail server says: “{message.answer}”." if message.is_refused else _OUR_SERVER
        return Progress("bad", _NOT_DELIVERED, reason, needs_action=True)
    if message.answer:
        return Progress("warning", f"{_NOT_DELIVERED} yet", f"{_OUR_SERVER} We keep trying.")
    return Progress("waiting", "Being sent")
