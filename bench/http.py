"""The sign-in over HTTP, from the response at the ACS to the session: Django's WSGI handler, on PostgreSQL."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from bench.databases import DEFAULT_URL, database, reachable
from bench.provider import HOST
from bench.report import duration, say, table
from bench.rounds import Times, ratio

OURS, STOCK, PLAIN, ALLAUTH = "Amplisso", "view round python3-saml", "Django without SAML", "django-allauth"
_MEGABYTE = 1024 * 1024
_LONGEST = 900  # seconds, for the population of 100,000 connections


class Peer:
    """One process that signs users in."""

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "bench.peers.worker", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **environment},
            text=True,
        )
        self.clock, self.processor, self.memory = Times(), Times(), 0

    def round(self, sign_ins: int, *, counts: bool = True) -> None:
        """Sign so many users in; `counts` says whether the time does."""
        found = self.ask("sign in", sign_ins)
        if counts:
            self.clock.rounds.append(found["clock"])
            self.processor.rounds.append(found["processor"])
        self.memory = found["memory"]

    def ask(self, what: str, sign_ins: int) -> dict[str, Any]:
        """Give an order and wait for the response."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("a process without pipes")
        self._process.stdin.write(json.dumps({"what": what, "sign_ins": sign_ins}) + "\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], _LONGEST)[0]:
            raise RuntimeError("a process that signs people in has not answered in time")
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a process that signs people in has ended; what it said stands above")
        found: dict[str, Any] = json.loads(line)
        return found

    def end(self) -> None:
        """Close its input, and wait."""
        self._process.communicate(timeout=60)


def run(*, rounds: int, sign_ins: int, connections: tuple[int, ...]) -> None:
    """Print the tables, or say why there are none."""
    url = os.environ.get("DATABASE_URL") or DEFAULT_URL
    reason = reachable(url) if url.startswith("postgres") else "DATABASE_URL names no PostgreSQL"
    if reason:
        say(f"\nNothing over HTTP is measured: {reason}")
        return
    with contextlib.ExitStack() as stack:
        peers = dict(_peers(stack, url, connections))
        for number in range(rounds + 1):
            for peer in peers.values():
                peer.round(sign_ins, counts=number > 0)
        _report(peers)


def _peers(stack: contextlib.ExitStack, url: str, connections: tuple[int, ...]) -> Iterator[tuple[str, Peer]]:
    # Two runs at once must not drop each other's databases.
    template = f"amplisso_bench_{os.getpid()}"
    ours, others = our_environment(), {"DJANGO_SETTINGS_MODULE": "bench.peers.settings"}
    at = stack.enter_context(database(url, template))
    migrate({**ours, "DATABASE_URL": at})
    for count in connections:
        at = stack.enter_context(database(url, f"{template}_{count}", template=template))
        name = OURS if count == 1 else f"{OURS}, {count:,} connections"
        yield name, _begun(stack, "amplisso", {**ours, "DATABASE_URL": at, "BENCH_CONNECTIONS": str(count)})
    at = stack.enter_context(database(url, f"{template}_peers"))
    migrate({**others, "DATABASE_URL": at, "BENCH_PEER": "django_allauth"})
    for name, module in ((STOCK, "stock_view"), (PLAIN, "plain_django"), (ALLAUTH, "django_allauth")):
        at = stack.enter_context(database(url, f"{template}_{module}", template=f"{template}_peers"))
        yield name, _begun(stack, module, {**others, "DATABASE_URL": at, "BENCH_PEER": module})


def _begun(stack: contextlib.ExitStack, module: str, environment: dict[str, str]) -> Peer:
    peer = Peer(module, environment)
    stack.callback(peer.end)
    return peer


def our_environment() -> dict[str, str]:
    """Return the environment of a deployment."""
    return {
        "DJANGO_SETTINGS_MODULE": "amplisso.settings",
        "DEBUG": "false",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "BASE_URL": f"https://{HOST}",
        "ALLOWED_HOSTS": HOST,
        "SIMULATOR_URL": "",
        "REDIS_URL": "",
        "EMAIL_URL": "",
        "LOG_LEVEL": "ERROR",
        # Static files were not collected, and no request asks for them.
        "PYTHONWARNINGS": "ignore:No directory at:UserWarning",
    }


def migrate(environment: dict[str, str]) -> None:
    """Bring the database that an environment names up to date."""
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0", "--skip-checks"],
        env={**os.environ, **environment},
        check=True,
        timeout=300,
    )


def _report(peers: Mapping[str, Peer]) -> None:
    stock, alone = peers[STOCK], peers[OURS]
    rows = []
    for name, peer in peers.items():
        counts = peer.ask("count", 3)["counts"]
        rows.append(
            [
                name,
                duration(peer.clock.median),
                f"{ratio(stock.clock, peer.clock):.2f}",
                f"{ratio(stock.processor, peer.processor):.2f}",
                f"{ratio(alone.clock, peer.clock):.2f}",
                *(str(each) for each in counts),
                f"{peer.memory / _MEGABYTE:.0f}",
            ]
        )
    head = ["POST to session", "median", f"x {STOCK}", "by processor", f"x {OURS}"]
    table("A response is posted, and a session comes out", [*head, "statements", "round trips", "commits", "MB"], rows)
