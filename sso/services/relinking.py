"""Tying members to another kind of identifier of the same provider, and taking that back (invariant 8)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from audit import retention
from audit.actors import Actor
from audit.events import EventName
from audit.services import record
from database.batches import delete_in_batches
from orgs.emails import tell_of_relinking
from orgs.errors import NotAllowedError
from orgs.models import Membership, Organization, Role, User
from orgs.services import grants, locks, members
from orgs.transactions import atomic
from sso.models import Identity, Relinking, SignIn
from sso.selectors.connections import active_configuration
from sso.selectors.relinking import Candidate, candidates, guarded_users, identities_at, relinkings_of

# As many as one page of the list has, so that a change takes the organization's lock for a short time only.
MOST_AT_ONCE = 50
_CHANGED = "The list has changed since you opened this page. Nothing was re-linked; check the list again."
_ONE_BY_ONE = "Admins, managers and yourself are re-linked one at a time. Nothing was re-linked."
_FACTOR = "Confirm with your second factor first. Nothing was changed."


@atomic
def relink_members(
    *, organization: Organization, references: Collection[str], by: Membership, has_second_factor: bool, actor: Actor
) -> list[User]:
    """Tie members to the identifiers that their refused sign-ins show, all of them or none; return their accounts.

    `references` are those of sign-ins that `candidates` returns, `by` is the admin who asks, `has_second_factor` says
    whether they have just passed theirs. It opens nothing: the members' sessions here end, and they sign in anew.
    It can be undone for 30 days. They and all admins get a mail. Raises NotAllowedError.
    """
    if len(references) > MOST_AT_ONCE:
        raise NotAllowedError(f"Re-link at most {MOST_AT_ONCE} members at once.")
    organization, by = _hold(organization, by)
    chosen = _chosen(organization, set(references))
    guarded = guarded_users(organization, by.user)
    if any(each.membership.user_id in guarded for each in chosen):
        if len(chosen) > 1:
            raise NotAllowedError(_ONE_BY_ONE)
        _check_factor(has_second_factor=has_second_factor)
    for each in chosen:
        _relink(each, by, actor)
    users = [each.membership.user for each in chosen]
    tell_of_relinking(organization, by.user, users, undone=False)
    return users


def _hold(organization: Organization, by: Membership) -> tuple[Organization, Membership]:
    """Hold the organization against sign-ins and read again who asks. Raises NotAllowedError unless they are admin."""
    organization = locks.hold_organization(organization)
    by = members.as_it_is_now(by)
    if by.role != Role.ADMIN or by.organization_id != organization.pk:
        raise NotAllowedError("Only an admin of the organization can do this.")
    return organization, by


def _check_factor(*, has_second_factor: bool) -> None:
    if not has_second_factor:
        raise NotAllowedError(_FACTOR)


def _chosen(organization: Organization, references: set[str]) -> list[Candidate]:
    """Return the candidates that were chosen. Raises NotAllowedError if one of them is none, or none any more."""
    if not references:
        raise NotAllowedError("Choose at least one member.")
    configuration = active_configuration(organization)
    found = candidates(configuration) if configuration is not None else []
    chosen = [each for each in found if each.reference in references and each.obstacle is None]
    if len(chosen) != len(references):
        raise NotAllowedError(_CHANGED)
    return chosen


def _relink(candidate: Candidate, by: Membership, actor: Actor) -> None:
    """Replace a member's identities at this provider: rows are deleted, so that a sign-in that read one is refused."""
    sign_in = SignIn.objects.select_related("connection", "configuration").get(pk=candidate.sign_in)
    known = identities_at(sign_in.configuration).filter(user=candidate.membership.user)
    received = candidate.received
    relinking = Relinking.objects.create(
        connection=sign_in.connection,
        provider_entity_id=sign_in.configuration.entity_id,
        user=candidate.membership.user,
        before=[_kept(each) for each in known],
        subject_kind=received.kind,
        subject=received.subject,
        made_by=by.user,
    )
    after = {
        "subject_kind": received.kind,
        "subject": received.subject,
        "normalized_subject": received.normalized,
        "address": received.address,
    }
    _replace(relinking, [after], candidate.membership.organization)
    record(
        EventName.IDENTITY_RELINKED,
        actor=actor,
        target=relinking.audit_target,
        before={"identifiers": _named(relinking.before)},
        after={"identifiers": _named([after]), "sign_in": sign_in.reference},
    )


def _replace(relinking: Relinking, identities: list[dict[str, Any]], organization: Organization) -> None:
    """Make these the only identities of the user at the provider, and end what was opened by the former ones."""
    _identities_of(relinking).delete()
    Identity.objects.bulk_create(
        Identity(
            connection=relinking.connection,
            provider_entity_id=relinking.provider_entity_id,
            user=relinking.user,
            **each,
        )
        for each in identities
    )
    grants.end_grants(organization=organization, user=relinking.user)


def _identities_of(relinking: Relinking) -> QuerySet[Identity]:
    return Identity.objects.filter(
        connection=relinking.connection, provider_entity_id=relinking.provider_entity_id, user=relinking.user
    )


def _kept(identity: Identity) -> dict[str, Any]:
    names = ("subject_kind", "subject", "normalized_subject", "address")
    return {name: getattr(identity, name) for name in names}


@atomic
def undo_relinking(
    *, organization: Organization, public_id: uuid.UUID, by: Membership, has_second_factor: bool, actor: Actor
) -> User:
    """Tie a member to the former identifiers again and return the account; like the change, it opens nothing.

    The member and all admins get a mail. Raises NotAllowedError after 30 days, and where the member has been
    linked otherwise since.
    """
    organization, by = _hold(organization, by)
    relinking = relinkings_of(organization).filter(public_id=public_id).first()
    if relinking is None:
        raise NotAllowedError("This can no longer be undone.")
    user = relinking.user
    if user.pk in guarded_users(organization, by.user):
        _check_factor(has_second_factor=has_second_factor)
    _check_not_taken(relinking)
    now = _named([_kept(each) for each in _identities_of(relinking)])
    _replace(relinking, relinking.before, organization)
    Relinking.objects.filter(pk=relinking.pk).update(undone_at=timezone.now())
    record(
        EventName.RELINKING_UNDONE,
        actor=actor,
        target=relinking.audit_target,
        before={"identifiers": now},
        after={"identifiers": _named(relinking.before)},
    )
    tell_of_relinking(organization, by.user, [user], undone=True)
    return user


def _check_not_taken(relinking: Relinking) -> None:
    if any(_is_taken(relinking, each) for each in relinking.before):
        raise NotAllowedError("Another member now has the previous identifier, so this cannot be undone.")


def _is_taken(relinking: Relinking, former: dict[str, Any]) -> bool:
    """Return whether another user has got a former identifier, in any spelling that counts as the same."""
    same = Q(subject=former["subject"])
    if former["normalized_subject"] is not None:
        same |= Q(normalized_subject=former["normalized_subject"])
    others = Identity.objects.filter(
        same,
        connection=relinking.connection,
        provider_entity_id=relinking.provider_entity_id,
        subject_kind=former["subject_kind"],
    )
    return others.exclude(user=relinking.user).exists()


def _named(identities: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    """Return identifiers as the audit log has them."""
    return [{name: each[name] for name in ("subject_kind", "subject")} for each in identities]


def purge_relinkings() -> int:
    """Delete the re-linkings that can no longer be undone; return how many. The audit log keeps that it happened."""
    limit = timezone.now() - retention.RELINKINGS
    return delete_in_batches(Relinking.objects.filter(made_at__lte=limit), by="made_at")
