"""Identities: users as identity providers know them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from audit.targets import Target
from sso.models.connections import Connection

LONGEST_SUBJECT = 1024


class SubjectKind(models.TextChoices):
    """Kind of a provider's subject, best first (invariant 8)."""

    OBJECT_IDENTIFIER = "objectidentifier", "Object identifier claim"
    NAME_ID = "name_id", "Name ID"
    ADDRESS = "address", "E-mail address"


class Identity(models.Model):
    """A user as one provider knows them: (connection, the provider's entity ID, kind, subject) → user."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="identities")
    provider_entity_id = models.CharField(max_length=1024)
    subject_kind = models.CharField(max_length=16, choices=SubjectKind.choices)
    subject = models.CharField(max_length=LONGEST_SUBJECT)
    # An address in its normal form, for comparing; empty for a subject that is compared letter for letter.
    normalized_subject = models.CharField(max_length=254, null=True, blank=True, editable=False)  # noqa: DJ001
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="identities")
    address = models.CharField("address last asserted", max_length=254)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "identities"
        ordering = ["connection", "user"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "provider_entity_id", "subject_kind", "subject"], name="identity_one_per_subject"
            ),
            models.UniqueConstraint(
                fields=["connection", "provider_entity_id", "subject_kind", "normalized_subject"],
                name="identity_one_per_normal_form",
            ),
            # The same address with another subject is another user: the second one never gets in by itself.
            models.UniqueConstraint(
                fields=["connection", "provider_entity_id", "subject_kind", "user"], name="identity_one_per_user"
            ),
        ]

        indexes = [
            models.Index(fields=["subject"], name="identity_by_subject"),
            models.Index(fields=["subject_kind", "-id"], name="identity_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.connection}"

    @property
    def audit_target(self) -> Target:
        """Return its user as a target of audit events, in the log of the organization that connected the provider."""
        return self.user.audit_target.within(self.connection.organization.number)
