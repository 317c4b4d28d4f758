"""Users who were tied to another identifier of the same provider."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone

from audit import retention
from audit.targets import Target
from sso.models.connections import Connection
from sso.models.identities import LONGEST_SUBJECT, SubjectKind


class Relinking(models.Model):
    """One user who was tied to another identifier by an admin; kept for as long as it can be undone.

    `before` has the identities that it replaced, as {"subject_kind", "subject", "normalized_subject", "address"}.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="relinkings")
    provider_entity_id = models.CharField(max_length=1024)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    before = models.JSONField()
    subject_kind = models.CharField(max_length=16, choices=SubjectKind.choices)
    subject = models.CharField(max_length=LONGEST_SUBJECT)
    made_at = models.DateTimeField(default=timezone.now, db_index=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "-id"]

    def __str__(self) -> str:
        return f"{self.user} at {self.connection}"

    @property
    def audit_target(self) -> Target:
        """Return its user as a target of audit events, in the log of the organization where it was done."""
        return self.user.audit_target.within(self.connection.organization.number)

    @property
    def ends_at(self) -> datetime:
        """Return until when it can be undone."""
        return self.made_at + retention.RELINKINGS
