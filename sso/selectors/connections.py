"""Reading connections and their configurations."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet

from orgs.models import Organization, User
from sso.models import (
    Configuration,
    ConfigurationState,
    Connection,
    ConnectionState,
    SignIn,
    SignInState,
    Waiver,
    latest_ends,
)


def connection_of(organization: Organization) -> Connection | None:
    """Return the organization's connection. The model allows several; today's pages make one."""
    return Connection.objects.filter(organization=organization).order_by("id").first()


def active_configuration(organization: Organization) -> Configuration | None:
    """Return the configuration by which sign-ins are judged now; None while the connection is disabled."""
    return (
        _configurations(organization, ConfigurationState.ACTIVE)
        .filter(connection__state=ConnectionState.ENABLED)
        .first()
    )


def active_configurations() -> Iterator[Configuration]:
    """Yield the active configurations of all open organizations, without the text of the files."""
    active = Configuration.objects.select_related("connection__organization").defer("metadata", "findings")
    open_ones = active.filter(state=ConfigurationState.ACTIVE, connection__organization__closed_at__isnull=True)
    return open_ones.order_by("connection__organization__number").iterator(chunk_size=500)


def flawed_configurations() -> list[Configuration]:
    """Return the active configurations that no sign-in can go through."""
    return [each for each in active_configurations() if each.flaw]


def draft_configuration(organization: Organization) -> Configuration | None:
    """Return the configuration that waits for an admin's test sign-in."""
    return _configurations(organization, ConfigurationState.DRAFT).first()


def usable_configurations(organization: Organization) -> QuerySet[Configuration]:
    """Return the active configuration and the draft, of those that there are."""
    return _configurations(organization).filter(state__in=[ConfigurationState.ACTIVE, ConfigurationState.DRAFT])


def waivable_configurations(organization: Organization) -> list[Configuration]:
    """Return the usable ones that a waiver is made for: a draft of another provider than the one in use gets none."""
    usable = list(usable_configurations(organization))
    in_use = {each.entity_id for each in usable if each.state == ConfigurationState.ACTIVE}
    return [each for each in usable if not in_use or each.entity_id in in_use]


def configuration_by_public_id(organization: Organization, public_id: uuid.UUID | str) -> Configuration | None:
    """Return one configuration of this organization."""
    return _configurations(organization).filter(public_id=public_id).first()


def _configurations(organization: Organization, state: ConfigurationState | None = None) -> QuerySet[Configuration]:
    found = Configuration.objects.select_related("connection__organization__plan", "created_by").filter(
        connection__organization=organization
    )
    return found.filter(state=state) if state else found


def like_versions_signed_in_through(configuration: Configuration, user: User) -> set[int]:
    """Return the ids of versions with the same provider, addresses and certificates that this user signed in through.

    A user may require SSO only if the configuration itself is in the result; other versions only change what the page
    says.
    """
    alike = Configuration.objects.filter(
        connection=configuration.connection_id,
        entity_id=configuration.entity_id,
        sso_redirect_url=configuration.sso_redirect_url,
        sso_post_url=configuration.sso_post_url,
        certificates=configuration.certificates,
    )
    found = SignIn.objects.filter(configuration__in=alike, user=user, state=SignInState.SUCCEEDED)
    return set(found.order_by().values_list("configuration_id", flat=True).distinct())


def waivers_in_force(organization: Organization) -> dict[Waiver, datetime]:
    """Return the waivers in force in the active configuration or the draft, each with its latest end."""
    return latest_ends(usable_configurations(organization))
