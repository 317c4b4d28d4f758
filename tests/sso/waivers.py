"""Allowing and ending waivers as an operator does."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from audit.actors import COMMAND_LINE
from orgs.models import Organization
from sso.models import Configuration, Waiver
from sso.services import waivers
from tests.saml.provider import NOW

EXPIRED, SHA1 = Waiver.EXPIRED_CERTIFICATES, Waiver.SHA1
TODAY = NOW.date()
each_kind = pytest.mark.parametrize("kind", Waiver)


def allow(organization: Organization, kind: Waiver, last_day: date = TODAY) -> datetime:
    """Accept something to the end of a day, as an operator."""
    return waivers.allow_waiver(organization=organization, kind=kind, last_day=last_day, by=None, actor=COMMAND_LINE)


def end(organization: Organization, kind: Waiver) -> bool:
    """Refuse it again, as an operator."""
    return waivers.end_waiver(organization=organization, kind=kind, by=None, actor=COMMAND_LINE)


def versions(organization: Organization) -> list[tuple[int, str]]:
    """Every version with its state, the first one first."""
    found = Configuration.objects.filter(connection__organization=organization).order_by("version")
    return list(found.values_list("version", "state"))
