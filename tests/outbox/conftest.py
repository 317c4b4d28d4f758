"""Mail servers, and messages to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from pytest_django import Settings

from outbox.models import Message
from outbox.services import post_mail
from tests.outbox.mail_server import MailServer, mail_server

UseServer = Callable[[str], None]


@pytest.fixture
def use_server(settings: Settings) -> UseServer:
    """Send mails to a server, by its address."""

    def use(url: str) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = urlsplit(url).hostname, urlsplit(url).port
        settings.EMAIL_TIMEOUT = 1

    return use


@pytest.fixture
def server(use_server: UseServer) -> Iterator[MailServer]:
    """A mail server that takes every mail."""
    with mail_server() as running:
        use_server(running.url)
        yield running


def post(to: str = "ada@contoso.example", organization: int | None = None, **fields: object) -> Message:
    """Add a mail with a text of its own."""
    parameters = {"subject": "Hello", "body": f"To {to}"}
    return post_mail(name="hello", to=to, parameters=parameters, organization_number=organization, **fields)
