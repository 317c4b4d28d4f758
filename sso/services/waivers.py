"""Waivers: what is normally refused, accepted until a day that an admin has chosen (invariant 6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Max
from django.utils import timezone

from audit.actors import Actor
from audit.events import EventName
from audit.services import record
from orgs.errors import NotAllowedError
from orgs.models import Organization, User
from orgs.services import locks
from orgs.transactions import atomic
from sso.days import day_in_words
from sso.errors import DayError
from sso.models import Configuration, ConfigurationState, Connection, ConnectionState, Waiver
from sso.selectors.connections import connection_of, usable_configurations, waivable_configurations
from sso.services.connections import DISABLED_BY_OPERATOR
from sso.services.plan_check import check_plan
from sso.services.versions import copy_of

MOST_DAYS = 90

_NOT_CONNECTED = "Connect an identity provider first: upload its Metadata XML and save."


def first_and_last_day() -> tuple[date, date]:
    """Return the days between which a waiver that is allowed now can end: today and 90 days from now, in UTC.

    Ninety days are enough for a provider to renew a certificate or to be updated, a freeze of changes at the end of the
    year included, and few enough that no admin forgets why there is a waiver: one who needs it longer decides again,
    and that is in the log again. SHA-1 gets no more, although some products will never sign with anything else:
    collisions with a chosen prefix are affordable to any attacker (Leurent and Peyrin, "SHA-1 is a Shambles", 2020).
    """
    today = timezone.now().astimezone(UTC).date()
    return today, today + timedelta(days=MOST_DAYS)


def end_of(day: date) -> datetime:
    """Return the last moment of a day in UTC, so that the stored date is the chosen day wherever it is shown."""
    return datetime.combine(day, time.max, UTC)


@atomic
def allow_waiver(
    *, organization: Organization, kind: Waiver, last_day: date, by: User | None, actor: Actor
) -> datetime:
    """Allow a waiver to the end of a day; return that moment. Where it was allowed already, the day changes.

    It takes effect at once, also while SSO is required: it only accepts more, and an admin who needs it can't sign in
    before. Both what is in use and a draft of the same provider that waits get a version of their own with it, so that
    every sign-in says by which it was judged. `by` is the admin who asks; None is an operator. Raises DayError if the
    day is over or more than MOST_DAYS ahead, and NotAllowedError where nothing may be changed.
    """
    connection = _changeable(locks.hold_organization(organization))
    first, last = first_and_last_day()
    if not first <= last_day <= last:
        raise DayError(f"Choose a day from today to {day_in_words(last)}. You can extend it later.")
    until = end_of(last_day)
    _set(connection, kind, until, by, actor)
    return until


@atomic
def end_waiver(*, organization: Organization, kind: Waiver, by: User | None, actor: Actor) -> bool:
    """End a waiver now; return whether it was in force. This is always possible, under any plan.

    While SSO is required this can lock members out, as the end of the day would have: recovery stays open.
    """
    locks.hold_organization(organization)
    connection = connection_of(organization)
    return connection is not None and _set(connection, kind, None, by, actor)


def _changeable(organization: Organization) -> Connection:
    check_plan(organization)
    connection = connection_of(organization)
    if connection is None or not usable_configurations(organization).exists():
        raise NotAllowedError(_NOT_CONNECTED)
    if connection.state == ConnectionState.DISABLED:
        raise NotAllowedError(DISABLED_BY_OPERATOR)
    return connection


def _set(connection: Connection, kind: Waiver, until: datetime | None, by: User | None, actor: Actor) -> bool:
    """Write new versions with another end, None for none; return whether any was needed."""
    now = timezone.now()
    # What is accepted of one provider is not accepted of the next; ending it leaves it nowhere.
    concerned = waivable_configurations if until else usable_configurations
    ends = {each: each.waivers_at(now).get(kind) for each in concerned(connection.organization)}
    changed = [_next_version(each, kind, until, by) for each, end in ends.items() if end != until]
    if changed:
        before = max((end for end in ends.values() if end), default=None)
        versions = sorted(each.version for each in changed)
        record(
            EventName.WAIVER_ALLOWED if until else EventName.WAIVER_ENDED,
            actor=actor,
            target=connection.audit_target,
            before={"until": _written(before)},
            after={"waiver": kind.label, "until": _written(until), "versions": versions},
        )
    return bool(changed)


def _next_version(before: Configuration, kind: Waiver, until: datetime | None, by: User | None) -> Configuration:
    """Put a version with another end in the place of one in use, or of a draft."""
    now, versions = timezone.now(), before.connection.configurations
    versions.filter(pk=before.pk).update(state=ConfigurationState.RETIRED, retired_at=now)
    following = copy_of(before, **{kind.field: until}, state=before.state, created_by=by)
    following.version = 1 + versions.aggregate(last=Max("version"))["last"]
    following.activated_at = now if before.state == ConfigurationState.ACTIVE else None
    following.save()
    return following


def _written(end: datetime | None) -> str | None:
    return end.isoformat(timespec="seconds") if end else None
