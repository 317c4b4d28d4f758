"""Accounts: what is written down about them beyond their organizations."""

from __future__ import annotations

from django.db import transaction

from audit.actors import Actor
from audit.events import EventName
from audit.services import record
from orgs.models import User


@transaction.atomic
def record_sign_up(*, user: User, actor: Actor) -> None:
    """Write down that somebody made an account."""
    record(
        EventName.USER_SIGNED_UP,
        actor=actor,
        target_kind="user",
        target_id=user.pk,
        target=user.email,
    )
