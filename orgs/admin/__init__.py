"""What operators see and do. Rows change through services only, so that the rules hold and the log is written."""

from orgs.admin.domains import EmailDomainAdmin
from orgs.admin.doors import DoorAdmin
from orgs.admin.links import RELATED, Related, related_links
from orgs.admin.members import InvitationAdmin, MembershipAdmin
from orgs.admin.organizations import OrganizationAdmin
from orgs.admin.people import UserAdmin
from orgs.admin.plans import PlanAdmin

__all__ = [
    "RELATED",
    "DoorAdmin",
    "EmailDomainAdmin",
    "InvitationAdmin",
    "MembershipAdmin",
    "OrganizationAdmin",
    "PlanAdmin",
    "Related",
    "UserAdmin",
    "related_links",
]
