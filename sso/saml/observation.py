"""What a check saw, in words that fit into a log."""

import re
from typing import NamedTuple

_SHOWN = 200
# What a library has against a message comes to its point behind long names.
COMPLAINT = 1000
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


class Observation(NamedTuple):
    """Whether a rule is satisfied, what it asks for and what was there."""

    passed: bool
    expected: str
    received: str


def satisfied(expected: str, received: str) -> Observation:
    """The rule holds."""
    return Observation(passed=True, expected=expected, received=received)


def refused(expected: str, received: str) -> Observation:
    """The rule is broken."""
    return Observation(passed=False, expected=expected, received=received)


def shown(text: str | None, limit: int = _SHOWN) -> str:
    """Return text for a log: one line, no control or direction characters, at most `limit` characters."""
    if text is None:
        return "absent"
    if len(text) <= limit and text.isprintable():
        return text.strip()
    line = _UNPRINTABLE.sub(" ", text[: 4 * limit]).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def equal(expected: str, received: str | None) -> Observation:
    """Exactly the expected text, no prefix, no other case."""
    return Observation(received == expected, shown(expected), shown(received) or "empty")
