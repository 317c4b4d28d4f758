"""Services for plans, which organizations pay for."""

from __future__ import annotations

from audit.actors import Actor
from audit.events import EventName
from audit.services import Facts, record
from orgs.models import Plan
from orgs.services.grants import end_sso_grants_on_plan
from orgs.transactions import atomic


@atomic
def save_plan(*, plan: Plan, actor: Actor) -> None:
    """Save a new or edited plan; its limits hold for its organizations from the next page on.

    Without single sign-on, users who came in by it are out. Sign-ins of these organizations hold the plan, so that each
    is either finished before this or decided by the plan as it is saved here.
    """
    known = Plan.objects.select_for_update(no_key=True).filter(pk=plan.pk).first()
    before = _facts(known) if known else {}
    plan.save()
    if known and known.sso != plan.sso:
        end_sso_grants_on_plan(plan=plan)
    if before != _facts(plan):
        _log(plan, before, actor)


def _log(plan: Plan, before: Facts, actor: Actor) -> None:
    """Write the change into the operators' log, and into that of every organization on the plan."""
    numbers: list[int | None] = [None, *plan.organizations.order_by("pk").values_list("number", flat=True)]
    for number in numbers:
        target = plan.audit_target.within(number)
        record(EventName.PLAN_EDITED, actor=actor, target=target, before=before, after=_facts(plan))


def _facts(plan: Plan) -> dict[str, str | bool]:
    return {"slug": plan.slug, "name": plan.name, "sso": plan.sso, "scim": plan.scim}
