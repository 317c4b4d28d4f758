"""What differs between identity providers: how to connect each of them, and what their errors mean."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from sso.providers import auth0, aws, azure, google, okta, onelogin, other
from sso.providers.azure_errors import Explanation, explain
from sso.providers.guide import Entry, Guide, Ours, Step

__all__ = [
    "GUIDES",
    "Entry",
    "Explanation",
    "FilledEntry",
    "FilledStep",
    "Guide",
    "Ours",
    "Step",
    "explain",
    "filled",
    "guide_of",
]

# In the order of the drop-down.
GUIDES: dict[str, Guide] = {
    guide.slug: guide
    for guide in (azure.GUIDE, okta.GUIDE, onelogin.GUIDE, google.GUIDE, auth0.GUIDE, aws.GUIDE, other.GUIDE)
}


@dataclass(frozen=True, slots=True)
class FilledEntry:
    """A field at the provider with the value of one organization; `id` is unique on a page with all guides."""

    id: str
    field: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class FilledStep:
    """A step with the values of one organization in place."""

    text: str
    entries: tuple[FilledEntry, ...]


def guide_of(provider: str) -> Guide:
    """Return the guide of a provider by its slug; the general one for a slug that nobody knows."""
    return GUIDES.get(provider, other.GUIDE)


def filled(guide: Guide, values: Mapping[Ours, str]) -> list[FilledStep]:
    """Return a guide's steps with our values for one organization."""
    numbers = itertools.count(1)

    def fill(entry: Entry) -> FilledEntry:
        value = values[entry.value] if isinstance(entry.value, Ours) else entry.value
        return FilledEntry(f"{guide.slug}-{next(numbers)}", entry.field, value, entry.note)

    return [FilledStep(step.text, tuple(map(fill, step.entries))) for step in guide.steps]
