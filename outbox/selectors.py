"""Queries about messages."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.db.models import Min, QuerySet
from django.utils import timezone

from outbox.models import Message, State


def due_messages() -> QuerySet[Message]:
    """Return the messages that have to be tried now, the one that has been due for the longest time first."""
    return Message.objects.filter(state=State.WAITING, next_try_at__lte=timezone.now()).order_by("next_try_at")


def has_due() -> bool:
    """Return whether any message has to be tried now."""
    return due_messages().exists()


def latest_about(things: Collection[str]) -> dict[str, Message]:
    """Return the newest message about each of several things; those that have none are left out."""
    messages = Message.objects.filter(about__in=things).order_by("created_at", "pk").defer("parameters")
    return {message.about: message for message in messages}


def queue_age() -> timedelta:
    """Return how long the message that waits longest has been due; zero if none is."""
    oldest = due_messages().aggregate(oldest=Min("next_try_at"))["oldest"]
    return timezone.now() - oldest if oldest else timedelta(0)


def is_waiting(message: Message) -> bool:
    """Return whether a message still has to be sent: no newer one has replaced it since it was read."""
    return Message.objects.filter(pk=message.pk, state=State.WAITING).exists()
