"""Resolving what the provider asserts to a member of this organization (invariant 8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from django.utils import timezone

from audit.actors import Actor
from audit.events import EventName
from audit.services import record
from orgs.models import Membership, MembershipState, Role, User
from orgs.selectors.organizations import pending_invitation
from orgs.services import accounts, invitations, members
from sso import saml
from sso.acs_sql.read import KnownPerson, Subject
from sso.errors import AddressError, SignInRefused
from sso.identifiers import Difference, Identifier
from sso.models import (
    LONGEST_SUBJECT,
    ConfigurationState,
    Connection,
    ConnectionState,
    Identity,
    Purpose,
    SignIn,
    SubjectKind,
)
from sso.reasons import OperatorReason, Reason
from sso.selectors.name_id_forms import comparable
from sso.services.connections import activate
from sso.services.sign_in.asserted import CLAIM_OBJECT_IDENTIFIER, address_in, names_in
from sso.services.sign_in.identifiers import TRANSIENT, known_identifiers, received_identifier

_SAME_USE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Person:
    """A user as the provider asserts them. `name_id` is "" when it is transient, since that changes each time.

    `provider` is the entity ID of who asserts it; `names` has the keys of `names_in`. `normal_name_id` is a name ID
    that is an address in its normal form; None where it is compared letter for letter.
    """

    provider: str
    subject: Subject
    address: str
    names: dict[str, str]
    name_id: str
    normal_name_id: str | None
    name_id_format: str


class Authorized(NamedTuple):
    """The identity that the provider vouched for, and the membership that it opens."""

    identity: Identity
    membership: Membership


def person_in(assertion: saml.Assertion) -> Person:
    """Read subject and address from a verified assertion. Raises SignInRefused."""
    address = _address_in(assertion)
    name_id = "" if assertion.name_id_format == TRANSIENT else assertion.name_id
    normal = comparable(name_id, assertion.name_id_format)
    identifiers = assertion.attributes.get(CLAIM_OBJECT_IDENTIFIER, ())
    if len(identifiers) == 1 and identifiers[0].strip():
        subject = _subject(SubjectKind.OBJECT_IDENTIFIER, identifiers[0].strip())
    elif name_id:
        subject = _subject(SubjectKind.NAME_ID, name_id, normal)
    else:
        subject = Subject(SubjectKind.ADDRESS, address, address)
    return Person(assertion.issuer, subject, address, names_in(assertion), name_id, normal, assertion.name_id_format)


def _subject(kind: SubjectKind, value: str, normalized: str | None = None) -> Subject:
    """Return a subject, or refuse one that is too long: it is never cut, since every letter identifies the user."""
    if len(value) > LONGEST_SUBJECT:
        detail = f"The identifier has {len(value)} characters; {LONGEST_SUBJECT} are the most"
        raise SignInRefused(Reason.TOO_LARGE, detail)
    return Subject(kind, value, normalized)


def _address_in(assertion: saml.Assertion) -> str:
    try:
        return address_in(assertion)
    except AddressError as error:
        reason = Reason.AMBIGUOUS_ADDRESS if error.is_ambiguous else Reason.NO_ADDRESS
        facts = {"places": [place._asdict() for place in error.places]}
        raise SignInRefused(reason, facts=facts) from error


def check_open(sign_in: SignIn) -> None:
    """Refuse if access was closed since the sign-in began. persist.py checks this again as it writes."""
    if not sign_in.organization.is_open:
        raise SignInRefused(Reason.CLOSED)
    if not sign_in.organization.plan.sso:
        raise SignInRefused(Reason.PLAN)
    if sign_in.connection.state == ConnectionState.DISABLED:
        raise SignInRefused(Reason.DISABLED)
    if sign_in.configuration.state == ConfigurationState.RETIRED:
        raise SignInRefused(Reason.REPLACED)


def resolve_person(*, sign_in: SignIn, person: Person, known: KnownPerson | None, actor: Actor) -> Authorized:
    """Authorize a person: return the identity and the membership by which they sign in, written now if they are new.

    `known` is the user who has signed in by this subject before. The test of a draft lets in admins only, makes no new
    member, and makes the draft the active configuration. Raises SignInRefused, before any write.
    """
    actor = Actor(email=person.address, address=actor.address, user_agent=actor.user_agent)
    authorized = _known(sign_in, known, person, actor) if known else _new(sign_in, person, actor)
    if sign_in.purpose == Purpose.TEST and sign_in.configuration.state == ConfigurationState.DRAFT:
        activate(configuration=sign_in.configuration, actor=actor)
    # On the membership only (invariant 1).
    members.note_names(membership=authorized.membership, **person.names)
    return authorized


def is_member(known: KnownPerson | None) -> bool:
    """Return whether this person's sign-in needs no new identity and no new membership."""
    return known is not None and known.membership is not None and known.membership.state != MembershipState.REMOVED


def is_settled(known: KnownPerson | None, person: Person) -> bool:
    """Return whether nothing has to be written about this person: a member, unchanged since a use within the day."""
    if known is None or known.membership is None or not is_member(known):
        return False
    return not _has_news(known.identity, person) and members.has_names(membership=known.membership, **person.names)


def _known(sign_in: SignIn, known: KnownPerson, person: Person, actor: Actor) -> Authorized:
    """Return the identity of a known user: by subject, whatever address is asserted today."""
    user = known.identity.user
    membership = _authorize_membership(sign_in, user.email, user, known.membership, actor)
    if _has_news(known.identity, person):
        Identity.objects.filter(pk=known.identity.pk).update(address=person.address, last_used_at=timezone.now())
    return Authorized(known.identity, membership)


def _has_news(identity: Identity, person: Person) -> bool:
    """Return whether to update an identity. Its last use is kept to the day: the sign-in's row has the second."""
    before = identity.last_used_at
    return before is None or timezone.now() - before > _SAME_USE or identity.address != person.address


def _new(sign_in: SignIn, person: Person, actor: Actor) -> Authorized:
    connection = sign_in.connection
    # Locked against a race condition: an account that becomes an operator's, or is disabled, must not be joined.
    user = User.objects.select_for_update(no_key=True).filter(email=person.address).first()
    if user is not None:
        _check_not_another(user, person, connection)
    found = _membership(connection, user) if user else None
    membership = _authorize_membership(sign_in, person.address, user, found, actor)
    identity = Identity.objects.create(
        connection=connection,
        provider_entity_id=person.provider,
        subject_kind=person.subject.kind,
        subject=person.subject.value,
        normalized_subject=person.subject.normalized,
        user=membership.user,
        address=person.address,
        last_used_at=timezone.now(),
    )
    record(
        EventName.IDENTITY_LINKED,
        actor=actor,
        target=identity.audit_target,
        after={"subject_kind": person.subject.kind.value},
    )
    return Authorized(identity, membership)


def _authorize_membership(
    sign_in: SignIn, address: str, user: User | None, membership: Membership | None, actor: Actor
) -> Membership:
    """Return the membership of a member, or else of an invitee, or else one made just in time. Raises SignInRefused.

    What the organization itself decides is checked first and the account last, so that its log says the same of an
    operator's or a disabled account as of any other that it would not authorize.
    """
    connection, admins_only = sign_in.connection, sign_in.purpose == Purpose.TEST
    if membership is not None and membership.state != MembershipState.REMOVED:
        _check_may_enter(membership, admins_only=admins_only)
        _check_not_disabled(membership.user)
        return membership
    if admins_only:
        raise SignInRefused(Reason.TEST_NEEDS_ADMIN)
    invitation = pending_invitation(connection.organization, address)
    if invitation is None:
        role = _role_just_in_time(connection, removed=membership)
        _check_may_join(user)
        return members.join_just_in_time(organization=connection.organization, address=address, role=role, actor=actor)
    _check_may_join(user)
    user = user or accounts.create_account(address=address, actor=actor)
    return invitations.accept_invitation(invitation=invitation, user=user, actor=actor, by_sso=True)


def _role_just_in_time(connection: Connection, *, removed: Membership | None) -> Role:
    if removed is not None:
        raise SignInRefused(Reason.REMOVED)
    if connection.just_in_time_role is None:
        raise SignInRefused(Reason.NOT_A_MEMBER)
    return Role(connection.just_in_time_role)


def _membership(connection: Connection, user: User) -> Membership | None:
    return (
        Membership.objects.select_related("user", "organization")
        .filter(organization=connection.organization, user=user)
        .first()
    )


def _check_may_join(user: User | None) -> None:
    """Check that single sign-on may make a member of an account, if there is one already."""
    if user is None:
        return
    _check_not_disabled(user)
    if user.is_staff or user.is_superuser:
        raise SignInRefused(Reason.ACCOUNT_NOT_ADMITTED, operator_reason=OperatorReason.OPERATOR_ACCOUNT)


def _check_not_disabled(user: User) -> None:
    if not user.is_active:
        raise SignInRefused(Reason.ACCOUNT_NOT_ADMITTED, operator_reason=OperatorReason.ACCOUNT_DISABLED)


def _check_may_enter(membership: Membership, *, admins_only: bool) -> None:
    if membership.state == MembershipState.SUSPENDED:
        raise SignInRefused(Reason.SUSPENDED)
    if not membership.is_active:
        raise SignInRefused(Reason.NOT_A_MEMBER)
    if admins_only and membership.role != Role.ADMIN:
        raise SignInRefused(Reason.TEST_NEEDS_ADMIN)


def _check_not_another(user: User, person: Person, connection: Connection) -> None:
    """Refuse a person whose address is that of a user whom the provider calls by another identifier.

    The one exception: a user who was known by name ID or address until the provider began to send a better subject, and
    for whom it still sends that name ID or address. The refusal keeps both identifiers.
    """
    known = Identity.objects.filter(connection=connection, provider_entity_id=person.provider, user=user)
    if any(each.subject_kind == person.subject.kind or not _has_identifier(person, each) for each in known):
        raise SignInRefused(
            Reason.OTHER_SUBJECT, facts=Difference(_received(person), known_identifiers(known)).as_facts()
        )


def _received(person: Person) -> tuple[Identifier, ...]:
    """Return the subject, and the name ID if another identifier goes before it."""
    subjects = [person.subject]
    if person.name_id and person.subject.kind == SubjectKind.OBJECT_IDENTIFIER:
        subjects.append(_subject(SubjectKind.NAME_ID, person.name_id, person.normal_name_id))
    found = (received_identifier(*subject, person.name_id_format) for subject in subjects)
    return tuple(each._replace(address=person.address) for each in found)


def _has_identifier(person: Person, identity: Identity) -> bool:
    """Return whether the provider sends the identifier of this identity beside a better one."""
    if identity.subject_kind == SubjectKind.NAME_ID:
        same = identity.normalized_subject is not None and identity.normalized_subject == person.normal_name_id
        return same or identity.subject == person.name_id
    return identity.subject_kind == SubjectKind.ADDRESS and identity.subject == person.address
