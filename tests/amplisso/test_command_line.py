"""A command without settings or a database says so in a sentence: no traceback, exit status 1."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
import pytest
from django.db import connection

from tests.serving.gunicorn_server import ROOT, SECONDS, command, environment

COMMANDS = [
    ["org", "list"],
    ["org", "create", "Contoso", "--plan", "growth", "--admin", "ada@contoso.example"],
    ["connection", "import", "10001", "README.md", "--provider", "azure"],
    ["connection", "allow", "10001", "sha1", "--until", f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"],
    ["connection", "end", "10001", "sha1"],
    ["sso_rescue", "10001"],
    ["keys", "reencrypt"],
    ["purge"],
    ["createsuperuser", "--noinput", "--email", "operator@example.com"],
    ["changepassword", "operator@example.com"],
    ["runserver", "1"],
    ["clearsessions"],
]
FIRST_COMMANDS = [["migrate"], ["createcachetable"], ["showmigrations"]]
RUN_ALL = """
import contextlib, io, json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "amplisso.settings"
from amplisso.command_line import run
answers = []
for arguments in json.loads(sys.argv[1]):
    with contextlib.redirect_stderr(io.StringIO()) as said, contextlib.redirect_stdout(io.StringIO()):
        try:
            status = run(["manage.py", *arguments])
        except SystemExit as end:
            status = end.code
    answers.append([status, said.getvalue()])
print(json.dumps(answers))
"""


def outcomes(commands: list[list[str]], **changes: str) -> list[tuple[int, str]]:
    """Run commands one after the other in a process with this environment; exit status and standard error of each."""
    answer = subprocess.run(
        [sys.executable, "-c", RUN_ALL, json.dumps(commands)],
        cwd=ROOT,
        env=environment(**changes),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert answer.returncode == 0, answer.stderr
    return [(status, said) for status, said in json.loads(answer.stdout)]


def start(*words: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a program with this environment."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=environment(**changes),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


@pytest.mark.parametrize(
    "url", ["postgres://amplisso:pa55word@127.0.0.1:1/none", "sqlite:////nonexistent/amplisso.sqlite3"]
)
def test_without_a_database_every_command_says_so(url: str) -> None:
    commands = [*FIRST_COMMANDS, *COMMANDS]
    for arguments, (status, said) in zip(commands, outcomes(commands, DATABASE_URL=url), strict=True):
        assert status == 1, (arguments, said)
        assert re.fullmatch(r"The database cannot be used: start it, or correct DATABASE_URL \(.+\)\.\n", said), said
        assert "pa55word" not in said


def test_without_migrations_every_command_says_so(tmp_path: Path) -> None:
    commands = [arguments for arguments in COMMANDS if arguments[0] != "runserver"]  # it says so, and goes on
    for arguments, outcome in zip(
        commands, outcomes(commands, DATABASE_URL=f"sqlite:///{tmp_path / 'empty.sqlite3'}"), strict=True
    ):
        assert outcome == (1, "The database schema is out of date: run `manage.py migrate` first.\n"), arguments


def test_without_the_cache_table_a_command_that_needs_it_says_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'without_cache.sqlite3'}"
    assert outcomes([["migrate", "-v0"], ["purge"]], DATABASE_URL=url) == [
        (0, ""),
        (1, "The database has no table for the cache: run `manage.py createcachetable` first.\n"),
    ]


def test_without_redis_a_command_says_so_and_uses_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'migrated.sqlite3'}"
    look = "from django.core.cache import cache; cache.set('x', 1); assert cache.get('x') == 1"
    *_, (status, said) = outcomes(
        [["migrate", "-v0"], ["createcachetable"], ["shell", "-c", look]],
        DATABASE_URL=url,
        REDIS_URL="redis://:pa55word@127.0.0.1:1/0",
    )
    assert status == 0
    assert len(said.splitlines()) == 1
    assert "Redis did not answer, rate limits count in the database: " in said
    assert "pa55word" not in said


def test_what_the_database_refuses_is_said_and_shown_on_request(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'migrated.sqlite3'}"
    wrong = ["shell", "-c", "from django.db import connection; connection.cursor().execute('SELEKT 1')"]
    *_, (status, said) = outcomes([["migrate", "-v0"], ["createcachetable"], wrong], DATABASE_URL=url)
    assert status == 1
    assert said.startswith("The database rejected this operation: ")
    assert "Traceback" in start("manage.py", *wrong, "--traceback", DATABASE_URL=url).stderr


def server_of(name: str) -> dict[str, Any]:
    """Return psycopg2's parameters for another database beside the one of the tests."""
    return connection.get_connection_params() | {"dbname": name}


@pytest.fixture
def fresh_postgresql(db: None) -> Iterator[str]:
    """The address of a database without tables, beside the one of the tests."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
    name, server = f"fresh_{uuid.uuid4().hex}", connection.settings_dict
    with contextlib.closing(psycopg2.connect(**server_of("postgres"))) as other:
        other.autocommit = True
        other.cursor().execute(f"CREATE DATABASE {name}")
        try:
            user = ":".join(quote(server[part], safe="") for part in ("USER", "PASSWORD") if server[part])
            yield f"postgres://{user}@{server['HOST']}:{server['PORT'] or 5432}/{name}"
        finally:
            other.cursor().execute(f"DROP DATABASE {name}")


def test_a_fresh_postgresql_asks_for_migrations_and_takes_them(fresh_postgresql: str) -> None:
    behind, *rest = outcomes(
        [["purge"], ["migrate", "-v0"], ["createcachetable"], ["purge"]], DATABASE_URL=fresh_postgresql
    )
    assert behind == (1, "The database schema is out of date: run `manage.py migrate` first.\n")
    assert rest == [(0, "")] * 3


def test_migrate_gives_up_a_lock_that_is_not_freed(fresh_postgresql: str) -> None:
    # Migrations that make or drop an index beside requests wait as long as they must, and block no request.
    assert outcomes([["migrate", "audit", "0001", "-v0"]], DATABASE_URL=fresh_postgresql) == [(0, "")]
    name = fresh_postgresql.rpartition("/")[2]
    with contextlib.closing(psycopg2.connect(**server_of(name))) as other:
        other.cursor().execute("SELECT 1 FROM audit_event")  # any transaction that has read the table, and goes on
        ((status, said),) = outcomes([["migrate", "audit", "zero", "-v0"]], DATABASE_URL=fresh_postgresql)
    assert status == 1
    assert said.startswith("Another transaction was in the way: run this command again at a quieter time ")
    assert "(canceling statement due to lock timeout)" in said


@pytest.mark.parametrize("arguments", [[], ["check"], ["help"], ["migrate"], ["purge"]], ids=str)
def test_without_settings_every_command_says_so(arguments: list[str]) -> None:
    answer = start("manage.py", *arguments, SECRET_KEY="", BASE_URL="", ALLOWED_HOSTS="")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert re.fullmatch(r"Set SECRET_KEY, BASE_URL and ALLOWED_HOSTS in [^\n]+\.\n", answer.stderr)


def test_each_wrong_setting_is_a_line() -> None:
    answer = start("manage.py", "check", LOG_LEVEL="LOUD", HSTS_SECONDS="-5")
    assert answer.returncode == 1
    assert [line.split()[0] for line in answer.stderr.splitlines()] == ["HSTS_SECONDS", "LOG_LEVEL"]


def test_gunicorn_says_what_is_wrong_and_starts_no_worker() -> None:
    answer = start(*command("amplisso.wsgi", "127.0.0.1:0")[1:], LOG_LEVEL="LOUD", HSTS_SECONDS="-5")
    assert answer.returncode == 1
    said = [line for line in answer.stderr.splitlines() if " [INFO] " not in line]
    assert [line.split()[0] for line in said] == ["HSTS_SECONDS", "LOG_LEVEL"]


def test_make_run_says_what_is_wrong() -> None:
    answer = start("-c", "from amplisso import run; run._is_free = bool; exit(run.main())", DEBUG="maybe")
    assert (answer.returncode, answer.stderr) == (1, "DEBUG is 'maybe': write true or false.\n")


def test_make_run_without_a_database_says_so() -> None:
    script = "from amplisso import run; run._is_free = bool; exit(run.main())"
    answer = start("-c", script, DEBUG="true", EMAIL_URL="", DATABASE_URL="postgres://x:y@127.0.0.1:1/none")
    assert answer.returncode == 1
    assert re.fullmatch(r"The database cannot be used: [^\n]+\n", answer.stderr)
