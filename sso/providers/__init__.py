"""What differs between identity providers: how to connect each of them, and what their errors mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sso.providers import auth0, aws, azure, google, okta, onelogin, other
from sso.providers.azure_errors import Explanation, explain
from sso.providers.guide import Entry, Guide, Ours, Step

__all__ = ["GUIDES", "Entry", "Explanation", "FilledStep", "Guide", "Ours", "Step", "explain", "filled", "guide_of"]

# In the order of the drop-down.
GUIDES: dict[str, Guide] = {
    guide.slug: guide
    for guide in (azure.GUIDE, okta.GUIDE, onelogin.GUIDE, google.GUIDE, auth0.GUIDE, aws.GUIDE, other.GUIDE)
}


@dataclass(frozen=True, slots=True)
class FilledStep:
    """A step with the values of one organization in place."""

    text: str
    entries: tuple[tuple[str, str, str], ...]  # name of the field, value, note


def guide_of(provider: str) -> Guide:
    """Return the guide of a provider by its slug; the general one for a slug that nobody knows."""
    return GUIDES.get(provider, other.GUIDE)


def filled(guide: Guide, values: Mapping[Ours, str]) -> list[FilledStep]:
    """Return a guide's steps with our values for one organization."""
    return [
        FilledStep(step.text, tuple((entry.field, _value(entry, values), entry.note) for entry in step.entries))
        for step in guide.steps
    ]


def _value(entry: Entry, values: Mapping[Ours, str]) -> str:
    return values[entry.value] if isinstance(entry.value, Ours) else entry.value
