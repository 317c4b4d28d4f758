"""`make run`: two servers that begin and end together."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import pytest

from amplisso import run
from amplisso.environment import read
from tests.children import running_child

ROOT = Path(__file__).resolve().parents[2]
# A server that says that it listens and goes on until it is ended.
WAITING = "import sys; sys.stdout.write('!'); sys.stdout.flush(); sys.stdin.read()"
# One that takes its time to end.
SLOW = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1), exit())); " + WAITING
SERVE = "import sys; from amplisso import run; sys.exit(run._serve([('-c', code) for code in sys.argv[1:]], ''))"


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def serving(*programs: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks after these programs, as `make run` does after its servers."""
    command = [sys.executable, "-c", SERVE, *programs]
    with running_child(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        yield process


def test_when_one_ends_so_does_the_other() -> None:
    with serving(WAITING, "pass") as running:
        assert running.wait(30) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_ends_it_ends_both(number: signal.Signals) -> None:
    with serving(WAITING, WAITING) as running:
        assert running.stdout is not None
        assert running.stdout.read(2) == b"!!"
        running.send_signal(number)
        assert running.wait(30) == 0
        assert running.stdout.read() == b""  # the end of the pipe: no process holds it any more


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_an_impatient_second_signal_changes_nothing(first: signal.Signals, second: signal.Signals) -> None:
    with serving(SLOW, SLOW) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.read(2) == b"!!"
        running.send_signal(first)
        time.sleep(0.15)
        running.send_signal(second)
        assert running.wait(30) == 0
        assert (running.stdout.read(), running.stderr.read()) == (b"", b"")


def test_a_signal_before_the_servers_start_ends_it_without_a_traceback() -> None:
    code = (
        "import os, signal; from amplisso import run; run._refusal = lambda: os.kill(os.getpid(), {}); exit(run.main())"
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        ended = subprocess.run(
            [sys.executable, "-c", code.format(int(number))], capture_output=True, timeout=60, check=False, cwd=ROOT
        )
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


def test_a_port_that_is_taken_is_said_in_a_sentence(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SIMULATOR_PORT", taken)
    monkeypatch.setattr(run, "APP_PORT", 0)
    assert run._refusal() == (
        f"Port {taken} is taken: another program, or another `make run`, is using it. Stop it first."
    )


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"DEBUG": "false"},
        {"SECRET_KEY": "k7Gz" * 3 + "a-long-random-text-0123456789-abcdefghijklmnop", "BASE_URL": "https://a.example"},
    ],
    ids=["nothing", "off", "a deployment's"],
)
def test_without_debug_it_asks_for_debug_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environment: dict[str, str]
) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in environment.items()))
    variables = {"SIMULATOR_URL": "http://127.0.0.1:8001"}  # as `main` sets it
    monkeypatch.setattr(read, "is_debug", partial(read.is_debug, variables, env_file))
    monkeypatch.setattr(run, "SIMULATOR_PORT", 0)
    monkeypatch.setattr(run, "APP_PORT", 0)
    assert run._refusal() == "`make run` is for development only: set DEBUG=true in .env."


def test_the_welcome_names_three_addresses_and_everybody() -> None:
    organizations = [
        {"name": "Contoso", "admin": "ada@contoso.example", "state": "connected"},
        {"name": "Fabrikam Ltd", "admin": "mira@fabrikam.example", "state": "not connected yet"},
        {"name": "Initech", "admin": "lena@initech.example", "state": "closed"},
    ]
    welcome = run._welcome(
        {
            "password": "secret",
            "operator": "operator@amplisso.example",
            "operator_pages": "http://localhost:8000/admin/",
            "organizations": organizations,
        }
    )
    addresses = ["http://localhost:8000\n", "http://127.0.0.1:8001\n", "http://localhost:8000/admin/\n"]
    assert [address for address in addresses if address not in welcome] == []
    assert [o["admin"] for o in organizations if o["admin"] not in welcome] == []
    assert "mira@fabrikam.example      admin of Fabrikam Ltd, not connected yet\n" in welcome
    assert "secret" in welcome


# --- The whole of it ---------------------------------------------------------------------------------------------

RUN = """
import sys
from pathlib import Path
from amplisso import run
app, simulator, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
run.APP_PORT, run.SIMULATOR_PORT, run.SIMULATOR_URL = app, simulator, f"http://127.0.0.1:{simulator}"
run.STATE, run.METADATA = folder / "simulator", folder / "metadata.xml"
sys.exit(run.main())
"""


def free_ports() -> tuple[int, int]:
    """Two ports of this machine that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        return first.getsockname()[1], second.getsockname()[1]


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    """`make run` with its files in this folder; the process, the app's port and the simulator's."""
    app, simulator = free_ports()
    environment = {
        **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}},
        "DEBUG": "true",
        "BASE_URL": f"http://localhost:{app}",
        "DATABASE_URL": f"sqlite:///{folder / 'run.sqlite3'}",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(app), str(simulator), str(folder)],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    watchdog = threading.Timer(120, process.kill)  # reading a line has no time-out of its own
    watchdog.start()
    try:
        yield process, app, simulator
    finally:
        process.terminate()
        try:
            process.communicate(timeout=30)
        finally:
            watchdog.cancel()
            process.kill()


def test_the_banner_comes_last_and_access_lines_hold_no_tokens(tmp_path: Path) -> None:
    with running(tmp_path) as (process, app, simulator):
        assert process.stdout is not None
        start = "".join(iter(process.stdout.readline, "  Press Ctrl-C to stop everything.\n"))
        for port, target in ((app, "/invitations/T0ken?token=T0ken"), (simulator, "/saml2?SAMLRequest=T0ken")):
            connection = HTTPConnection("localhost", port, timeout=30)
            connection.request("GET", target)
            connection.getresponse().read()
            connection.close()
        # A server writes its access line after the response, so it is waited for.
        access = process.stdout.readline()
        process.terminate()
        rest, _ = process.communicate(timeout=30)
        assert process.returncode == 0
    addresses = set(re.findall(r"http://[^/\s]+", start))
    assert addresses == {f"http://localhost:{app}", f"http://127.0.0.1:{simulator}"}
    banner = start[start.index("  Amplisso  ") :]
    assert "Quit the server" in start
    assert "Quit the server" not in banner
    assert f"Amplisso           http://localhost:{app}\n" in banner
    assert [line.partition("] ")[2].split(" HTTP")[0] for line in [access, *rest.splitlines()]] == [
        '"GET /invitations/[hidden]?[hidden]'
    ]
