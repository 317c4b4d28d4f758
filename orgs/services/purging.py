"""Deletion of rows that are no longer needed. The logs are kept: sign-ins, audit events, invitations."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from audit import retention
from orgs.models import RecoveryCode, SessionGrant
from orgs.transactions import atomic


@atomic
def purge_grants() -> int:
    """Delete session grants that ended or expired long ago; return how many."""
    limit = timezone.now() - retention.SESSION_GRANTS
    return SessionGrant.objects.filter(Q(ended_at__lt=limit) | Q(expires_at__lt=limit)).delete()[0]


@atomic
def purge_recovery_codes() -> int:
    """Delete recovery codes that expired; return how many."""
    return RecoveryCode.objects.filter(expires_at__lt=timezone.now() - retention.RECOVERY_CODES).delete()[0]


def purge_cache() -> int:
    """Delete expired rows of the cache's table, such as old counts of tries; return how many.

    Django only does it when the table has become too long.
    """
    table = connection.ops.quote_name(settings.CACHE_TABLE)
    now = connection.ops.adapt_datetimefield_value(timezone.now().replace(tzinfo=None))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [now])  # noqa: S608  the name is from our settings
        return int(cursor.rowcount)
