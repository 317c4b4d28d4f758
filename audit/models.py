"""Audit events: append-only rows in plain columns, so that nothing else has to live on for them to be read."""

from __future__ import annotations

import uuid
from typing import Any, NoReturn, Self

from django.db import models
from django.db.models import F, Q

from audit.errors import AppendOnlyError
from audit.events import Outcome, Risk, event_choices
from database.prefixes import ByBytes


class EventQuerySet(models.QuerySet["Event"]):
    """A read-only query set: events are added by `audit.services.record` and never changed."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError("Audit events are never changed")

    def delete(self) -> NoReturn:
        raise AppendOnlyError("Audit events are never deleted")


class Event(models.Model):
    """One thing that happened."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField(auto_now_add=True, db_index=True)
    name = models.CharField(max_length=64, choices=event_choices)
    risk = models.CharField(max_length=8, choices=Risk.choices)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.SUCCESS)
    organization_number = models.PositiveBigIntegerField(null=True, blank=True)
    actor_id = models.BigIntegerField(null=True, blank=True)
    actor_email = models.CharField(max_length=254, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=400, blank=True)
    target_kind = models.CharField(max_length=32, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target = models.CharField(max_length=254, blank=True)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["organization_number", "-at"], name="event_of_organization"),
            models.Index(fields=["actor_id", "-at"], name="event_of_actor"),
            # Each filter and search of the organization's page, the newest first, and then those of the Django admin.
            models.Index(fields=["organization_number", "risk", "-at"], name="event_of_org_by_risk"),
            models.Index(fields=["organization_number", "name", "-at"], name="event_of_org_by_name"),
            models.Index(
                F("organization_number"), ByBytes("actor_email"), F("at").desc(), name="event_of_org_by_actor_email"
            ),
            models.Index(F("organization_number"), ByBytes("target"), F("at").desc(), name="event_of_org_by_target"),
            models.Index(fields=["risk", "-at"], name="event_by_risk"),
            models.Index(fields=["name", "-at"], name="event_by_name"),
            models.Index(fields=["-at"], condition=Q(outcome=Outcome.REFUSED), name="event_refused"),
            models.Index(ByBytes("actor_email"), F("at").desc(), name="event_by_actor_email"),
            models.Index(ByBytes("target"), F("at").desc(), name="event_by_target"),
            models.Index(fields=["address", "-at"], name="event_by_address"),
        ]

    def __str__(self) -> str:
        return f"{self.get_name_display()} ({self.at:%Y-%m-%d %H:%M} UTC)"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError("Audit events are never changed")
        super().save(*args, **kwargs)

    def delete(self: Self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError("Audit events are never deleted")
