"""Reading which members can be tied to another kind of identifier, and which were (invariant 8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils import timezone

from audit import retention
from database.paging import Order
from orgs.models import EmailDomain, Membership, MembershipState, Organization, Role, User
from sso.identifiers import Difference, Identifier, difference_in
from sso.models import Configuration, Identity, Relinking, SignIn, SignInState
from sso.reasons import Reason
from sso.saml import Outcome

# How long a refused response proves what a provider sends, and how many of the newest ones are looked at.
_EVIDENCE_LIFE, _MOST_ROWS = timedelta(days=30), 5000
_COLUMNS = ("id", "reference", "consumed_at", "address", "facts")

LATEST_FIRST: Final = Order(("-made_at", "-id"))


class Obstacle(StrEnum):
    """Why a member cannot be tied to the identifier that was received."""

    FOREIGN_DOMAIN = "foreign_domain"
    OTHER_ADDRESS = "other_address"
    SEVERAL_IDENTIFIERS = "several_identifiers"
    SEVERAL_MEMBERS = "several_members"
    STILL_USED = "still_used"
    TAKEN = "taken"


class Candidate(NamedTuple):
    """A member whom the provider calls by another kind of identifier, as the newest of their refused sign-ins shows."""

    sign_in: int
    reference: str
    difference: Difference
    membership: Membership
    obstacle: Obstacle | None

    @property
    def received(self) -> Identifier:
        """Return the identifier that counts."""
        return self.difference.received[0]


class _Refusal(NamedTuple):
    """One refused sign-in under another identifier."""

    sign_in: int
    reference: str
    at: datetime
    address: str
    difference: Difference


def guarded_users(organization: Organization, acting: User) -> set[int]:
    """Return the primary keys of those whose identifier is changed singly: admins, managers and the acting admin."""
    guarded = Membership.objects.filter(organization=organization, role__gte=Role.MANAGER)
    return {acting.pk, *guarded.values_list("user_id", flat=True)}


def candidates(configuration: Configuration) -> list[Candidate]:
    """Return the members who are refused because the provider sends another kind of identifier, by address.

    Only responses count that passed every rule under this configuration, the active one, within 30 days. Every refused
    response counts against a pair: no identifier may have come for two members, and no member with two identifiers.
    """
    refusals = _refusals(configuration)
    members = _members(configuration.connection.organization, {each.address for each in refusals})
    known = _identities(configuration, members.values())
    newest = {each.address: each for each in reversed(refusals) if each.address in members}
    found = [each for each in newest.values() if _is_open(each, known[members[each.address].user_id])]
    found = _that_passed(found)
    obstacles = _Obstacles(configuration, refusals, found, members)
    return [
        Candidate(each.sign_in, each.reference, each.difference, members[each.address], obstacles.of(each))
        for each in sorted(found, key=lambda each: each.address)
    ]


def refused_by_identifier() -> QuerySet[SignIn]:
    """Return the sign-ins of the last 30 days that were refused since the user is known by another identifier."""
    since = timezone.now() - _EVIDENCE_LIFE
    return SignIn.objects.filter(
        user=None, state=SignInState.REFUSED, reason=Reason.OTHER_SUBJECT, started_at__gte=since
    )


def _refusals(configuration: Configuration) -> list[_Refusal]:
    """Return the refused sign-ins that show another identifier, the newest first."""
    rows = refused_by_identifier().filter(configuration=configuration).order_by("-id")
    found = []
    for pk, reference, at, address, facts in rows.values_list(*_COLUMNS)[:_MOST_ROWS]:
        difference = difference_in(facts)
        if difference is not None and at is not None:
            found.append(_Refusal(pk, reference, at, address, difference))
    return found


def _members(organization: Organization, addresses: Iterable[str]) -> dict[str, Membership]:
    active = Membership.objects.select_related("user", "organization").filter(
        organization=organization, state=MembershipState.ACTIVE, user__email__in=list(addresses)
    )
    return {membership.user.email: membership for membership in active}


def identities_at(configuration: Configuration) -> QuerySet[Identity]:
    """Return how users are known at the provider that a configuration describes."""
    return Identity.objects.filter(connection=configuration.connection, provider_entity_id=configuration.entity_id)


def _identities(configuration: Configuration, members: Iterable[Membership]) -> dict[int, list[Identity]]:
    found = defaultdict[int, list[Identity]](list)
    for each in identities_at(configuration).filter(user__in=[membership.user_id for membership in members]):
        found[each.user_id].append(each)
    return found


def _is_open(refusal: _Refusal, known: list[Identity]) -> bool:
    """Return whether a refusal still says how the user is known, and that the provider sends another kind."""
    told = {(each.kind, each.subject) for each in refusal.difference.known}
    return refusal.difference.is_other_kind and told == {(each.subject_kind, each.subject) for each in known}


def _that_passed(found: list[_Refusal]) -> list[_Refusal]:
    """Return the refusals whose stored verdicts say that every rule passed.

    No other response gets as far as this refusal. The verdicts are big, so only those of possible candidates are read.
    """
    rows = SignIn.objects.filter(pk__in=[each.sign_in for each in found]).values_list("pk", "checks")
    passed = {pk for pk, checks in rows if checks and all(each["outcome"] == Outcome.PASSED for each in checks)}
    return [each for each in found if each.sign_in in passed]


class _Obstacles:
    """Obstacles to each pair of an identifier and a member."""

    def __init__(
        self,
        configuration: Configuration,
        refusals: list[_Refusal],
        found: list[_Refusal],
        members: dict[str, Membership],
    ) -> None:
        self.members = members
        self.by_address = defaultdict[str, set[tuple[str, str]]](set)
        self.by_identifier = defaultdict[tuple[str, str], set[str]](set)
        for each in refusals:
            self.by_address[each.address].add(each.difference.received[0].key)
            for identifier in each.difference.received:
                self.by_identifier[identifier.key].add(each.address)
        organization = configuration.connection.organization
        verified = EmailDomain.objects.filter(organization=organization, verified_at__isnull=False)
        self.domains = set(verified.values_list("domain", flat=True))
        self.taken = _taken(configuration, found)
        self.successes = _newest_success(configuration, members.values())

    def of(self, refusal: _Refusal) -> Obstacle | None:
        """Return the obstacle to one pair; None if there is none."""
        address, (received, *_) = refusal.address, refusal.difference.received
        if address.rpartition("@")[2] not in self.domains:
            return Obstacle.FOREIGN_DOMAIN
        if any(known.address != address for known in refusal.difference.known):
            return Obstacle.OTHER_ADDRESS
        if len(self.by_address[address]) > 1:
            return Obstacle.SEVERAL_IDENTIFIERS
        if any(len(self.by_identifier[each.key]) > 1 for each in refusal.difference.received):
            return Obstacle.SEVERAL_MEMBERS
        if self.successes.get(self.members[address].user_id, 0) > refusal.sign_in:
            return Obstacle.STILL_USED
        return Obstacle.TAKEN if received.key in self.taken else None


def _taken(configuration: Configuration, found: list[_Refusal]) -> set[tuple[str, str]]:
    """Return the received identifiers by which a user is known already, exactly or in their normal form."""
    received = [each.difference.received[0] for each in found]
    values = {value for each in received for value in (each.subject, each.key[1])}
    here = identities_at(configuration)
    exact = here.filter(subject__in=values).values_list("subject_kind", "subject")
    normal = here.filter(normalized_subject__in=values).values_list("subject_kind", "normalized_subject")
    known = set(exact) | set(normal)
    return {each.key for each in received if {each.key, (each.kind, each.subject)} & known}


def _newest_success(configuration: Configuration, members: Iterable[Membership]) -> dict[int, int]:
    """Return the primary key of each member's newest completed sign-in, by the primary key of the account."""
    done = SignIn.objects.filter(
        connection=configuration.connection,
        user__in=[membership.user_id for membership in members],
        state=SignInState.SUCCEEDED,
    )
    return dict(done.order_by().values_list("user").annotate(Max("id")))


def relinkings_of(organization: Organization) -> QuerySet[Relinking]:
    """Return the members who were tied to another identifier and whose change can be undone, the newest first."""
    found = relinkings_to_undo().select_related("user", "made_by", "connection__organization")
    return found.filter(connection__organization=organization)


def relinkings_to_undo() -> QuerySet[Relinking]:
    """Return the changes of identifiers that can be undone: the members are still linked as they were re-linked."""
    linked = Identity.objects.filter(
        connection=OuterRef("connection"),
        provider_entity_id=OuterRef("provider_entity_id"),
        user=OuterRef("user"),
        subject_kind=OuterRef("subject_kind"),
        subject=OuterRef("subject"),
    )
    return Relinking.objects.filter(Exists(linked), undone_at=None, made_at__gt=timezone.now() - retention.RELINKINGS)
