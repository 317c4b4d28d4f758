"""What a plan lets an organization do."""

from __future__ import annotations

from orgs.errors import NotAllowedError
from orgs.models import Organization

PLAN_LACKS_SSO = "Single sign-on is part of the Scholarship, Growth and Enterprise plans."


def check_plan(organization: Organization) -> None:
    """Raise NotAllowedError, in words for an admin, unless the organization's plan has single sign-on."""
    if not organization.plan.sso:
        raise NotAllowedError(PLAN_LACKS_SSO)
