"""Conditions for the queries of orgs on which access depends, and which orgs does not know (orgs/conditions.py)."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from sso.models import Configuration, ConfigurationState, Connection, ConnectionState


def organization_has_working_connection() -> Exists:
    """Return the condition, in a query for organizations, that an enabled connection has an active configuration."""
    active = Configuration.objects.filter(state=ConfigurationState.ACTIVE, connection__state=ConnectionState.ENABLED)
    return Exists(active.filter(connection__organization=OuterRef("pk")))


def grant_has_enabled_connection() -> Exists:
    """Return the condition, in a query for grants, that the connection which opened one is enabled."""
    enabled = Connection.objects.filter(state=ConnectionState.ENABLED)
    return Exists(enabled.filter(public_id=OuterRef("connection"), organization=OuterRef("organization")))
