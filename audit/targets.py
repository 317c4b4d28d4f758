"""The target of an event: what it is about, and in whose log it stands."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Target:
    """What an event is about, as it is written into the log. The models of other apps say what stands for them.

    `kind` is a word such as "member"; `id` is what identifies it among its kind ("" if nothing does), `label` what
    readers know it by. `organization` is the number of the organization whose admins see the event; None is no
    organization, so that only operators see it.
    """

    kind: str
    id: str | int | uuid.UUID = ""
    label: str = ""
    organization: int | None = None

    def within(self, organization: int | None) -> Self:
        """Return this target for the log of an organization, by its number."""
        return replace(self, organization=organization)
