"""Queries about session grants: which are live, and how many sessions they open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from orgs.conditions import connection_enabled
from orgs.models import (
    GrantKind,
    Membership,
    MembershipState,
    Organization,
    Role,
    SessionGrant,
    User,
)

# Sessions that a page counts; of more it says that they are more.
MOST_SHOWN: Final = 1000


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """How many members are signed in to an organization, and in how many sessions (a browser is one session).

    `is_more` says that counting has ended and that there may be any number more.
    """

    members: int
    sessions: int
    is_more: bool = False


def live_grants_into(organization: Organization, kind: GrantKind | None = None) -> QuerySet[SessionGrant]:
    """Return every grant, or those of one kind, by which an active member can open the organization's pages now.

    orgs/access.py decides for one request by the same rules; it also asks for the role that a page needs.
    """
    ways = _ways_into(organization)
    opens = ways[kind] if kind else reduce(or_, ways.values())
    now = timezone.now()
    since = max(filter(None, [now - organization.session_length, organization.sessions_ended_at]))
    return SessionGrant.objects.filter(
        opens, user__is_active=True, ended_at__isnull=True, expires_at__gt=now, opened_at__gt=since
    )


def _ways_into(organization: Organization) -> dict[GrantKind, Q]:
    """Return the condition under which a grant of each kind opens an organization's pages, except its own times."""
    holds = _conditions_of_kinds()
    member = Membership.objects.filter(
        organization=organization, user=OuterRef("user"), state=MembershipState.ACTIVE, accepted_at__isnull=False
    )
    by_password = Q(pk__in=[]) if organization.requires_sso else Q(Exists(member))
    return {
        kind: condition & (by_password if kind == GrantKind.PASSWORD else Q(organization=organization))
        for kind, condition in holds.items()
    }


def count_sessions(organization: Organization, *, most: int | None = None) -> SessionCounts:
    """Count the members who are signed in to an organization, and their sessions; `most` as in `count_grants`."""
    return count_grants(*(live_grants_into(organization, kind) for kind in GrantKind), most=most)


def count_grants(*parts: QuerySet[SessionGrant], most: int | None = None) -> SessionCounts:
    """Count the members and sessions of grants, of which at most `most` of each part are looked at.

    Grants of each kind are a part of their own, read by one index, which PostgreSQL does not do for an OR.
    """
    found = [list(part.order_by().values_list("user", "session")[:most]) for part in parts]
    pairs = {pair for part in found for pair in part}
    return SessionCounts(
        members=len({user for user, _ in pairs}),
        sessions=len({session for _, session in pairs}),
        is_more=any(len(part) == most for part in found),
    )


def other_user_in(session: str, user: User) -> User | None:
    """Return a user other than `user` to whom this session is still open."""
    if not session:
        return None
    other = _live_grants_of(session).select_related("user").exclude(user=user).first()
    return other.user if other else None


def names_of_sessions(user: User, *, but: str) -> set[str]:
    """Return the names of an account's sessions that have a live grant, without the session of one name."""
    live = SessionGrant.objects.filter(user=user, ended_at__isnull=True, expires_at__gt=timezone.now())
    return set(live.exclude(session=but).values_list("session", flat=True))


def live_grants(session: str, user: User) -> QuerySet[SessionGrant]:
    """Return the live grants of a session of this user."""
    return _live_grants_of(session).filter(user=user)


def _live_grants_of(session: str) -> QuerySet[SessionGrant]:
    """Return the grants of a session that are neither ended nor expired, while all that they depend on holds.

    Whatever shuts the user out ends them as well; this query is what enforces it (invariant 13).
    """
    return SessionGrant.objects.filter(
        _holds(), session=session, user__is_active=True, ended_at__isnull=True, expires_at__gt=timezone.now()
    )


def _holds() -> Q:
    """Return the condition that all holds which a grant of its kind depends on, except the account."""
    return reduce(or_, _conditions_of_kinds().values())


def _conditions_of_kinds() -> dict[GrantKind, Q]:
    """Return the condition that a grant is of each kind and that all holds which it depends on, except the account."""
    member = Membership.objects.filter(
        user=OuterRef("user"), organization=OuterRef("organization"), state=MembershipState.ACTIVE
    )
    organization_open = Q(organization__closed_at__isnull=True)
    by_sso = organization_open & Q(Exists(member), connection_enabled(), organization__plan__sso=True)
    by_recovery = organization_open & Q(Exists(member.filter(role=Role.ADMIN)))
    return {
        GrantKind.PASSWORD: Q(kind=GrantKind.PASSWORD),
        GrantKind.SSO: Q(by_sso, kind=GrantKind.SSO),
        GrantKind.RECOVERY: Q(by_recovery, kind=GrantKind.RECOVERY),
    }
