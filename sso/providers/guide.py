"""The parts that a provider's guide is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Ours(Enum):
    """Values of ours that an admin types in at the provider; the page fills them in for the organization."""

    ENTITY_ID = "entity_id"
    ACS_URL = "acs_url"
    SIGN_ON_URL = "sign_on_url"
    METADATA_URL = "metadata_url"


@dataclass(frozen=True, slots=True)
class Entry:
    """One field at the provider, by the name it has there, and what belongs in it."""

    field: str
    value: Ours | str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, in one or two sentences."""

    text: str
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Guide:
    """How to connect one product. `name` is what the people who sign in call it; "" when nobody can know."""

    slug: str
    name: str
    steps: tuple[Step, ...]
    good_to_know: tuple[str, ...] = ()


def upload_and_save(choice: str) -> tuple[Step, Step]:
    """The two last steps, the same for every provider: upload the file here, and save."""
    return (
        Step(
            "Here: Settings, Organization settings, Access & SSO Settings, Single Sign-On Settings. "
            f"Choose {choice} as Identity Provider and upload the file."
        ),
        Step("Save. Single sign-on is on."),
    )
