"""Retiring configurations that break newer rules for metadata, so that they lock no member out (invariant 9)."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone

from audit.actors import Actor
from audit.events import EventName
from audit.services import record
from orgs.emails import tell_admins_of_suspension
from orgs.models import Organization
from orgs.services import locks
from orgs.transactions import atomic
from sso.models import Configuration, ConfigurationState
from sso.selectors.connections import active_configuration, flawed_configurations


def suspend_if_flawed(*, organization: Organization, actor: Actor) -> Configuration | None:
    """Retire the active configuration if no sign-in can go through it, and return it; None if nothing had to be done.

    Require SSO rests from then on, until an admin has signed in through new metadata. The admins get a mail; of
    concurrent calls one tells them, and the others get None.
    """
    active = active_configuration(organization)
    # Anonymous visitors ask this, and most of them must not wait for the lock of the organization.
    return _suspend(organization, actor) if active is not None and active.flaw else None


def suspend_all_flawed(*, actor: Actor) -> Iterator[Configuration]:
    """Suspend every active configuration that no sign-in can go through; yield each."""
    for configuration in flawed_configurations():
        organization = configuration.connection.organization
        if suspended := suspend_if_flawed(organization=organization, actor=actor):
            yield suspended


@atomic
def _suspend(organization: Organization, actor: Actor) -> Configuration | None:
    organization = locks.hold_organization(organization)
    active = active_configuration(organization)
    if active is None or not active.flaw:
        return None
    active.state, active.retired_at = ConfigurationState.RETIRED, timezone.now()
    active.save(update_fields=["state", "retired_at"])
    record(
        EventName.CONFIGURATION_SUSPENDED,
        actor=actor,
        target=active.connection.audit_target,
        after={"version": active.version, "reason": active.flaw, "require_sso": organization.require_sso},
    )
    tell_admins_of_suspension(organization, active.flaw)
    return active
