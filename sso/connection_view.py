"""An organization's connection, read once for a request or a transaction and handed on to all that speaks of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from orgs.models import Organization
from sso.models import (
    Configuration,
    ConfigurationState,
    Connection,
    ConnectionState,
    Waiver,
    latest_ends,
)
from sso.selectors.relinking import refused_by_identifier, relinkings_to_undo


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """A connection as read at one moment; a service that writes reads its own under the organization's lock.

    `usable` holds what is active, also while the connection is disabled, and the draft; `last_used` is the version that
    was retired last after it had been active.

    The other fields say whether a rare case needs a further query: `had_another`, another provider that was in use;
    `has_refused` and `has_relinked`, users who were sent with another identifier, or were tied to one lately.
    """

    organization: Organization
    connection: Connection | None
    usable: tuple[Configuration, ...] = ()
    last_used: Configuration | None = None
    had_another: bool = False
    has_refused: bool = False
    has_relinked: bool = False

    @property
    def active(self) -> Configuration | None:
        """Return the configuration by which sign-ins are judged; None while the connection is disabled."""
        active = (each for each in self.usable if each.state == ConfigurationState.ACTIVE)
        return next((each for each in active if each.connection.state == ConnectionState.ENABLED), None)

    @property
    def draft(self) -> Configuration | None:
        """Return the configuration that waits for an admin's test sign-in."""
        return next((each for each in self.usable if each.state == ConfigurationState.DRAFT), None)

    @property
    def suspended(self) -> Configuration | None:
        """Return the configuration that was suspended by the rules for metadata, until another replaces it."""
        if any(each.state == ConfigurationState.ACTIVE for each in self.usable):
            return None
        return self.last_used if self.last_used is not None and self.last_used.flaw else None

    @property
    def requires_sso(self) -> bool:
        """Return whether SSO was required when this was read, for texts only: access is decided by the database."""
        organization = self.organization
        return organization.require_sso and organization.is_open and organization.plan.sso and self.active is not None

    def waivers_in_force(self) -> dict[Waiver, datetime]:
        """Return the waivers in force in the active configuration or the draft, each with its end."""
        return latest_ends(self.usable)


def connection_view(organization: Organization, *, for_page: bool = True) -> ConnectionView:
    """Read an organization's connection, in one statement unless there is no version of it that matters.

    The view holds the organization as it is stored now, if there is a connection, and otherwise the one given. What is
    rare is looked for only `for_page`: a service, which keeps others waiting meanwhile, decides nothing by it.
    """
    versions = _versions_that_matter(organization)
    rare = _what_is_rare() if for_page else {}
    found = list(versions.annotate(**rare))
    if not found:
        connections = Connection.objects.select_related("organization__plan").filter(organization=organization)
        connection = connections.order_by("id").first()
        return ConnectionView(connection.organization if connection else organization, connection)
    shown = min((each.connection for each in found), key=lambda each: each.pk)
    return ConnectionView(
        organization=shown.organization,
        connection=shown,
        usable=tuple(each for each in found if each.state != ConfigurationState.RETIRED),
        last_used=next((each for each in found if each.state == ConfigurationState.RETIRED), None),
        **{name: any(getattr(each, name) for each in found) for name in rare},
    )


def _versions_that_matter(organization: Organization) -> QuerySet[Configuration]:
    """Return what is active, the draft, and the version that was retired last after it had been active."""
    versions = Configuration.objects.filter(connection__organization=organization)
    used = versions.filter(state=ConfigurationState.RETIRED, activated_at__isnull=False)
    last_used = used.order_by("-retired_at", "-version").values("pk")[:1]
    matter = Q(state__in=[ConfigurationState.ACTIVE, ConfigurationState.DRAFT]) | Q(pk__in=last_used)
    return versions.select_related("connection__organization__plan", "created_by").filter(matter)


def _what_is_rare() -> dict[str, Exists]:
    """Return the rare cases a page may need more about, as conditions on a version, by fields of the view."""
    connection = OuterRef("connection")
    used = Configuration.objects.filter(connection=connection, activated_at__isnull=False)
    return {
        "had_another": Exists(used.exclude(entity_id=OuterRef("entity_id"))),
        "has_refused": Exists(refused_by_identifier().filter(configuration=OuterRef("pk"))),
        "has_relinked": Exists(relinkings_to_undo().filter(connection=connection)),
    }
