"""Mails: how the text of one is made, and the only place that talks to the mail server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

from outbox.encryption import Parameters, decrypt
from outbox.models import Message


@dataclass(frozen=True, slots=True)
class Mail:
    """The text of one mail."""

    subject: str
    body: str


Maker = Callable[[Message, Parameters], Mail]
_MAKERS: dict[str, Maker] = {}


def makes(name: str) -> Callable[[Maker], Maker]:
    """Decorate the function that makes the text of the mails of a name when one is sent, with its code or link.

    It may be called several times for one message, and makes the same code or link each time: a mail that is sent twice
    must not make the first one useless. Raises NotNeededError if the mail must not be sent any more.
    """

    def add(maker: Maker) -> Maker:
        _MAKERS[name] = maker
        return maker

    return add


def send(message: Message) -> None:
    """Hand a mail to the mail server. Raises NotNeededError, UnreadableParametersError, OSError (SMTP's are OSErrors).

    The Message-ID is the same at each try, by which mail servers and programs know a mail that comes twice.
    """
    mail = _text_of(message)
    identifier = f"<{message.public_id}@{urlsplit(settings.BASE_URL).hostname}>"
    EmailMessage(mail.subject, mail.body, to=[message.recipient], headers={"Message-ID": identifier}).send()


def _text_of(message: Message) -> Mail:
    parameters = decrypt(message.parameters)
    maker = _MAKERS.get(message.name)
    return maker(message, parameters) if maker else Mail(parameters["subject"], parameters["body"])
