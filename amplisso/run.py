"""`make run`: the app, its worker and the Entra ID simulator side by side, with the demo. For development only."""

from __future__ import annotations

import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final

APP_PORT: Final = 8000
SIMULATOR_PORT: Final = 8001
SIMULATOR_URL: Final = f"http://127.0.0.1:{SIMULATOR_PORT}"
STATE: Final = Path("var/simulator")
METADATA: Final = Path("var/fabrikam-metadata.xml")

WELCOME: Final = """
  Amplisso           {sign_in}
  Entra simulator    {simulator}
  For operators      {operator_pages}

  Password of all users, unless you changed it: {password}
{people}
  Press Ctrl-C to stop everything.
"""


def main() -> int:
    """Prepare the database, start all programs and wait until one ends; return the exit status, 0 by a signal."""
    # A shell starts what runs in the background with SIGINT ignored, and children would inherit that.
    _on_signals(_interrupt)
    try:
        return _prepare_and_serve()
    except KeyboardInterrupt:
        return 0


def _prepare_and_serve() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amplisso.settings")
    os.environ["SIMULATOR_URL"] = SIMULATOR_URL
    refusal = _refusal()
    if refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    from amplisso.command_line import FAILURES, explain

    try:
        welcome = _welcome(_prepare())
    except FAILURES as error:
        sys.stderr.write(f"{explain(error)}\n")
        return 1
    # Django's own warnings about development servers would hide our messages.
    os.environ["DJANGO_RUNSERVER_HIDE_WARNING"] = "true"
    # Without it the servers' first lines would wait in a buffer wherever the output is no terminal.
    os.environ["PYTHONUNBUFFERED"] = "true"
    app = ("manage.py", "runserver", f"localhost:{APP_PORT}")
    return _serve([app, ("manage.py", "worker"), _simulator()], welcome)


def _refusal() -> str:
    """Return one sentence that says why the program cannot start; "" if it can."""
    for port in (APP_PORT, SIMULATOR_PORT):
        if not _is_free(port):
            return f"Port {port} is taken: another program, or another `make run`, is using it. Stop it first."
    from django.core.exceptions import ImproperlyConfigured

    from amplisso.environment.read import is_debug

    try:
        # DEBUG is checked first: without it the settings require all that a deployment needs, which is irrelevant here.
        if not is_debug():
            return "`make run` is for development only: set DEBUG=true in .env."
        from amplisso import settings  # noqa: F401  reads and judges all of them
    except ImproperlyConfigured as error:
        return str(error)
    return ""


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _prepare() -> dict[str, Any]:
    """Bring the database up to date, load the demo, and connect its second organization to the simulator."""
    import django
    from django.core.management import call_command

    os.environ["DEBUG"] = "true"  # .env said so; the simulator reads only the environment
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    fabrikam = _demo()["organizations"][1]
    _run(*_simulator("prepare"), *_application(fabrikam))
    return _demo("--metadata", str(METADATA))


def _demo(*arguments: str) -> dict[str, Any]:
    from django.core.management import call_command

    printed = io.StringIO()
    call_command("demo", "--json", *arguments, stdout=printed)
    facts: dict[str, Any] = json.loads(printed.getvalue())
    return facts


def _simulator(*action: str) -> list[str]:
    return ["-m", "simulator", *action, "--port", str(SIMULATOR_PORT), "--state", str(STATE)]


def _application(organization: dict[str, Any]) -> list[str]:
    """Return the values that the portal's administrator would type for this organization."""
    return [
        *("--name", f"Amplisso for {organization['name']}"),
        *("--identifier", organization["entity_id"]),
        *("--reply-url", organization["acs_url"]),
        *("--sign-on-url", organization["sign_on_url"]),
        *("--metadata", str(METADATA)),
    ]


def _welcome(facts: dict[str, Any]) -> str:
    people = [
        "    {admin:<26} admin of {name}, {state}".format(**organization) for organization in facts["organizations"]
    ]
    people.append(f"    {facts['operator']:<26} operator")
    sign_in = facts["operator_pages"].removesuffix("/admin/")
    return WELCOME.format(**facts, sign_in=sign_in, simulator=SIMULATOR_URL, people="\n".join(people) + "\n")


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, timeout=120)  # noqa: S603  our own program and arguments


def _start(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, *arguments])  # noqa: S603  our own program and arguments


def _serve(programs: Sequence[Sequence[str]], welcome: str) -> int:
    """Start all, greet when they answer, wait until one ends or a signal comes, end the rest; return 0 by a signal."""
    _on_signals(_interrupt)
    servers: list[subprocess.Popen[bytes]] = []
    try:
        servers.extend(_start(*program) for program in programs)
        _watch(servers, welcome)
    except KeyboardInterrupt:
        return _end(servers, status=0)
    return _end(servers, status=1)


def _watch(servers: Sequence[subprocess.Popen[bytes]], welcome: str) -> None:
    """Return when a server has ended."""
    while all(server.poll() is None for server in servers):
        if welcome and _answers(APP_PORT) and _answers(SIMULATOR_PORT):
            sys.stdout.write(welcome)
            sys.stdout.flush()
            welcome = ""
        time.sleep(0.2)


def _answers(port: int) -> bool:
    """Return whether a server answers, with any status: all that it prints about its start is out by then."""
    connection = http.client.HTTPConnection("localhost", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _on_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt once: ignore an impatient second Ctrl-C, or a signal that comes by way of make, too.

    The second handler is a function, since children inherit SIG_IGN, and Python complains of a signal that is pending
    when it is set.
    """
    _on_signals(_let_go)
    raise KeyboardInterrupt


def _let_go(number: int, frame: FrameType | None) -> None:
    """Do nothing: everything is ending already."""


def _end(servers: Sequence[subprocess.Popen[bytes]], status: int) -> int:
    """End all servers, killing those that have not ended after ten seconds, and return the status."""
    for server in servers:
        if server.poll() is None:
            server.terminate()
    for server in servers:
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
    return status


if __name__ == "__main__":
    sys.exit(main())
