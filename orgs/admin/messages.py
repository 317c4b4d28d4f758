"""Messages, for operators: what waits, what failed and why, and sending it again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.admin import LookOnlyAdmin, organization_link
from jobs.selectors import is_worker_running, latest_heartbeat
from orgs.access import actor_of
from outbox.models import Message, State
from outbox.selectors import queue_age
from outbox.services import send_again


@admin.register(Message)
class MessageAdmin(LookOnlyAdmin[Message]):
    """Messages, newest first. Their parameters are encrypted, and no page shows them."""

    list_display = ("created_at", "state_in_words", "answer", "recipient", "name", "organization", "tries", "next_try")
    list_filter = ("state", "kind", "created_at")
    search_fields = ("^recipient", "=organization_number")
    search_help_text = "E-mail address of the recipient or its beginning, or an organization's number"
    actions = ("send_messages_again",)
    change_list_template = "admin/outbox/message/change_list.html"
    fields = (
        ("kind", "name"),
        "recipient",
        ("organization", "about"),
        ("state_in_words", "tries", "next_try"),
        ("created_at", "ended_at", "expires_at"),
        "answer",
        "public_id",
    )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the list below a sentence about the worker and the queue."""
        facts = {
            "is_worker_running": is_worker_running(),
            "latest_heartbeat": latest_heartbeat(),
            "waiting": Message.objects.filter(state=State.WAITING).count(),
            "queue_minutes": int(queue_age().total_seconds() // 60),
        }
        return super().changelist_view(request, {**(extra_context or {}), **facts})

    @admin.display(description="organization", ordering="organization_number")
    def organization(self, message: Message) -> str:
        """Return the organization's number, as a link to it."""
        return organization_link(message.organization_number)

    @admin.display(description="state", ordering="state")
    def state_in_words(self, message: Message) -> str:
        """Return the state as it is now, whether or not a worker has noticed that the message has expired."""
        return message.state_now.label

    @admin.display(description="next try", ordering="next_try_at")
    def next_try(self, message: Message) -> Any:
        """Return when the message is tried next; none once it has ended."""
        return message.next_try_at if message.state_now == State.WAITING else None

    @admin.action(description="Send again what could not be delivered", permissions=["operate"])
    def send_messages_again(self, request: HttpRequest, chosen: QuerySet[Message]) -> None:
        """Let the worker try the chosen messages again, those that could not be delivered."""
        count = send_again(messages=list(chosen.values_list("pk", flat=True)), actor=actor_of(request))
        left = len(chosen) - count
        self.message_user(request, f"{count} will be sent again." + (f" {left} had not failed." if left else ""))
