"""Users, organizations, plans, members, invitations and session grants."""

from orgs.models.attempts import PasswordAttempt
from orgs.models.grants import GrantKind, RecoveryCode, SessionGrant
from orgs.models.members import Invitation, Membership, MembershipSource, MembershipState, Role
from orgs.models.organizations import EmailDomain, FormerSlug, Organization, OrganizationNumber, Plan
from orgs.models.users import User

__all__ = [
    "EmailDomain",
    "FormerSlug",
    "GrantKind",
    "Invitation",
    "Membership",
    "MembershipSource",
    "MembershipState",
    "Organization",
    "OrganizationNumber",
    "PasswordAttempt",
    "Plan",
    "RecoveryCode",
    "Role",
    "SessionGrant",
    "User",
]
