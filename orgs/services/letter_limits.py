"""How many invitations may be sent, so that nobody's mailbox is filled in our name."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from django.utils import timezone

from audit.events import EventName
from audit.selectors import count_recent_of, frequent_targets
from orgs.errors import NotAllowedError
from orgs.models import Organization

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
# By period, the letters of one organization. Anybody gets Starter by signing up; the other plans know their customer.
ON_STARTER: Final = {HOUR: 20, DAY: 50}
ON_OTHER_PLANS: Final = {HOUR: 200, DAY: 1000}
TO_ONE_ADDRESS: Final = 5  # a day, from all organizations together
_LETTERS = (EventName.INVITATION_SENT, EventName.INVITATION_RESENT)


def check_letters(organization: Organization, addresses: Collection[str]) -> None:
    """Make sure that one more invitation may go to each address. Raises NotAllowedError, before any is sent.

    The caller holds the lock of the organization, so that requests at the same moment count each other.
    """
    now = timezone.now()
    limits = ON_STARTER if organization.plan.slug == "starter" else ON_OTHER_PLANS
    for period, most in limits.items():
        sent = count_recent_of(_LETTERS, organization_number=organization.number, since=now - period)
        if sent + len(addresses) > most:
            raise NotAllowedError(_too_many(period, most, sent))
    for address in frequent_targets(_LETTERS, targets=addresses, since=now - DAY, at_least=TO_ONE_ADDRESS):
        raise NotAllowedError(f"{address} has been sent several invitations today. Try again tomorrow.")


def _too_many(period: timedelta, most: int, sent: int) -> str:
    name = "hour" if period == HOUR else "day"
    left = f"{most - sent} more now" if sent < most else "no more for now"
    return f"Your plan sends up to {most} invitations in one {name}. You can send {left}."
