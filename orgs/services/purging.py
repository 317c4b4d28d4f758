"""Forgetting what has served its purpose. The logs are kept: sign-ins, audit events, invitations."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from orgs.models import Door, RecoveryCode

# Long enough to answer "who was in last month?" from the table itself.
DOORS_KEPT = timedelta(days=90)


@transaction.atomic
def purge_doors() -> int:
    """Forget doors that ended or expired three months ago; return how many."""
    limit = timezone.now() - DOORS_KEPT
    return Door.objects.filter(Q(ended_at__lt=limit) | Q(expires_at__lt=limit)).delete()[0]


@transaction.atomic
def purge_recovery_codes() -> int:
    """Forget recovery codes that expired; return how many."""
    return RecoveryCode.objects.filter(expires_at__lt=timezone.now()).delete()[0]
