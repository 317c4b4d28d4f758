"""Who did something, and from where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """One person or process, as it is written into the log.

    `user_id` is None for a process and for visitors nobody knows; `address` is an IP address as text ("" if none).
    """

    user_id: int | None = None
    email: str = ""
    address: str = ""
    user_agent: str = ""


COMMAND_LINE = Actor(email="command line")
