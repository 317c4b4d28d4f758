"""One organization that has grown large, among others: members, sign-ins, events, and all that belongs to them.

PostgreSQL only. Every kind of row is copied from one that the models made, so that a new column needs nothing here.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from audit.actors import COMMAND_LINE
from audit.events import EventName
from audit.models import Event
from audit.services import record
from audit.targets import Target
from bench.rows.copies import analyze, copy_row
from orgs.crypto.tokens import hash_of_token
from orgs.models import (
    EmailDomain,
    GrantKind,
    Invitation,
    Membership,
    MembershipSource,
    Organization,
    Plan,
    Role,
    SessionGrant,
    User,
)
from orgs.services import organizations
from orgs.transactions import atomic
from sso.models import (
    Configuration,
    ConfigurationState,
    Connection,
    Direction,
    Identity,
    Provider,
    SignIn,
    SignInState,
    SignOut,
    SignOutState,
    SubjectKind,
)
from sso.services.sign_in.start import new_reference

# Primary keys of copies, far from those that the database gives to other rows.
_FAR = 1_000_000
_MEMBER = "'member' || lpad((each %% {members})::text, 6, '0') || '@contoso.example'"
# Other organizations, each with one of the members.
ORGANIZATIONS = 1000
_ENTITY_ID = "https://provider.example/"


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows of each kind."""

    members: int
    sign_ins: int
    events: int


@atomic
def make_crowd(size: Size) -> Organization:
    """Make the organization Contoso with its admin, admin@contoso.example, and that many rows; return it.

    The events and sign-ins are half a minute apart. One sign-in of ten was refused, one of a hundred never finished;
    one event of a thousand is of high risk. Every fourth member has a session.
    """
    _trust_references()
    admin = User.objects.create_user("admin@contoso.example")
    organization = organizations.create_organization(
        name="Contoso", plan=Plan.objects.get(slug="growth"), admin=admin, actor=COMMAND_LINE
    )
    configuration = _connect(organization)
    _copy_organizations(organization)
    _copy_members(organization, configuration, size)
    _copy_sign_ins(organization, configuration, size)
    _copy_sessions(organization, configuration, size)
    _copy_events(organization, size)
    return organization


def _trust_references() -> None:
    """Leave out the checks of foreign keys, which take longer than the rows themselves, where the role may do that."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone() == (True,):
            cursor.execute("SET LOCAL session_replication_role = replica")


def make_operator() -> User:
    """Make an operator who may do everything in the Django admin."""
    operator = User.objects.create_superuser("operator@amplisso.example")
    TOTP.activate(operator, generate_totp_secret())  # without a second factor operators get one page
    return operator


def _connect(organization: Organization) -> Configuration:
    connection = Connection.objects.create(organization=organization, provider=Provider.AZURE)
    return Configuration.objects.create(
        connection=connection,
        version=1,
        state=ConfigurationState.ACTIVE,
        entity_id=_ENTITY_ID,
        sso_redirect_url="https://provider.example/sso",
        activated_at=timezone.now(),
    )


def _copy_organizations(organization: Organization) -> None:
    first = f"{organization.number} + each"
    own = {"id": f"{_FAR} + each", "number": first, "name": "'Fabrikam ' || each", "slug": "'fabrikam-' || each"}
    copy_row(organization, ORGANIZATIONS, own)
    domain = EmailDomain.objects.create(organization=organization, domain="contoso.example", verified_at=timezone.now())
    copy_row(domain, ORGANIZATIONS, {"organization_id": f"{_FAR} + each", "domain": "'fabrikam' || each || '.example'"})
    connection = Connection.objects.get(organization=organization)
    copy_row(connection, ORGANIZATIONS, {"id": f"{_FAR} + each", "organization_id": f"{_FAR} + each"})
    configuration = Configuration.objects.get(connection=connection)
    copy_row(configuration, ORGANIZATIONS, {"connection_id": f"{_FAR} + each"})


def _copy_members(organization: Organization, configuration: Configuration, size: Size) -> None:
    address = _MEMBER.format(members=size.members)
    user = User.objects.create_user("member@contoso.example", name="Member")
    copy_row(user, size.members, {"id": f"{_FAR} + each %% {size.members}", "email": address})
    member = Membership.objects.create(
        organization=organization, user=user, role=Role.MEMBER, source=MembershipSource.INVITED,
        given_name="Ada", family_name="Lovelace", display_name="Ada Lovelace", accepted_at=timezone.now(),
    )  # fmt: skip
    names = {"family_name": "'Family' || each", "display_name": "'Ada Family' || each"}
    email = {"email": address} if hasattr(member, "email") else {}
    copy_row(member, size.members, {"user_id": f"{_FAR} + each %% {size.members}", **names, **email})
    copy_row(member, ORGANIZATIONS, {"organization_id": f"{_FAR} + each"})
    identity = Identity.objects.create(
        connection=configuration.connection, provider_entity_id=_ENTITY_ID, user=user, address=user.email,
        subject_kind=SubjectKind.OBJECT_IDENTIFIER, subject=str(uuid.uuid4()),
    )  # fmt: skip
    own = {"user_id": f"{_FAR} + each %% {size.members}", "address": address, "subject": "gen_random_uuid()"}
    copy_row(identity, size.members, own)
    now = timezone.now()
    invitation = Invitation.objects.create(
        organization=organization,
        email="guest@fabrikam.example",
        token_hash=hash_of_token("0"),
        sent_at=now,
        expires_at=now,
    )
    guests = {"email": "'guest' || each || '@fabrikam.example'", "token_hash": "each::text"}
    copy_row(invitation, size.members // 10, {**guests, "sent_at": _ago("sent_at")})


def _ago(column: str, seconds: int = 30) -> str:
    return f"{column} - each * interval '{seconds} seconds'"


def _copy_sign_ins(organization: Organization, configuration: Configuration, size: Size) -> None:
    times = {name: _ago(name) for name in ("started_at", "expires_at", "consumed_at")}
    kinds = [
        (SignInState.SUCCEEDED, "", size.sign_ins * 89 // 100),
        (SignInState.REFUSED, "not_invited", size.sign_ins // 10),
        (SignInState.STARTED, "", size.sign_ins // 100),
    ]
    members = size.members
    for at, (state, reason, copies) in enumerate(kinds):
        row = _sign_in(configuration, state, reason)
        # A third of an hour is a slot; 59 bits of a counter make a code that is not in use.
        own = {
            **times,
            "reference": f"substr(translate(upper(md5('{at}' || each)), '01', 'XY'), 1, 4) || '-'"
            f" || substr(translate(upper(md5('{at}' || each)), '01', 'XY'), 5, 4) || '-'"
            f" || substr(translate(upper(md5('{at}' || each)), '01', 'XY'), 9, 4)",
            "request_id": f"'_{at}-' || each",
        }
        if state == SignInState.SUCCEEDED:
            own |= {"user_id": f"{_FAR} + each %% {members}", "grant": "gen_random_uuid()"}
        if state != SignInState.STARTED:
            own |= {"address": _MEMBER.format(members=members)}
        copy_row(row, copies, own)


def _sign_in(configuration: Configuration, state: SignInState, reason: str) -> SignIn:
    now, reference = timezone.now(), new_reference()
    consumed = None if state == SignInState.STARTED else now
    passed = {"outcome": "passed", "expected": uuid.uuid4().hex, "received": "", "clause": ""}
    checks = [{"name": f"rule_{number}", **passed} for number in range(20)]
    return SignIn.objects.create(
        reference=reference, organization=configuration.connection.organization, connection=configuration.connection,
        configuration=configuration, state=state, reason=reason, request_id=f"_{reference}", nonce_hash="0" * 64,
        started_at=now, expires_at=now + timedelta(minutes=10), consumed_at=consumed, ip_address="192.0.2.7",
        checks=checks if consumed else [], claims={"name_id": uuid.uuid4().hex} if consumed else {},
    )  # fmt: skip


def _copy_sessions(organization: Organization, configuration: Configuration, size: Size) -> None:
    """Make a live grant of single sign-on for every fourth member, and an ended one for each."""
    now, user = timezone.now(), User.objects.get(email="member@contoso.example")
    own = {"user_id": f"{_FAR} + each %% {size.members}", "session": "md5(each::text)"}
    for ended_at, copies in ((None, size.members // 4), (now, size.members)):
        grant = SessionGrant.objects.create(
            session="0", user=user, kind=GrantKind.SSO, organization=organization, ended_at=ended_at,
            connection=configuration.connection.public_id, opened_at=now, expires_at=now + timedelta(hours=12),
        )  # fmt: skip
        # The live ones within the last hours, since they are as old as sessions may be.
        seconds = 30 if ended_at else 1
        moved = {name: _ago(name, seconds) for name in ("opened_at", "expires_at", "ended_at")}
        copy_row(grant, copies, own | moved)
    sign_out = SignOut.objects.create(
        connection=configuration.connection,
        direction=Direction.OURS,
        message_id="_0",
        state=SignOutState.DONE,
        user=user,
    )
    copy_row(sign_out, size.members // 10, {"message_id": "'_' || each", "asked_at": _ago("asked_at")})
    _copy_stored_sessions(now, size)


def _copy_stored_sessions(now: datetime, size: Size) -> None:
    Session.objects.bulk_create(
        [
            Session(session_key=f"{number:032x}", session_data="e30:1", expire_date=now + timedelta(hours=12))
            for number in range(size.members // 100)
        ]
    )


def _copy_events(organization: Organization, size: Size) -> None:
    """Make events of three kinds: frequent, of medium risk, and of high risk."""
    member = _MEMBER.format(members=size.members)
    kinds = [
        (EventName.USER_SIGNED_IN, size.events * 9 // 10),
        (EventName.MEMBER_ROLE_CHANGED, size.events // 10),
        (EventName.EVERYONE_SIGNED_OUT, size.events // 1000),
    ]
    for name, copies in kinds:
        event = record(name, actor=COMMAND_LINE, target=Target("user", organization=organization.number))
        actor = {"actor_id": f"{_FAR} + each %% {size.members}", "actor_email": member}
        copy_row(Event.objects.get(pk=event.pk), copies, {**actor, "target": member, "at": _ago('"at"')})


__all__ = ["ORGANIZATIONS", "Size", "analyze", "make_crowd", "make_operator"]
