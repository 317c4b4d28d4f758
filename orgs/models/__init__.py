"""Who: people, organizations, plans, members, invitations, doors."""

from orgs.models.attempts import PasswordAttempt
from orgs.models.doors import Door, DoorKind, RecoveryCode
from orgs.models.members import Invitation, Membership, MembershipSource, MembershipState, Role
from orgs.models.organizations import EmailDomain, FormerSlug, Organization, OrganizationNumber, Plan
from orgs.models.people import User

__all__ = [
    "Door",
    "DoorKind",
    "EmailDomain",
    "FormerSlug",
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
    "User",
]
