"""Locks of one organization. docs/design.md, "Locks", has the one order in which locks are taken."""

from __future__ import annotations

from django.db import connection
from django.db.models import Model

from orgs.models import Organization, Plan, User


def hold_organization(organization: Organization) -> Organization:
    """Hold an organization against sign-ins and other changes of its access until this transaction ends.

    Every service that changes who may enter, or how, calls this before it reads anything that decides. Returns the
    organization as it is now, with its plan, which is held as well.
    """
    held = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    return _with_plan(held)


def share_organization(organization: Organization) -> Organization:
    """Hold an organization against changes of its access until this transaction ends; sign-ins do not exclude others.

    Returns the organization as it is now, with its plan, which is held as well. A transaction that has shared an
    organization never calls hold_organization: two of them would wait for each other.
    """
    hold_shared(Organization, organization.pk)
    return _with_plan(Organization.objects.get(pk=organization.pk))


def hold_account(user: User) -> None:
    """Make requests of one account that are limited together wait for each other until this transaction ends."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def hold_shared(model: type[Model], pk: int) -> None:
    """Keep one row as it is until this transaction ends, after waiting for the transaction that is changing it.

    Django has no FOR SHARE. On SQLite, a transaction is the only one that writes.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {model._meta.db_table} WHERE id = %s FOR SHARE", [pk])  # noqa: S608  ours


def _with_plan(organization: Organization) -> Organization:
    hold_shared(Plan, organization.plan_id)
    organization.plan = Plan.objects.get(pk=organization.plan_id)
    return organization
