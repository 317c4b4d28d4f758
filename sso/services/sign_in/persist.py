"""Writing a successful sign-in at once: the request consumed, with its verdict, and the grant."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import AutoField, Field, Model

from orgs.errors import OutdatedError
from orgs.models import Membership, MembershipState, Organization, Plan, SessionGrant, User
from sso.errors import AlreadyConsumed, UnlinkedError
from sso.models import Configuration, ConfigurationState, Connection, ConnectionState, Identity, SignIn
from sso.services.sign_in.resolve_person import Authorized

# The fields that are written when a request is consumed.
_OUTCOME = (
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


# Conditions on a sign-in and a membership, which the statement for PostgreSQL repeats.
_IS_OPEN: dict[str, Any] = {
    "organization__closed_at__isnull": True,
    "organization__plan__sso": True,
    "connection__state": ConnectionState.ENABLED,
    "configuration__state__in": [ConfigurationState.ACTIVE, ConfigurationState.DRAFT],
}
_MAY_ENTER: dict[str, Any] = {"state": MembershipState.ACTIVE, "user__is_active": True}


def consume_request(asked: SignIn) -> None:
    """Consume the request, once, and write down what became of it. Raises AlreadyConsumed.

    One UPDATE on the row's own columns, which one of many concurrent requests wins.
    """
    outcome = {name: getattr(asked, name) for name in _OUTCOME}
    if not SignIn.objects.filter(pk=asked.pk, consumed_at__isnull=True).update(**outcome):
        raise AlreadyConsumed


def persist(asked: SignIn, authorized: Authorized, grant: SessionGrant) -> None:
    """Consume the request and write the grant.

    Everything that the grant depends on was read before: organization, plan, connection, configuration, account,
    membership, identity. Here it is asked again and held until all is written, so that a service that shuts the user
    out finds the grant and closes it. On PostgreSQL that is one statement instead of six. Raises OutdatedError,
    UnlinkedError and AlreadyConsumed; then nothing has been written.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor == "postgresql":
        _write_in_one(database, asked, authorized, grant)
        return
    with transaction.atomic(savepoint=False):
        if not SignIn.objects.filter(pk=asked.pk, **_IS_OPEN).exists():
            raise OutdatedError
        if not Membership.objects.filter(pk=authorized.membership.pk, **_MAY_ENTER).exists():
            raise OutdatedError
        if not Identity.objects.filter(pk=authorized.identity.pk).exists():
            raise UnlinkedError
        consume_request(asked)
        grant.save(force_insert=True)


def _write_in_one(database: BaseDatabaseWrapper, asked: SignIn, authorized: Authorized, grant: SessionGrant) -> None:
    relied_on = [asked.organization_id, asked.connection_id, asked.configuration_id, authorized.membership.pk]
    values = [*relied_on, authorized.identity.pk, *_values(database, asked, _outcome()), asked.pk]
    with database.cursor() as cursor:
        cursor.execute(_statement(), [*values, *_values(database, grant, _inserted())])
        held, linked, used = cursor.fetchone()
    if not held:
        raise OutdatedError
    if not linked:
        raise UnlinkedError
    if not used:
        raise AlreadyConsumed


@cache
def _statement() -> str:
    """Return the statement that asks, holds, consumes the request and opens the grant.

    Parts of a WITH that write run together and only once (PostgreSQL 7.8.4). The INSERT selects from the UPDATE: it
    writes a grant if the UPDATE found the request unused, else none. The UPDATE selects from the rows that decide. Each
    is locked, which waits for a transaction that is changing it and looks again at what it has become (13.2.1). The
    order is that of docs/design.md, "Locks": the organization first. An identity is kept from being unlinked, but not
    from another sign-in of the same user that notes its use.
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
        UPDATE {SignIn._meta.db_table} asked SET {assignments} FROM linked
        WHERE asked.id = %s AND asked.consumed_at IS NULL RETURNING asked.id
    ), opened AS (
        INSERT INTO {SessionGrant._meta.db_table} ({columns}) SELECT {", ".join(["%s"] * len(_inserted()))} FROM used
    )
    SELECT (SELECT count(*) FROM held), (SELECT count(*) FROM linked), (SELECT count(*) FROM used)
"""  # noqa: S608 - names of ours


@cache
def _outcome() -> tuple[Field[Any, Any], ...]:
    fields: Iterable[Field[Any, Any]] = SignIn._meta.concrete_fields
    return tuple(field for field in fields if field.name in _OUTCOME)


@cache
def _inserted() -> tuple[Field[Any, Any], ...]:
    """Return the fields of a new grant; the database numbers the rows."""
    fields: Iterable[Field[Any, Any]] = SessionGrant._meta.concrete_fields
    return tuple(field for field in fields if not isinstance(field, AutoField))


def _values(database: BaseDatabaseWrapper, row: Model, fields: Iterable[Field[Any, Any]]) -> list[Any]:
    """Return field values unchanged, since none of these models fills a field in when it is saved."""
    return [field.get_db_prep_save(getattr(row, field.attname), database) for field in fields]
