"""The Django admin for operators. Rows change through services only, so that the rules hold and the log is written."""

from orgs.admin.domains import EmailDomainAdmin
from orgs.admin.grants import SessionGrantAdmin
from orgs.admin.links import RELATED, Related, related_links
from orgs.admin.members import InvitationAdmin, MembershipAdmin
from orgs.admin.messages import MessageAdmin
from orgs.admin.organizations import OrganizationAdmin
from orgs.admin.plans import PlanAdmin
from orgs.admin.users import UserAdmin

__all__ = [
    "RELATED",
    "EmailDomainAdmin",
    "InvitationAdmin",
    "MembershipAdmin",
    "MessageAdmin",
    "OrganizationAdmin",
    "PlanAdmin",
    "Related",
    "SessionGrantAdmin",
    "UserAdmin",
    "related_links",
]
