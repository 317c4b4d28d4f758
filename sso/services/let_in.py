"""What lets somebody in, written at once: the request used up, with its verdict; the door; the session."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import AutoField, Field, Model

from orgs.models import Door, Membership, MembershipState, Organization, User
from sso.models import SignIn
from sso.prepared import Prepared

# What is written down when a request is used up.
_OUTCOME = (
    "state",
    "reason",
    "operator_reason",
    "detail",
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
    "door",
    "name_id_hash",
    "provider_session",
    "consumed_at",
)


# Of a membership. The statement for PostgreSQL says the same.
_MAY_ENTER: dict[str, Any] = {"state": MembershipState.ACTIVE, "user__is_active": True}


class UsedUpError(Exception):
    """Another answer to the same request was quicker; nothing of this one may stay."""


class ShutOutError(Exception):
    """The member was suspended or removed, or the account disabled, since they were read; nothing was written."""


def use_up(asked: SignIn) -> None:
    """Use the request up, once, and write down what became of it. Raises UsedUpError.

    One UPDATE on the row's own columns, which one of many concurrent requests wins.
    """
    outcome = {name: getattr(asked, name) for name in _OUTCOME}
    if not SignIn.objects.filter(pk=asked.pk, consumed_at__isnull=True).update(**outcome):
        raise UsedUpError


def let_in(asked: SignIn, membership: Membership, door: Door, session: Model | None) -> None:
    """Use the request up and write the door and the session's row, if it has one. Raises UsedUpError and ShutOutError.

    Then nothing has been written. The membership was read a moment ago; it is held as it is until all is written, so
    that whoever shuts its member out finds the door and closes it. On PostgreSQL it is one statement instead of four.
    """
    rows: list[Model] = [door] if session is None else [door, session]
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor == "postgresql":
        _write_in_one(database, asked, membership, rows)
        return
    with transaction.atomic(savepoint=False):
        if not Membership.objects.filter(pk=membership.pk, **_MAY_ENTER).exists():
            raise ShutOutError
        use_up(asked)
        for row in rows:
            row.save(force_insert=True)


def _write_in_one(database: BaseDatabaseWrapper, asked: SignIn, membership: Membership, rows: list[Model]) -> None:
    values = [membership.organization_id, membership.pk, *_values(database, asked, _outcome()), asked.pk]
    for row in rows:
        values += _values(database, row, _inserted(type(row)))
    ((held, used),) = _statement(*map(type, rows)).rows(values)
    if not held:
        raise ShutOutError
    if not used:
        raise UsedUpError


@cache
def _statement(*models: type[Model]) -> Prepared:
    """Parts of a WITH that write run together and only once (PostgreSQL 7.8.4).

    Each INSERT selects from the UPDATE: it writes a row if the UPDATE found the request unused, else none. The UPDATE
    selects from the membership, which waits for whoever is changing it, and looks again at what it has become (13.2.1).
    Before that it shares the organization, which whoever changes its access holds: neither can wait for the other, and
    a change that began first is finished first (docs/design.md).
    """
    assignments = ", ".join(f"{field.column} = %s" for field in _outcome())
    inserts = "".join(
        f", written_{number} AS (INSERT INTO {model._meta.db_table} ({_columns(model)})"  # noqa: S608 - names of ours
        f" SELECT {', '.join(['%s'] * len(_inserted(model)))} FROM used)"
        for number, model in enumerate(models)
    )
    return Prepared(
        "let_in",
        f"""
    WITH here AS MATERIALIZED (
        SELECT id FROM {Organization._meta.db_table} WHERE id = %s FOR SHARE
    ), held AS MATERIALIZED (
        SELECT membership.id FROM here
        JOIN {Membership._meta.db_table} membership ON membership.organization_id = here.id
        JOIN {User._meta.db_table} person ON person.id = membership.user_id
        WHERE membership.id = %s AND membership.state = '{MembershipState.ACTIVE.value}' AND person.is_active
        FOR SHARE OF membership
    ), used AS (
        UPDATE {SignIn._meta.db_table} asked SET {assignments} FROM held
        WHERE asked.id = %s AND asked.consumed_at IS NULL RETURNING asked.id
    ){inserts}
    SELECT (SELECT count(*) FROM held), (SELECT count(*) FROM used)
""",  # noqa: S608 - names of ours
    )


def _columns(model: type[Model]) -> str:
    return ", ".join(f'"{field.column}"' for field in _inserted(model))


@cache
def _outcome() -> tuple[Field[Any, Any], ...]:
    fields: Iterable[Field[Any, Any]] = SignIn._meta.concrete_fields
    return tuple(field for field in fields if field.name in _OUTCOME)


@cache
def _inserted(model: type[Model]) -> tuple[Field[Any, Any], ...]:
    """The database numbers the rows."""
    fields: Iterable[Field[Any, Any]] = model._meta.concrete_fields
    return tuple(field for field in fields if not isinstance(field, AutoField))


def _values(database: BaseDatabaseWrapper, row: Model, fields: Iterable[Field[Any, Any]]) -> list[Any]:
    """As they are: none of these models fills a field in when it is saved."""
    return [field.get_db_prep_save(getattr(row, field.attname), database) for field in fields]
