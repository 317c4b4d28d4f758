"""Start gunicorn as the image does, on a free port, and end it again."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 30  # for everything that is waited for
DEPLOYMENT = {
    "DEBUG": "false",
    "SECRET_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz",
    "BASE_URL": "https://sso.example.com",
    "ALLOWED_HOSTS": "sso.example.com",
}


@dataclass
class Server:
    """A gunicorn that answers on `port` of this machine and writes its output to `log`."""

    port: int
    log: Path
    process: subprocess.Popen[bytes]

    def get(self, target: str, headers: list[tuple[str, str]]) -> tuple[HTTPResponse, bytes]:
        """Send one GET request with these header lines; a name may come more than once."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.putrequest("GET", target, skip_host=True)
            for name, value in [("Host", "sso.example.com"), *headers]:
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()


def command(application: str, bind: str) -> list[str]:
    """Return the command of the Dockerfile, with another application and address."""
    text = re.search(r'^CMD (\["gunicorn".*?\])', (ROOT / "Dockerfile").read_text(), re.MULTILINE | re.DOTALL)
    assert text
    words = json.loads(text[1].replace("\\\n", ""))
    words[words.index("--bind") + 1] = bind
    words[words.index("amplisso.wsgi")] = application
    return [sys.executable, "-m", *words]


def environment(**changes: str) -> dict[str, str]:
    """Return the environment of a deployment, with nothing of this process but where programs are."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return kept | DEPLOYMENT | changes


@contextmanager
def gunicorn(folder: Path, application: str = "amplisso.wsgi", **changes: str) -> Iterator[Server]:
    """Serve `application` with the environment of a deployment and these changes, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = folder / "gunicorn.log"
    settings = environment(DATABASE_URL=f"sqlite:///{folder / 'served.sqlite3'}") | changes
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(application, f"127.0.0.1:{port}"), cwd=ROOT, env=settings, stdout=output, stderr=subprocess.STDOUT
        )
    server = Server(port, log, process)
    try:
        _wait_for_answer(server, process)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(SECONDS)
        finally:
            process.kill()


def _wait_for_answer(server: Server, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS
    while True:
        try:
            server.get("/healthz", [])
        except OSError:
            assert process.poll() is None, server.log.read_text()
            assert time.monotonic() < end, server.log.read_text()
            time.sleep(0.1)
        else:
            return
