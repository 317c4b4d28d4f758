"""The image and the compose file: nothing in them that could be guessed, nothing that runs as root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from amplisso.healthcheck import is_healthy

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = (ROOT / "docker-compose.yml").read_text()
SECRETS = ["SECRET_KEY", "POSTGRES_PASSWORD"]
REQUIRED = [*SECRETS, "BASE_URL", "ALLOWED_HOSTS", "EMAIL_URL"]
GIVEN = {name: f"given-{name.lower()}" for name in REQUIRED}


def compose_client() -> list[str]:
    """The command that reads compose files here; without one CI fails, any other machine skips."""
    for client in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(client[0])
            and subprocess.run([*client, "version"], capture_output=True, check=False, timeout=60).returncode == 0
        ):
            return client
    if os.environ.get("CI"):
        pytest.fail("no docker compose on this machine; .ci/run installs one")
    pytest.skip("no docker compose on this machine")


def config(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What `docker compose config` says with nothing but this environment."""
    clean = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(
        [*compose_client(), "--file", "docker-compose.yml", "config"],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("missing", REQUIRED)
def test_nothing_starts_without_its_secrets_and_addresses(missing: str) -> None:
    answer = config(GIVEN | {missing: ""})
    assert answer.returncode != 0
    assert f"set {missing} to" in answer.stderr


def test_compose_accepts_the_file() -> None:
    answer = config(GIVEN)
    assert answer.returncode == 0, answer.stderr
    assert "postgres://amplisso:given-postgres_password@postgres:5432/amplisso" in answer.stdout


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_has_no_default(secret: str) -> None:
    uses = re.findall(r"\$\{?" + secret + r"\b[^}]*\}?", COMPOSE)
    assert uses
    assert all(use.startswith("${" + secret + ":?") for use in uses), uses


def test_no_password_is_written_down() -> None:
    for file in ("docker-compose.yml", "Dockerfile", ".env.example", "Makefile"):
        text = (ROOT / file).read_text()
        assert not re.search(r"(?i)(password|secret_key)\s*[:=]\s*[\"']?(?!\$|\s|#)\w", text), file


def test_only_the_proxy_in_front_reaches_the_app() -> None:
    published = re.findall(r"ports: \[(.*)\]", COMPOSE)
    assert published == ['"127.0.0.1:8000:8000"']


def test_the_image_runs_without_rights_and_without_the_simulator() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    final = lines[max(at for at, line in enumerate(lines) if line.startswith("FROM")) :]
    assert "USER amplisso" in final
    assert not [line for line in final if "SECRET_KEY" in line]
    kept = {
        line.removeprefix("!").rstrip("/")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line[:1] == "!"
    }
    assert {"amplisso", "audit", "database", "jobs", "orgs", "outbox", "sso", "templates", "manage.py"} <= kept
    assert not kept & {"bench", "simulator", "tests", ".env", "var"}


def test_everything_that_serves_is_in_the_image() -> None:
    kept = {line.strip("!/\n") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    apps = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "simulator", "tests"}
    assert apps <= kept


# --- The health check --------------------------------------------------------------------------------------------


@contextmanager
def answering(status: int) -> Iterator[tuple[int, dict[str, str]]]:
    """A server that always answers this; its port, and what it was asked."""
    asked: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.update(path=self.path, host=self.headers["Host"])
            self.send_response(status)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port, asked
        finally:
            server.shutdown()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (301, False)])
def test_the_health_check_asks_under_the_public_name(status: int, healthy: bool) -> None:
    with answering(status) as (port, asked):
        assert is_healthy(port, "https://sso.example.com") is healthy
    assert asked == {"path": "/healthz", "host": "sso.example.com"}


def test_a_server_that_is_gone_is_not_healthy() -> None:
    with answering(200) as (port, _):
        pass
    assert not is_healthy(port, "https://sso.example.com")


def test_compose_hands_on_every_setting_of_a_deployment() -> None:
    from tests.test_docs import variables_of_the_settings

    development = {"SIMULATOR_URL"}
    handed_on = set(re.findall(r"^    ([A-Z_]+): ", COMPOSE, re.MULTILINE))
    assert variables_of_the_settings() - development == handed_on


def test_a_container_ends_after_its_server() -> None:
    (graceful,) = re.findall(r"^graceful_timeout = (\d+)", (ROOT / "gunicorn.conf.py").read_text(), re.MULTILINE)
    web, _, worker = COMPOSE.partition("\n  worker:\n")
    assert re.findall(r"stop_grace_period: (\d+)s", web) == [str(int(graceful) + 5)]
    assert "stop_grace_period: 60s" in worker
