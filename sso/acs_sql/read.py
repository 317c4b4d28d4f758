"""The two SQL statements by which the ACS reads: the request with all that decides about it, and the known person.

They give whole rows of the models that they name, as `select_related` would, and take no locks. Django takes longer to
write such a join than PostgreSQL to answer it: in interleaved rounds, the ACS with the same reads by the ORM took 2.1
times the processor time (docs/performance.md).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model

from orgs.models import Membership, Organization, Plan, User
from sso.models import Configuration, Connection, Identity, SignIn, SubjectKind

# No column holds a higher one; SQLite's driver refuses to look for it.
_HIGHEST_NUMBER = 2**63 - 1


class _Part(NamedTuple):
    """One model's share of a row."""

    alias: str
    model: type[Model]
    fields: tuple[Field[Any, Any], ...]
    names: list[str]

    @property
    def columns(self) -> str:
        return ", ".join(f'{self.alias}."{field.column}"' for field in self.fields)


def _part(alias: str, model: type[Model], *, without: Iterable[str] = ()) -> _Part:
    every: Iterable[Field[Any, Any]] = model._meta.concrete_fields
    fields = tuple(field for field in every if field.name not in set(without))
    return _Part(alias, model, fields, [field.attname for field in fields])


_ASKED = (
    _part("sign_in", SignIn),
    _part("organization", Organization),
    _part("plan", Plan),
    _part("connection", Connection),
    # The file and its findings are long, and a sign-in does not read them.
    _part("configuration", Configuration, without=("metadata", "findings")),
)
_KNOWN = (_part("identity", Identity), _part("person", User), _part("membership", Membership))


def _columns(parts: Iterable[_Part]) -> str:
    return ", ".join(part.columns for part in parts)


# The request is looked for in one open organization only (invariant 2).
_ASKED_FOR = f"""
    SELECT {_columns(_ASKED)}
    FROM {SignIn._meta.db_table} sign_in
    JOIN {Organization._meta.db_table} organization ON organization.id = sign_in.organization_id
    JOIN {Plan._meta.db_table} plan ON plan.id = organization.plan_id
    JOIN {Connection._meta.db_table} connection ON connection.id = sign_in.connection_id
    JOIN {Configuration._meta.db_table} configuration ON configuration.id = sign_in.configuration_id
    WHERE organization.number = %s AND organization.closed_at IS NULL AND
"""  # noqa: S608 - names of ours; what comes from outside is a parameter
_BY_REQUEST = _ASKED_FOR + "sign_in.request_id = %s"
_BY_PUBLIC_ID = _ASKED_FOR + "sign_in.public_id = %s"

_KNOWN_PERSON = f"""
    SELECT {_columns(_KNOWN)}
    FROM {Identity._meta.db_table} identity
    JOIN {User._meta.db_table} person ON person.id = identity.user_id
    LEFT JOIN {Membership._meta.db_table} membership
        ON membership.user_id = identity.user_id AND membership.organization_id = %s
    WHERE identity.connection_id = %s AND identity.provider_entity_id = %s
        AND identity.subject_kind = %s AND (identity.subject = %s OR identity.normalized_subject = %s)
    ORDER BY CASE WHEN identity.subject = %s THEN 0 ELSE 1 END
    LIMIT 1
"""  # noqa: S608 - as above


class Subject(NamedTuple):
    """A user as a provider names them: the kind of identifier, and the identifier.

    `normalized` is the address in its normal form, None for an identifier that is compared letter for letter.
    """

    kind: SubjectKind
    value: str
    normalized: str | None = None


class KnownPerson(NamedTuple):
    """An identity, and its user's membership of the connection's organization, if there is one."""

    identity: Identity
    membership: Membership | None


def sign_in_by_request(number: int, request_id: str) -> SignIn | None:
    """Return the sign-in that made a request, in one open organization only, with everything that decides about it."""
    return _sign_in(_BY_REQUEST, number, request_id) if request_id else None


def sign_in_by_relay_state(number: int, relay_state: str) -> SignIn | None:
    """Return the sign-in whose RelayState came back, in one open organization only; None for any other value."""
    try:
        public_id = uuid.UUID(hex=relay_state)
    except ValueError:
        return None
    field = SignIn._meta.get_field("public_id")
    return _sign_in(_BY_PUBLIC_ID, number, field.get_db_prep_value(public_id, connections[DEFAULT_DB_ALIAS]))


def _sign_in(statement: str, number: int, wanted: Any) -> SignIn | None:
    if number > _HIGHEST_NUMBER:
        return None
    found = _row(statement, (number, wanted), _ASKED)
    if found is None:
        return None
    sign_in, organization, plan, connection, configuration = found
    organization.plan = plan
    connection.organization, configuration.connection = organization, connection
    sign_in.organization, sign_in.connection, sign_in.configuration = organization, connection, configuration
    return cast(SignIn, sign_in)


def known_person(connection: Connection, provider_entity_id: str, subject: Subject) -> KnownPerson | None:
    """Return the user whom a provider calls by this subject: the one with exactly this text before any other."""
    where = (connection.organization_id, connection.pk, provider_entity_id, subject.kind.value)
    parameters = (*where, subject.value, subject.normalized, subject.value)
    found = _row(_KNOWN_PERSON, parameters, _KNOWN)
    if found is None:
        return None
    identity, user, membership = found
    identity.user, identity.connection = user, connection
    if membership is not None:
        membership.user, membership.organization = user, connection.organization
    return KnownPerson(identity, membership)


def _row(statement: str, parameters: Sequence[Any], parts: Iterable[_Part]) -> tuple[Any, ...] | None:
    """Return the first row, as an object for each part, with None for the part that an outer join did not find."""
    database = connections[DEFAULT_DB_ALIAS]
    with database.cursor() as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
    if row is None:
        return None
    values = iter(row)
    return tuple(_made(part, list(islice(values, len(part.fields))), database) for part in parts)


def _made(part: _Part, values: list[Any], database: BaseDatabaseWrapper) -> Model | None:
    """Return a model instance made of a row's values; None without the primary key, the first field of every model."""
    if values[0] is None:
        return None
    for at, field in enumerate(part.fields):
        if hasattr(field, "from_db_value"):
            values[at] = field.from_db_value(values[at], None, database)
        elif database.vendor != "postgresql" and values[at] is not None:
            values[at] = _in_its_type(field, values[at])
    return part.model.from_db(database.alias, part.names, values)


def _in_its_type(field: Field[Any, Any], value: Any) -> Any:
    """Return a value in its Python type: SQLite gives numbers and texts where PostgreSQL gives Python's types."""
    found = field.to_python(value)
    return found.replace(tzinfo=UTC) if isinstance(found, datetime) and found.tzinfo is None else found
