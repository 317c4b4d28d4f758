"""The SQL statement by which the ACS writes a sign-in on PostgreSQL: request consumed, verdict and grant at once.

Six statements and a transaction of Django's do the same. In interleaved rounds they took 1.4 times the processor time
of the whole ACS request (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import AutoField, Field, Model

from orgs.models import Membership, MembershipState, Organization, Plan, SessionGrant, User
from sso.models import Configuration, ConfigurationState, Connection, ConnectionState, Identity, SignIn

# The fields of a sign-in that are written when its request is consumed.
OUTCOME = (
    "state",
    "reason",
    "operator_reason",
    "detail",
    "facts",
    "user",
    "address",
    "checks",
    "claims",
    "signed",
    "certificate",
    "signer",
    "clock_skew",
    "ip_address",
    "user_agent",
    "grant",
    "name_id_hash",
    "provider_session",
    "consumed_at",
)


class Found(NamedTuple):
    """What the statement found, in this order; where one is false, nothing was written."""

    is_open: bool
    is_linked: bool
    is_unused: bool


def can_write_at_once() -> bool:
    """Return whether the database runs the statement; SQLite has no WITH that writes."""
    return connections[DEFAULT_DB_ALIAS].vendor == "postgresql"


def write_at_once(sign_in: SignIn, grant: SessionGrant, *, membership: int, identity: int) -> Found:
    """Consume the request and insert the grant, if all that the grant depends on still holds.

    `membership` and `identity` are the primary keys of those that the sign-in relies on.
    """
    database = connections[DEFAULT_DB_ALIAS]
    relied_on = [sign_in.organization_id, sign_in.connection_id, sign_in.configuration_id, membership, identity]
    values = [*relied_on, *_values(database, sign_in, _outcome()), sign_in.pk, *_values(database, grant, _inserted())]
    with database.cursor() as cursor:
        cursor.execute(_statement(), values)
        return Found._make(map(bool, cursor.fetchone()))


@cache
def _statement() -> str:
    """Return the statement that asks, holds, consumes the request and opens the grant.

    Parts of a WITH that write run together and only once (PostgreSQL 7.8.4). The INSERT selects from the UPDATE: it
    writes a grant if the UPDATE found the request unused, else none. The UPDATE selects from the rows that decide. Each
    is locked, which waits for a transaction that is changing it and looks again at what it has become (13.2.1).

    Lock order, as in docs/design.md, "Locks": organization; plan, connection, configuration, account and membership;
    identity; sign-in; grant. An identity is kept from being unlinked, but not from another sign-in of the same user
    that notes its use.
    """
    assignments = ", ".join(f'"{field.column}" = %s' for field in _outcome())
    columns = ", ".join(f'"{field.column}"' for field in _inserted())
    return f"""
    WITH here AS MATERIALIZED (
        SELECT id, plan_id FROM {Organization._meta.db_table} WHERE id = %s AND closed_at IS NULL FOR SHARE
    ), held AS MATERIALIZED (
        SELECT membership.id FROM here
        JOIN {Plan._meta.db_table} plan ON plan.id = here.plan_id
        JOIN {Connection._meta.db_table} connection ON connection.organization_id = here.id
        JOIN {Configuration._meta.db_table} configuration ON configuration.connection_id = connection.id
        JOIN {Membership._meta.db_table} membership ON membership.organization_id = here.id
        JOIN {User._meta.db_table} person ON person.id = membership.user_id
        WHERE plan.sso AND connection.id = %s AND connection.state = '{ConnectionState.ENABLED.value}'
            AND configuration.id = %s AND configuration.state <> '{ConfigurationState.RETIRED.value}'
            AND membership.id = %s AND membership.state = '{MembershipState.ACTIVE.value}' AND person.is_active
        FOR SHARE OF plan, connection, configuration, person, membership
    ), linked AS MATERIALIZED (
        SELECT identity.id FROM held JOIN {Identity._meta.db_table} identity ON identity.id = %s
        FOR KEY SHARE OF identity
    ), used AS (
        UPDATE {SignIn._meta.db_table} sign_in SET {assignments} FROM linked
        WHERE sign_in.id = %s AND sign_in.consumed_at IS NULL RETURNING sign_in.id
    ), opened AS (
        INSERT INTO {SessionGrant._meta.db_table} ({columns}) SELECT {", ".join(["%s"] * len(_inserted()))} FROM used
    )
    SELECT (SELECT count(*) FROM held), (SELECT count(*) FROM linked), (SELECT count(*) FROM used)
"""  # noqa: S608 - names of ours


@cache
def _outcome() -> tuple[Field[Any, Any], ...]:
    fields: Iterable[Field[Any, Any]] = SignIn._meta.concrete_fields
    return tuple(field for field in fields if field.name in OUTCOME)


@cache
def _inserted() -> tuple[Field[Any, Any], ...]:
    """Return the fields of a new grant; the database numbers the rows."""
    fields: Iterable[Field[Any, Any]] = SessionGrant._meta.concrete_fields
    return tuple(field for field in fields if not isinstance(field, AutoField))


def _values(database: BaseDatabaseWrapper, row: Model, fields: Iterable[Field[Any, Any]]) -> list[Any]:
    """Return field values unchanged, since none of these models fills a field in when it is saved."""
    return [field.get_db_prep_save(getattr(row, field.attname), database) for field in fields]
