"""Queries about users, organizations, members, invitations and domains."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final

from allauth.mfa.models import Authenticator
from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from database.paging import Order, count_up_to
from database.prefixes import ByBytes, begins_with, in_small_letters, words_after_the_first
from orgs.crypto.tokens import hash_of_token
from orgs.models import (
    EmailDomain,
    Invitation,
    Membership,
    MembershipState,
    Organization,
    Plan,
    Role,
    User,
)
from orgs.sessions.lifetimes import SECOND_FACTOR_SETTLES


def open_organization(number: int) -> Organization | None:
    """Return the organization with this number unless it is closed."""
    return Organization.objects.select_related("plan").filter(number=number, closed_at__isnull=True).first()


def organization_by_slug(slug: str) -> Organization | None:
    """Return the open organization with this slug."""
    return Organization.objects.select_related("plan").filter(slug=slug, closed_at__isnull=True).first()


def organization_of_domain(domain: str) -> Organization | None:
    """Return the organization that owns a verified domain (normal form), if it is open."""
    found = (
        EmailDomain.objects.select_related("organization__plan")
        .filter(domain=domain, verified_at__isnull=False, organization__closed_at__isnull=True)
        .first()
    )
    return found.organization if found else None


def memberships_of(user: User) -> QuerySet[Membership]:
    """Return the active memberships of a user in open organizations."""
    return (
        Membership.objects.select_related("organization__plan", "user")
        .filter(user=user, state=MembershipState.ACTIVE, organization__closed_at__isnull=True)
        .order_by("organization__name")
    )


def plans_with_sso() -> QuerySet[Plan]:
    """Return the plans that include single sign-on, in the order of lists."""
    return Plan.objects.filter(sso=True)


def opened_by_password(user: User) -> list[int]:
    """Return the numbers of the organizations that this user's password opens."""
    opened = (each for each in memberships_of(user) if each.accepted_at and not each.organization.requires_sso)
    return [membership.organization.number for membership in opened]


def accepted_numbers(address: str) -> list[int]:
    """Return the numbers of the open organizations in which an address (any spelling) has an accepted membership."""
    accepted = Membership.objects.filter(
        user__email=address.strip().lower(),
        state=MembershipState.ACTIVE,
        accepted_at__isnull=False,
        organization__closed_at__isnull=True,
    )
    return list(accepted.order_by("pk").values_list("organization__number", flat=True))


def membership_in(slug: str, user: User) -> Membership | None:
    """Return the active membership of a user in an open organization."""
    return memberships_of(user).filter(organization__slug=slug).first()


BY_ADDRESS: Final = Order(("email", "id"))
LATEST_SENT_FIRST: Final = Order(("-sent_at", "-id"))


def members_of(organization: Organization, *, role: int | None = None) -> QuerySet[Membership]:
    """Return active and suspended members of an organization, in no order; removed members are left out."""
    members = (
        Membership.objects.select_related("user", "organization")
        .filter(organization=organization)
        .exclude(state=MembershipState.REMOVED)
        .order_by()
    )
    return members if role is None else members.filter(role=role)


def members_found(search: str) -> list[Q]:
    """Return conditions of which a member that a search finds satisfies one, each with an index of its own.

    The search finds members whose address, given name, family name or full name begins with it, or the words of the
    full name after the first. Without a search, and so without conditions, every member is found.
    """
    if not search:
        return []
    names = [in_small_letters(name) for name in ("given_name", "family_name", "display_name")]
    columns: list[str | ByBytes] = ["email", *names, words_after_the_first("display_name")]
    return [begins_with(column, search.lower()) for column in columns]


def member_of(organization: Organization, public_id: uuid.UUID) -> Membership | None:
    """Return the member whom a page names, unless they were removed."""
    return members_of(organization).filter(public_id=public_id).first()


def admin_addresses(organization: Organization) -> list[str]:
    """Return the addresses of all admins of an organization."""
    admins = Membership.objects.filter(organization=organization, role=Role.ADMIN, state=MembershipState.ACTIVE)
    return list(admins.order_by("user__email").values_list("user__email", flat=True))


def membership_to_accept(user: User, public_id: uuid.UUID) -> Membership | None:
    """Return an active membership of this user's own that their password does not open yet."""
    return memberships_of(user).filter(public_id=public_id, accepted_at__isnull=True).first()


@dataclass(frozen=True, slots=True)
class MemberCounts:
    """How many members an organization has, each up to MOST_COUNTED + 1; `pending` counts open invitations."""

    joined: int
    suspended: int
    pending: int


def count_members(organization: Organization) -> MemberCounts:
    """Count the members and open invitations of an organization (AM-62)."""
    members = Membership.objects.filter(organization=organization)
    return MemberCounts(
        joined=count_up_to(members.filter(state=MembershipState.ACTIVE), "role"),
        suspended=count_up_to(members.filter(state=MembershipState.SUSPENDED), "role"),
        pending=count_up_to(open_invitations_of(organization), "-sent_at"),
    )


def open_invitations_of(organization: Organization, *, search: str = "") -> QuerySet[Invitation]:
    """Return invitations neither accepted nor revoked; the expired ones too, so that they can be sent again.

    With `search`, those whose address begins with it.
    """
    found = Invitation.objects.select_related("invited_by", "organization").filter(
        organization=organization, accepted_at__isnull=True, revoked_at__isnull=True
    )
    return found.filter(begins_with("email", search.lower())) if search else found


def invitation_of(organization: Organization, public_id: uuid.UUID) -> Invitation | None:
    """Return the open invitation whom a page names."""
    return open_invitations_of(organization).filter(public_id=public_id).first()


def domains_of(organization: Organization) -> QuerySet[EmailDomain]:
    """Return the e-mail domains that an organization calls its own, verified or not."""
    return EmailDomain.objects.select_related("organization").filter(organization=organization)


def domain_in(organization: Organization, domain: str) -> EmailDomain | None:
    """Return one domain of an organization's list."""
    return domains_of(organization).filter(domain=domain).first()


def invitation_by_token(token: str) -> Invitation | None:
    """Return the usable invitation that a link names."""
    return (
        Invitation.objects.select_related("organization__plan", "invited_by")
        .filter(
            token_hash=hash_of_token(token),
            accepted_at__isnull=True,
            revoked_at__isnull=True,
            expires_at__gt=timezone.now(),
            organization__closed_at__isnull=True,
        )
        .first()
    )


def has_own_password(address: str) -> bool:
    """Return whether a user with a proven mailbox signs in with this address and a password."""
    users = User.objects.filter(email=address, emailaddress__email=address, emailaddress__verified=True)
    return any(user.has_usable_password() for user in users)


def settled_factors(user: User) -> set[int]:
    """Return the primary keys of the second factors that an attacker who has just stolen the password cannot have made.

    Recovery codes are as old as the oldest of the others: they come with the first and may be made anew at any time.
    """
    authenticators = Authenticator.objects.filter(user=user)
    first = authenticators.exclude(type=Authenticator.Type.RECOVERY_CODES).aggregate(at=Min("created_at"))["at"]
    since = timezone.now() - SECOND_FACTOR_SETTLES
    settled = Q(created_at__lte=since) & ~Q(type=Authenticator.Type.RECOVERY_CODES)
    if first is not None and first <= since:
        settled |= Q(type=Authenticator.Type.RECOVERY_CODES)
    return set(authenticators.filter(settled).values_list("pk", flat=True))


def pending_invitation(organization: Organization, address: str) -> Invitation | None:
    """Return the usable invitation of an address to an organization."""
    return open_invitations_of(organization).filter(email=address, expires_at__gt=timezone.now()).first()


def organizations_of_address(address: str) -> list[Organization]:
    """Return the open organizations that an address is an active member of or invited to, for 'my sign-in page'."""
    now = timezone.now()
    member = Q(memberships__user__email=address, memberships__state=MembershipState.ACTIVE)
    invited = Q(
        invitations__email=address,
        invitations__accepted_at__isnull=True,
        invitations__revoked_at__isnull=True,
        invitations__expires_at__gt=now,
    )
    return list(Organization.objects.filter(member | invited, closed_at__isnull=True).distinct())
