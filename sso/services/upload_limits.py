"""Limiting uploads of metadata files, so that reading them leaves time for others: a large one takes seconds."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils import timezone

from audit.actors import Actor
from audit.events import EventName, Outcome
from audit.selectors import moment_of_latest
from audit.services import record
from orgs.models import Organization
from orgs.services import locks
from orgs.transactions import atomic
from sso.errors import TooManyUploadsError

MOST_UPLOADS: Final = 30
UPLOADS_COUNTED_FOR: Final = timedelta(hours=1)


@atomic
def count_upload(*, organization: Organization, name: str, actor: Actor) -> None:
    """Count a file that an admin has uploaded, before it is read; `name` is what they know it by.

    The events of the audit log are counted, so no cache decides. Files that turn out to be useless count, too:
    it is reading them that costs. Raises TooManyUploadsError, and then nothing is counted.
    """
    organization = locks.hold_organization(organization)
    now = timezone.now()
    names = (EventName.METADATA_UPLOADED,)
    first = moment_of_latest(MOST_UPLOADS, names, organization_number=organization.number)
    if first is not None and first > now - UPLOADS_COUNTED_FOR:
        raise _too_many(first + UPLOADS_COUNTED_FOR - now)
    after = {"file": _stored(name)[:255]}
    record(EventName.METADATA_UPLOADED, actor=actor, target=organization.audit_target, after=after)


@atomic
def note_refused_upload(*, organization: Organization, name: str, reason: str, actor: Actor) -> None:
    """Write down that a file which was counted could not be used; `reason` is the sentence that the admin read.

    An event of its own, since the one by which the file was counted is never changed.
    """
    record(
        EventName.METADATA_REFUSED,
        actor=actor,
        target=organization.audit_target,
        after={"file": _stored(name)[:255], "reason": _stored(reason)},
        outcome=Outcome.REFUSED,
    )


def _stored(text: str) -> str:
    """Return a text as PostgreSQL can store it: without NUL characters."""
    return text.replace("\0", "")


def _too_many(wait: timedelta) -> TooManyUploadsError:
    minutes = 1 + int(wait.total_seconds()) // 60
    return TooManyUploadsError(
        f"{MOST_UPLOADS} metadata files have been uploaded for your organization within an hour, which is the "
        f"limit. Nothing was saved. Try again in {minutes} minute{'' if minutes == 1 else 's'}.",
        wait=wait,
    )
