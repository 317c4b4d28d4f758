"""The parts that a provider's guide is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """Instructions to connect one product, and what to do there about a refused sign-in.

    `name` is what its users call it; "" for a product that is not known. `send_address` says how to send the e-mail
    address as the name ID, `no_answer` what the product shows instead of sending a response. `remedies` has what to do
    at this product about a reason (`Reason.value`); where it says nothing, the general advice holds. A cloud service
    keeps its own clock right.
    """

    slug: str
    name: str
    steps: tuple[Step, ...]
    good_to_know: tuple[str, ...] = ()
    send_address: str = "Let the identity provider send the e-mail address as the name ID."
    no_answer: str = ""
    remedies: Mapping[str, str] = field(default_factory=dict)
    is_cloud_service: bool = True

    def field_for(self, value: Ours) -> str:
        """Return the name that the product has for one of our values; "" if an admin does not type it in there."""
        return next((each.field for step in self.steps for each in step.entries if each.value is value), "")


def upload_and_save(choice: str) -> tuple[Step, Step]:
    """Return the last two steps, which every guide has: upload the file here, and save."""
    return (
        Step(
            "Here: Settings, Organization settings, Access & SSO Settings, Single Sign-On Settings. "
            f"Choose {choice} as Identity Provider and upload the file."
        ),
        Step("Save. Single sign-on is on."),
    )
