"""A mail server for tests: it takes mails, refuses them, or says nothing at all."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum


class Mood(Enum):
    """How the server answers."""

    WELL = "takes every mail"
    REFUSES = "knows no recipient"
    BUSY = "asks to try again later"
    SILENT = "accepts connections and says nothing"


class MailServer(socketserver.ThreadingTCPServer):
    """A small SMTP server (RFC 5321) on a free port of this machine; `mails` are those that it took."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, mood: Mood) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mood = mood
        self.mails: list[tuple[str, str]] = []
        self.delay = 0.0  # seconds before it takes a mail
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        """What EMAIL_URL would be."""
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def recipients(self) -> list[str]:
        """The recipients of the mails that were taken, in their order."""
        return [recipient for recipient, _ in self.mails]


class _Session(socketserver.StreamRequestHandler):
    server: MailServer
    timeout = 60

    def handle(self) -> None:
        if self.server.mood == Mood.SILENT:
            self.server.ended.wait(60)
            return
        self._say("220 mail.test")
        recipient = ""
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
                self._say(_REPLIES[self.server.mood])
            elif verb == "DATA":
                self._say("354 go on")
                text = b"".join(iter(self.rfile.readline, b".\r\n")).decode()
                self.server.ended.wait(self.server.delay)
                self.server.mails.append((recipient, text))
                self._say("250 taken")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 mail.test")

    def _say(self, reply: str) -> None:
        self.wfile.write(f"{reply}\r\n".encode())


_REPLIES = {
    Mood.WELL: "250 ok",
    Mood.REFUSES: "550 5.1.1 no such mailbox",
    Mood.BUSY: "451 4.7.1 greylisted, try again later",
}


@contextmanager
def mail_server(mood: Mood = Mood.WELL) -> Iterator[MailServer]:
    """A running mail server, which ends with the block."""
    with MailServer(mood) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join(10)


def closed_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
