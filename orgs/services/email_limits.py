"""Limits on invitations, so that no mailbox is flooded in our name."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from django.utils import timezone

from audit.events import EventName
from audit.selectors import count_recent_by, count_recent_of, frequent_targets
from orgs.errors import NotAllowedError
from orgs.models import Organization, User
from orgs.services.locks import hold_account

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
# By period, the emails of one organization, and of one account in all its organizations. Any visitor gets Starter by
# signing up; the other plans know their customer.
ON_STARTER: Final = {HOUR: 20, DAY: 50}
ON_OTHER_PLANS: Final = {HOUR: 200, DAY: 1000}
TO_ONE_ADDRESS: Final = 5  # a day, from all organizations together
_INVITATION_EVENTS = (EventName.INVITATION_SENT, EventName.INVITATION_RESENT)


def check_emails(organization: Organization, addresses: Collection[str], by: User) -> None:
    """Check that `by` may send one more invitation to each address. Raises NotAllowedError, before any is sent.

    The caller holds the lock of the organization, and the account is held here, so that requests at the same moment
    count each other. The account counts in all its organizations, of which any user can make several.
    """
    hold_account(by)
    now = timezone.now()
    limits = ON_STARTER if organization.plan.slug == "starter" else ON_OTHER_PLANS
    for period, most in limits.items():
        by_all = count_recent_of(_INVITATION_EVENTS, organization_number=organization.number, since=now - period)
        if by_all + len(addresses) > most:
            raise NotAllowedError(_too_many("Your plan sends", period, most, by_all))
        by_one = count_recent_by(_INVITATION_EVENTS, actor_id=by.pk, since=now - period)
        if by_one + len(addresses) > most:
            raise NotAllowedError(_too_many("In all your organizations together, you can send", period, most, by_one))
    for address in frequent_targets(_INVITATION_EVENTS, targets=addresses, since=now - DAY, at_least=TO_ONE_ADDRESS):
        raise NotAllowedError(f"Several invitations have been sent to {address} today. Try again tomorrow.")


def _too_many(subject: str, period: timedelta, most: int, sent: int) -> str:
    name = "hour" if period == HOUR else "day"
    left = f"{most - sent} more now" if sent < most else "no more for now"
    return f"{subject} up to {most} invitations in one {name}. You can send {left}."
