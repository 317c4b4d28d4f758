"""Differences between identity providers: how to connect each of them, and what their errors mean."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from sso.providers import auth0, aws, azure, google, okta, onelogin, other
from sso.providers.azure_errors import Explanation, explain, is_cancelled
from sso.providers.guide import Entry, Guide, Ours, Step
from sso.reasons import Reason

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
    "is_cancelled",
    "remedy_for",
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
    """Return the guide of a provider by its slug; the general one for an unknown slug."""
    return GUIDES.get(provider, other.GUIDE)


def remedy_for(guide: Guide, reason: str) -> str:
    """Return what to do at one product about a refused sign-in; "" if only the general advice is known."""
    said = guide.remedies.get(reason)
    if said is not None or not guide.name:
        return said or ""
    entity_id, acs_url = guide.field_for(Ours.ENTITY_ID), guide.field_for(Ours.ACS_URL)
    if reason == Reason.WRONG_AUDIENCE and entity_id:
        return f"Copy the Entity ID of the settings page, character by character, into {entity_id} at {guide.name}."
    if reason == Reason.WRONG_ADDRESS and acs_url:
        return f"Copy the Assertion Consumer Service URL of the settings page into {acs_url} at {guide.name}."
    if reason in (Reason.NO_ADDRESS, Reason.AMBIGUOUS_ADDRESS):
        return guide.send_address
    return ""


def filled(guide: Guide, values: Mapping[Ours, str]) -> list[FilledStep]:
    """Return a guide's steps with our values for one organization."""
    numbers = itertools.count(1)

    def fill(entry: Entry) -> FilledEntry:
        value = values[entry.value] if isinstance(entry.value, Ours) else entry.value
        return FilledEntry(f"{guide.slug}-{next(numbers)}", entry.field, value, entry.note)

    return [FilledStep(step.text, tuple(map(fill, step.entries))) for step in guide.steps]
