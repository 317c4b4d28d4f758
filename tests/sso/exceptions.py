"""Allowing and ending dated exceptions as an operator does."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from audit.actors import COMMAND_LINE
from orgs.models import Organization
from sso.models import Configuration, DatedException
from sso.services import allow_exception, end_exception
from tests.saml.provider import NOW

EXPIRED, SHA1 = DatedException.EXPIRED_CERTIFICATES, DatedException.SHA1
TODAY = NOW.date()
each_kind = pytest.mark.parametrize("kind", DatedException)


def allow(organization: Organization, kind: DatedException, last_day: date = TODAY) -> datetime:
    """Accept something to the end of a day, as an operator."""
    return allow_exception(organization=organization, kind=kind, last_day=last_day, by=None, actor=COMMAND_LINE)


def end(organization: Organization, kind: DatedException) -> bool:
    """Refuse it again, as an operator."""
    return end_exception(organization=organization, kind=kind, by=None, actor=COMMAND_LINE)


def versions(organization: Organization) -> list[tuple[int, str]]:
    """Every version with its state, the first one first."""
    found = Configuration.objects.filter(connection__organization=organization).order_by("version")
    return list(found.values_list("version", "state"))
