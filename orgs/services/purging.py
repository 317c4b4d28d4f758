"""Deletion of rows that are no longer needed."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from audit import retention
from database.batches import BATCH, delete_in_batches
from orgs.models import Membership, RecoveryCode, SessionGrant, User


def purge_grants() -> int:
    """Delete session grants that ended or expired long ago; return how many."""
    limit = timezone.now() - retention.SESSION_GRANTS
    over = Q(ended_at__lt=limit) | Q(expires_at__lt=limit)
    return delete_in_batches(SessionGrant.objects.filter(over, opened_at__lt=limit), by="opened_at")


def purge_recovery_codes() -> int:
    """Delete recovery codes that expired; return how many."""
    limit = timezone.now() - retention.RECOVERY_CODES
    return delete_in_batches(RecoveryCode.objects.filter(expires_at__lt=limit), by="pk")


def purge_sessions() -> int:
    """Delete expired sessions, as Django's `clearsessions` does in one statement; return how many."""
    return delete_in_batches(Session.objects.filter(expire_date__lt=timezone.now()), by="expire_date")


def fill_in_addresses() -> int:
    """Copy the account's address into memberships that an earlier release made without it; return how many."""
    address = User.objects.filter(pk=OuterRef("user")).values("email")[:1]
    return Membership.objects.filter(email="").update(email=Subquery(address))


def purge_cache() -> int:
    """Delete expired rows of the cache's table, such as old counts of tries; return how many.

    Django only does it when the table has become too long.
    """
    table = connection.ops.quote_name(settings.CACHE_TABLE)
    now = connection.ops.adapt_datetimefield_value(timezone.now().replace(tzinfo=None))
    some = f"SELECT cache_key FROM {table} WHERE expires < %s LIMIT {BATCH}"  # noqa: S608  the name is from our settings
    count = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(f"DELETE FROM {table} WHERE cache_key IN ({some})", [now])  # noqa: S608  as above
            gone = int(cursor.rowcount)
            count += gone
            if gone < BATCH:
                return count
