"""Session grants, which say what a session may open, and recovery codes."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from audit.targets import Target
from orgs.models.organizations import Organization


class GrantKind(models.TextChoices):
    """The method by which the user signed in."""

    PASSWORD = "password", "Password"
    SSO = "sso", "Single sign-on"
    RECOVERY = "recovery", "Recovery"


class SessionGrant(models.Model):
    """One way in that a session has. A session may have several; one without any opens nothing.

    `session` is a random name that the session itself keeps in its data: it survives the change of the session key
    and reveals nothing to a reader of this table.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    session = models.CharField(max_length=64, db_index=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="session_grants")
    kind = models.CharField(max_length=8, choices=GrantKind.choices)
    organization = models.ForeignKey(
        Organization,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="session_grants",
        help_text="Empty: password",
        db_index=False,  # grant_by_organization begins with it
    )
    # The public id of the connection, in plain: orgs knows nothing of connections.
    connection = models.UUIDField(null=True, blank=True, editable=False)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=GrantKind.PASSWORD, organization__isnull=True, connection__isnull=True)
                | Q(kind=GrantKind.SSO, organization__isnull=False, connection__isnull=False)
                | Q(kind=GrantKind.RECOVERY, organization__isnull=False, connection__isnull=True),
                name="grant_kind_fits_organization",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("opened_at")), name="grant_opens_before_it_expires"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "ended_at"], name="grant_by_organization"),
            models.Index(fields=["-opened_at"], name="grant_age"),
            models.Index(fields=["kind", "-opened_at"], name="grant_by_kind"),
            models.Index(fields=["-opened_at"], condition=Q(ended_at__isnull=True), name="grant_not_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.user}"

    @property
    def audit_target(self) -> Target:
        """Return its user as a target of audit events, in the log of the organization that it opens, if it is one."""
        return self.user.audit_target.within(self.organization.number if self.organization else None)

    def end_in(self, organization: Organization) -> datetime:
        """Return when this grant stops opening the organization's pages, unless it is ended before.

        That is its own end, or earlier, if the organization has shorter sessions.
        """
        return min(self.expires_at, self.opened_at + organization.session_length)


class RecoveryCode(models.Model):
    """A code mailed to an admin who has been locked out: one at a time, few tries, short life."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    code_hash = models.CharField(max_length=128, editable=False)
    tries_left = models.PositiveSmallIntegerField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="recovery_code_one_per_admin"),
        ]

    def __str__(self) -> str:
        return f"Recovery of {self.organization} by {self.user}"
