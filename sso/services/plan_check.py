"""Checking what a plan lets an organization do."""

from __future__ import annotations

from orgs.errors import NotAllowedError
from orgs.models import Organization
from orgs.selectors.organizations import plans_with_sso


def sentence_about_plans() -> str:
    """Say which plans have single sign-on, in one sentence."""
    names = [plan.name for plan in plans_with_sso()]
    if not names:
        return "No plan includes single sign-on."
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"Single sign-on is part of the {listed} plan{'s' if len(names) > 1 else ''}."


def check_plan(organization: Organization) -> None:
    """Raise NotAllowedError, in words for an admin, unless the organization's plan has single sign-on."""
    if not organization.plan.sso:
        raise NotAllowedError(sentence_about_plans())
