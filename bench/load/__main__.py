"""Whole sign-ins over HTTP for minutes: eight browsers against gunicorn on PostgreSQL. `make load`.

Each browser is a new one for each sign-in, with cookies and an address of its own: it opens the start page, takes the
request to the provider, posts the response and opens the page it is led to. The provider is in this process. The run
fails if any response is not what a browser should get, if a sign-in is missing from the log, or if the memory of the
workers grows by more than 5 %.
"""

from __future__ import annotations

import base64
import itertools
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from typing import IO, Final, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from bench.databases import DEFAULT_URL, database, reachable
from bench.http import migrate, our_environment
from bench.provider import HOST, NUMBER, Material
from bench.report import duration, say, table

BROWSERS: Final = 8
SECONDS: Final = 20 if os.environ.get("QUICK", "") not in {"", "0"} else 300
_STEPS: Final = ("start page", "response to session", "first page")
_MOST_GROWTH: Final = 1.05
_TIMEOUT: Final = 30  # seconds
# The workers and threads of the image (Dockerfile).
_SERVER: Final = ("--workers", "2", "--threads", "4", "amplisso.wsgi")
_CLIENTS: Final = itertools.count(1)


class _Reply(NamedTuple):
    status: int
    location: str
    cookies: Mapping[str, str]


class _Browser:
    """A browser that keeps cookies, at an address of its own: starts are limited by address."""

    def __init__(self, port: int) -> None:
        number = next(_CLIENTS)
        self._port, self._cookies = port, dict[str, str]()
        self._address = f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1"

    def ask(self, path: str, form: Mapping[str, str] | None = None) -> _Reply:
        """Send a GET, or a POST with a form, and keep the cookies."""
        server = HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT)
        try:
            body = urlencode(form) if form else None
            server.request("POST" if form else "GET", path, body, self._headers())
            response = server.getresponse()
            response.read()
        finally:
            server.close()
        jar = SimpleCookie("; ".join(response.headers.get_all("Set-Cookie", [])))
        self._cookies |= {name: each.value for name, each in jar.items()}
        return _Reply(response.status, response.headers.get("Location", ""), self._cookies)

    def _headers(self) -> dict[str, str]:
        return {
            "Host": HOST,
            "X-Forwarded-For": self._address,
            "X-Forwarded-Proto": "https",
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
        }


class _Run:
    """The browsers, their times by step, and what went wrong."""

    def __init__(self, material: Material, port: int) -> None:
        self._material, self._port = material, port
        self._end = time.monotonic() + SECONDS
        self.times: dict[str, list[float]] = {step: [] for step in _STEPS}
        self.errors: list[str] = []

    def work(self) -> None:
        """Sign in again and again until the time is over."""
        while time.monotonic() < self._end:
            try:
                self._sign_in(_Browser(self._port))
            except (OSError, RuntimeError) as error:
                self.errors.append(repr(error))

    def _sign_in(self, browser: _Browser) -> None:
        started = self._timed(0, browser, f"/sso/{NUMBER}/start", None, 302)
        query = parse_qs(urlsplit(started.location).query)
        request = zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15).decode()
        request_id = re.findall(r'\bID="([^"]+)"', request)[0]
        form = {"SAMLResponse": self._material.response(request_id), "RelayState": query["RelayState"][0]}
        entered = self._timed(1, browser, f"/saml/2/acs/{NUMBER}", form, 303)
        self._timed(2, browser, urlsplit(entered.location).path, None, 200)

    def _timed(self, step: int, browser: _Browser, path: str, form: Mapping[str, str] | None, status: int) -> _Reply:
        began = time.perf_counter()
        reply = browser.ask(path, form)
        if reply.status != status:
            raise RuntimeError(f"{path}: {reply.status} {reply.location}")
        self.times[_STEPS[step]].append(time.perf_counter() - began)
        return reply


def main() -> None:
    """Run everything, print it, and exit with 1 if something was not as it should be."""
    url = os.environ.get("DATABASE_URL") or DEFAULT_URL
    reason = reachable(url) if url.startswith("postgres") else "DATABASE_URL names no PostgreSQL"
    if reason:
        sys.exit(f"Nothing is measured: {reason}")
    with database(url, f"amplisso_load_{os.getpid()}") as at, tempfile.TemporaryFile("w+") as log:
        environment = {**our_environment(), "DATABASE_URL": at, "TRUSTED_PROXY_COUNT": "1"}
        migrate(environment)
        _collect_static_files(environment)
        material = _populate(environment)
        with _gunicorn(environment, log) as (port, master):
            run, memory = _Run(material, port), _measured(master)
            threads = [threading.Thread(target=run.work) for _ in range(BROWSERS)]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                memory.append(sum(_measured(master)))
                time.sleep(SECONDS / 30)
        log.seek(0)
        _report(run, memory[1:], [line.strip() for line in log if " ERROR " in line or "Traceback" in line])


def _collect_static_files(environment: Mapping[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-m", "django", "collectstatic", "--no-input", "--verbosity", "0"],
        env={**os.environ, **environment},
        check=True,
        timeout=_TIMEOUT,
    )


def _populate(environment: Mapping[str, str]) -> Material:
    import django

    os.environ |= environment
    django.setup()
    from django.db import connection

    from bench.population import populate

    material = Material.create()
    populate(material, connections=1)
    connection.close()
    return material


@contextmanager
def _gunicorn(environment: Mapping[str, str], log: IO[str]) -> Iterator[tuple[int, int]]:
    """Serve as the image does; yield the port and the process ID of gunicorn's master."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *_SERVER],
        env={**os.environ, **environment},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait_for(port, server)
        yield port, server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(_TIMEOUT)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _TIMEOUT
    while server.poll() is None and time.monotonic() < end:
        try:
            _Browser(port).ask("/healthz")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("gunicorn did not start")


def _measured(master: int) -> list[int]:
    """Return the resident memory of each worker, in bytes."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") for pid in children]


def _report(run: _Run, memory: list[int], complaints: list[str]) -> None:
    for problem in (*run.errors[:10], *complaints[:10]):
        say(problem)
    if not all(run.times.values()):
        sys.exit("No browser got to its first page.")
    rows = []
    for step, times in run.times.items():
        cuts = statistics.quantiles([*times, times[-1]], n=100)
        rows.append([step, str(len(times)), duration(cuts[49]), duration(cuts[98]), duration(max(times))])
    table(f"{BROWSERS} browsers, {SECONDS} seconds", ["step", "times", "median", "p99", "longest"], rows)
    growth = _growth(memory)
    say(f"\nMemory of the workers: {memory[-1] / 2**20:.0f} MB, {growth - 1:+.1%} since they were warm")
    missing = len(run.times[_STEPS[1]]) - _signed_in()
    say(f"{len(run.errors)} errors, {len(complaints)} complaints of the server, {missing} sign-ins missing in the log")
    if run.errors or complaints or missing or growth > _MOST_GROWTH:
        sys.exit(1)


def _growth(memory: list[int]) -> float:
    """Return the last fifth of the samples as a multiple of the second, when all caches are full."""
    fifth = max(len(memory) // 5, 1)
    return statistics.median(memory[-fifth:]) / statistics.median(memory[fifth : 2 * fifth])


def _signed_in() -> int:
    from sso.models import SignIn, SignInState

    return SignIn.objects.filter(state=SignInState.SUCCEEDED).count()


if __name__ == "__main__":
    main()
