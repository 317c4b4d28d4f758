"""Plans: what organizations can pay for."""

from __future__ import annotations

from audit.actors import Actor
from audit.events import EventName
from audit.services import record
from orgs.models import Plan
from orgs.transactions import atomic


@atomic
def save_plan(*, plan: Plan, actor: Actor) -> None:
    """Keep a new or edited plan; what it includes holds for its organizations from the next page on."""
    known = Plan.objects.filter(pk=plan.pk).first()
    before = _facts(known) if known else {}
    plan.save()
    if before != _facts(plan):
        record(
            EventName.PLAN_EDITED,
            actor=actor,
            target_kind="plan",
            target_id=plan.slug,
            target=plan.name,
            before=before,
            after=_facts(plan),
        )


def _facts(plan: Plan) -> dict[str, str | bool]:
    return {"slug": plan.slug, "name": plan.name, "sso": plan.sso, "scim": plan.scim}
