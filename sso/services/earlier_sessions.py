"""Ending the sessions that were opened through an identity provider before another one took its place."""

from __future__ import annotations

from audit.actors import Actor
from audit.events import EventName
from audit.services import record
from orgs.models import GrantKind, Organization
from orgs.selectors.grants import SessionCounts
from orgs.services import grants, locks
from orgs.transactions import atomic
from sso.selectors.connections import active_configuration
from sso.selectors.versions import count_earlier_sessions, replaced_provider


@atomic
def end_earlier_sessions(*, organization: Organization, but_session: str, actor: Actor) -> SessionCounts:
    """End what was opened through the replaced provider, except in one session; return the counts.

    No sign-in through it can follow: it would be refused as it is written, because its configuration is retired.
    """
    organization = locks.hold_organization(organization)
    replaced = replaced_provider(active_configuration(organization))
    if replaced is None:
        return SessionCounts(members=0, sessions=0)
    ended = count_earlier_sessions(replaced, but_session=but_session)
    grants.end_grants(
        organization=organization,
        connection=replaced.connection.public_id,
        kind=GrantKind.SSO,
        opened_before=replaced.at,
        but_session=but_session,
    )
    if ended.sessions:
        record(
            EventName.EARLIER_SESSIONS_ENDED,
            actor=actor,
            target=replaced.connection.audit_target,
            after={"entity_id": replaced.entity_id, "members": ended.members, "sessions": ended.sessions},
        )
    return ended
