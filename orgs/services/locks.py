"""Locks of one organization. docs/design.md, "Locks", has the one order in which locks are taken."""

from __future__ import annotations

from typing import TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.db.models import Model

from orgs.models import Organization, Plan, User

Row = TypeVar("Row", bound=Model)


def hold_organization(organization: Organization) -> Organization:
    """Hold an organization against sign-ins and other changes of its access until this transaction ends.

    Every service that changes who may enter, or how, calls this before it reads anything that decides. Returns the
    organization as it is now, with its plan, which is held as well.
    """
    return _with_plan(Organization.objects.select_for_update(no_key=True).get(pk=organization.pk))


def share_organization(organization: Organization) -> Organization:
    """Hold an organization against changes of its access until this transaction ends; sign-ins do not exclude others.

    Returns the organization as it is now, with its plan, which is held as well. A transaction that has shared an
    organization never calls hold_organization: two of them would wait for each other.
    """
    return _with_plan(hold_shared(Organization, organization.pk))


def hold_account(user: User) -> None:
    """Make requests of one account that are limited together wait for each other until this transaction ends."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def hold_shared(model: type[Row], pk: int) -> Row:
    """Keep one row as it is until this transaction ends, after waiting for the transaction that is changing it.

    Returns the row as it is now, and raises ObjectDoesNotExist if it is gone. Django has no FOR SHARE, so this is
    written by hand; on SQLite, a transaction is the only one that writes.
    """
    if connection.vendor == "postgresql":
        statement = f"SELECT * FROM {model._meta.db_table} WHERE id = %s FOR SHARE"  # noqa: S608 - a name of ours
        row = next(iter(model._default_manager.raw(statement, [pk])), None)
        if row is None:
            raise ObjectDoesNotExist(f"{model._meta.label} {pk}")
        return row
    return model._default_manager.get(pk=pk)


def _with_plan(organization: Organization) -> Organization:
    organization.plan = hold_shared(Plan, organization.plan_id)
    return organization
