"""Texts about each member for the page about changed identifiers."""

from __future__ import annotations

from typing import NamedTuple

from outbox.models import Message
from outbox.progress import Progress, progress_of
from sso.models import Relinking
from sso.saml import shown
from sso.selectors.relinking import Candidate, Obstacle
from sso.wording.identifiers import SideBySide, shown_difference

_OBSTACLES = {
    Obstacle.FOREIGN_DOMAIN: "The domain of this address is not verified for your organization, so it is not "
    "proven that your identity provider may assert it.",
    Obstacle.OTHER_ADDRESS: "The known identifier was last sent with another address, so this may be another person.",
    Obstacle.SEVERAL_IDENTIFIERS: "Different identifiers were sent with this address, so one of them belongs to "
    "another person.",
    Obstacle.SEVERAL_MEMBERS: "The same identifier was sent with the addresses of several members.",
    Obstacle.STILL_USED: "This member has signed in with the known identifier since, so the other one may belong "
    "to another person.",
    Obstacle.TAKEN: "Another member already has the identifier that was received.",
}


class Row(NamedTuple):
    """A member on the page: both identifiers, and why the member cannot be re-linked ("" if they can)."""

    candidate: Candidate
    identifiers: SideBySide
    why_not: str


def row_of(candidate: Candidate) -> Row:
    """Return what the page says of a member."""
    why_not = _OBSTACLES[candidate.obstacle] if candidate.obstacle else ""
    return Row(candidate, shown_difference(candidate.difference), why_not)


class Past(NamedTuple):
    """A change that can be undone, with the identifiers as the page shows them."""

    relinking: Relinking
    before: list[str]
    now: str
    is_guarded: bool
    mail: Progress | None


def past_of(relinking: Relinking, *, is_guarded: bool, message: Message | None) -> Past:
    """Return what the page says of a change; `is_guarded`: it is undone after the admin's second factor.

    `message` is the mail that tells the member.
    """
    before = [shown(each["subject"]) for each in relinking.before]
    return Past(relinking, before, shown(relinking.subject), is_guarded, progress_of(message))
