"""The only way to write to the log, and to delete what is older than it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from audit import retention
from audit.actors import Actor
from audit.errors import NotInTransactionError
from audit.events import EventName, Outcome, risk_of
from audit.models import Event
from audit.targets import Target
from database.batches import delete_in_batches

Facts = Mapping[str, Any]


def record(
    name: EventName,
    *,
    actor: Actor,
    target: Target,
    before: Facts | None = None,
    after: Facts | None = None,
    outcome: Outcome = Outcome.SUCCESS,
) -> Event:
    """Record one event in the transaction of the change it describes, so that neither exists without the other.

    `before` and `after` hold JSON values of what changed, never secrets. Raises NotInTransactionError.
    """
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransactionError(name)
    return Event.objects.create(
        name=name,
        risk=risk_of(name),
        outcome=outcome,
        organization_number=target.organization,
        actor_id=actor.user_id,
        actor_email=actor.email[:254],
        address=actor.address or None,
        user_agent=actor.user_agent[:400],
        target_kind=target.kind,
        target_id=str(target.id),
        target=target.label[:254],
        before=dict(before or {}),
        after=dict(after or {}),
    )


def purge_events() -> int:
    """Delete events that happened before what is kept of the log; return how many.

    It uses the query set of Django, since that of the model deletes nothing.
    """
    limit = retention.oldest_event()
    return delete_in_batches(QuerySet(Event).filter(at__lt=limit), by="at") if limit else 0
