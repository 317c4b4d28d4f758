"""Mails of a development server, printed with links that can be clicked."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from django.core.mail import EmailMessage
from django.core.mail.backends import console

_URL: Final = re.compile(r'https?://[^\s<>"]+')


class EmailBackend(console.EmailBackend):
    """A backend that prints each mail as text, not as it is sent: encodings break long links, and headers hide them."""

    def write_message(self, message: EmailMessage) -> None:
        """Print one mail."""
        self.stream.write(readable(message))


def readable(message: EmailMessage) -> str:
    """Return a mail's addressees, subject and body, and below a heading each of its links on a line of its own."""
    body = str(message.body).strip()
    parts = [_heading(f"Mail to {', '.join(message.to)}: {message.subject}"), body]
    links = _links(body)
    if links:
        parts += [_heading("Links in this mail"), "\n".join(links)]
    return "\n" + "\n\n".join([*parts, _heading("End of the mail")]) + "\n\n"


def _heading(text: str) -> str:
    return f"===== {text} ====="


def _links(body: str) -> list[str]:
    """Return the links of a mail once each; the address of the whole site, below every mail, is none of them."""
    found = (url.rstrip(".,;:!)") for url in _URL.findall(body))
    return [url for url in dict.fromkeys(found) if urlsplit(url).path.strip("/")]
