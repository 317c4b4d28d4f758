"""Messages to the outside: a row first, sent by the worker."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from audit.targets import Target
from database.prefixes import ByBytes


class Kind(models.TextChoices):
    """How a message leaves."""

    MAIL = "mail", "Mail"


def kind_choices() -> list[tuple[str, str]]:
    """Return the kinds as a function, so that another kind needs no migration."""
    return Kind.choices


class State(models.TextChoices):
    """Where a message is. All but the first are final, unless an operator sends a failed one again."""

    WAITING = "waiting", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Could not be delivered"
    EXPIRED = "expired", "Expired before it was sent"
    DROPPED = "dropped", "No longer needed"


class Message(models.Model):
    """One message to one recipient. Codes and links are not in it: they are made when it is sent."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=kind_choices)
    # Which message of its kind: the name of its text.
    name = models.CharField(max_length=64)
    recipient = models.CharField(max_length=320)
    # A number and no foreign key: the outbox knows nothing of organizations. None: a message of an account.
    organization_number = models.PositiveBigIntegerField(null=True, blank=True)
    # What it tells of, such as "invitation:<public ID>": how pages find the messages that they said were sent.
    about = models.CharField(max_length=300, blank=True)
    # JSON, encrypted; empty once the message was sent or is no longer needed.
    parameters = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    # While a worker sends the message, the time at which it counts as abandoned and is tried again.
    next_try_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True)
    # The answer was about this recipient or this text, so it helps the organization; others help operators only.
    is_refused = models.BooleanField(default=False)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="message_state_known"),
            models.CheckConstraint(
                condition=Q(state=State.WAITING, ended_at__isnull=True)
                | (~Q(state=State.WAITING) & Q(ended_at__isnull=False)),
                name="message_ended_unless_it_waits",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "next_try_at"], name="message_by_next_try"),
            models.Index(fields=["about", "-created_at"], name="message_about"),
            models.Index(fields=["organization_number", "-created_at"], name="message_of_organization"),
            models.Index(ByBytes("recipient"), F("created_at").desc(), name="message_by_recipient"),
            models.Index(fields=["ended_at"], name="message_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.name} to {self.recipient}"

    @property
    def audit_target(self) -> Target:
        """Return what stands for the message in the audit log."""
        return Target("message", self.public_id, self.recipient, self.organization_number)

    @property
    def state_now(self) -> State:
        """Return the state; a message that has expired is not being sent, whether or not a worker has noticed."""
        is_over = self.expires_at is not None and self.expires_at <= timezone.now()
        return State.EXPIRED if self.state == State.WAITING and is_over else State(self.state)
