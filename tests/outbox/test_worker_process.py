"""`manage.py worker` as a process of its own: it sends, ends gracefully, is killed, and shares its work."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from tests.children import running_child
from tests.outbox.mail_server import MailServer, Mood, mail_server

ROOT = Path(__file__).resolve().parents[2]
IS_POSTGRESQL = connection.vendor == "postgresql"

# Programs that look at the deployment's database as it is; what they print is JSON.
RUN = """
import django, json, sys
django.setup()
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from jobs.models import Worker
from outbox.models import Message
from outbox.services import post_mail
"""
POST = """
for number in range(int(sys.argv[1])):
    name = f"person{number}@contoso.example"
    post_mail(name="hello", to=name, parameters={"subject": "Hello", "body": name})
print(json.dumps(None))
"""
LOOK = """
print(json.dumps({
    "states": list(Message.objects.values_list("state", flat=True)),
    "tries": list(Message.objects.values_list("tries", flat=True)),
    "workers": list(Worker.objects.values_list("name", flat=True)),
    "who_worked": sorted({name for task in DBTaskResult.objects.all() for name in task.worker_ids}),
}))
"""
LET_LEASES_END = "Message.objects.filter(state='waiting').update(next_try_at=timezone.now()); print(json.dumps(None))"


class Deployment:
    """A database, a mail server, and processes that use both."""

    def __init__(self, database_url: str, server: MailServer) -> None:
        self.server = server
        self.environment = {
            **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}},
            "DJANGO_SETTINGS_MODULE": "amplisso.settings",
            "DEBUG": "true",
            "DATABASE_URL": database_url,
            "EMAIL_URL": server.url,
        }

    def run(self, program: str, *arguments: str) -> Any:
        """Run a program with this database, and return what it printed."""
        command = [sys.executable, "-c", RUN + program, *arguments]
        done = subprocess.run(
            command, env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def manage(self, *command: str) -> None:
        """Run a command of manage.py."""
        subprocess.run(
            [sys.executable, "manage.py", *command],
            env=self.environment,
            cwd=ROOT,
            check=True,
            capture_output=True,
            timeout=120,
        )

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """A running worker."""
        command: Sequence[str] = [sys.executable, "manage.py", "worker"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with running_child(command, env=self.environment, cwd=ROOT, **pipes) as process:
            yield process

    def wait(self, condition: Callable[[dict[str, Any]], bool], seconds: float = 60) -> dict[str, Any]:
        """Look until something holds, and return what was seen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            seen: dict[str, Any] = self.run(LOOK)
            if condition(seen):
                return seen
            time.sleep(0.2)
        pytest.fail(f"It never came true; last seen: {seen}")


def all_sent(seen: dict[str, Any]) -> bool:
    """Whether every message was sent."""
    return set(seen["states"]) == {"sent"}


@pytest.fixture
def deployment(transactional_db: None, tmp_path: Path) -> Iterator[Deployment]:
    """An empty database that other processes can open: on PostgreSQL the suite's own, else a file."""
    with mail_server() as server:
        if IS_POSTGRESQL:
            of = connection.settings_dict
            yield Deployment(f"postgres://{of['USER']}@{of['HOST']}:{of['PORT']}/{of['NAME']}", server)
        else:
            made = Deployment(f"sqlite:///{tmp_path / 'worker.sqlite3'}", server)
            made.manage("migrate", "--verbosity=0")
            made.manage("createcachetable")
            yield made


def test_it_sends_and_ends_silently_on_sigterm(deployment: Deployment) -> None:
    with deployment.worker() as worker:
        assert len(deployment.wait(lambda seen: bool(seen["workers"]))["workers"]) == 1
        deployment.run(POST, "3")
        posted_at = time.monotonic()
        while len(deployment.server.mails) < 3 and time.monotonic() < posted_at + 30:
            time.sleep(0.05)
        assert sorted(deployment.server.recipients()) == [f"person{number}@contoso.example" for number in range(3)]
        deployment.wait(all_sent)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
        assert worker.stdout is not None
        assert worker.stdout.read() == b""
    assert deployment.run(LOOK)["workers"] == []


@pytest.mark.parametrize("signals", [1, 2])
def test_on_sigterm_it_finishes_the_mail_that_it_sends(deployment: Deployment, signals: int) -> None:
    deployment.server.delay = 8
    deployment.run(POST, "1")
    with deployment.worker() as worker:
        deployment.wait(lambda seen: seen["tries"] == [1])
        for _ in range(signals):
            worker.send_signal(signal.SIGTERM)
            time.sleep(0.1)
        assert worker.wait(30) == 0
    assert deployment.server.recipients() == ["person0@contoso.example"]
    assert deployment.run(LOOK)["states"] == ["sent"]


def test_killed_in_the_middle_it_loses_nothing(deployment: Deployment) -> None:
    deployment.server.mood = Mood.SILENT
    deployment.run(POST, "4")
    with deployment.worker() as worker:
        deployment.wait(lambda seen: any(seen["tries"]))
        worker.kill()
        worker.wait(30)
    seen = deployment.run(LOOK)
    assert seen["states"] == ["waiting"] * 4
    deployment.server.mood = Mood.WELL
    with deployment.worker():
        deployment.wait(lambda seen: seen["states"].count("sent") >= 3)  # the others do not wait for the lease
        deployment.run(LET_LEASES_END)
        deployment.wait(all_sent)
    assert sorted(deployment.server.recipients()) == [f"person{number}@contoso.example" for number in range(4)]


@pytest.mark.skipif(not IS_POSTGRESQL, reason="on SQLite one worker runs")
def test_two_workers_share_the_work_and_send_nothing_twice(deployment: Deployment) -> None:
    assert settings.TASKS["default"]["BACKEND"].startswith("django_tasks_db")
    deployment.server.delay = 0.1
    with deployment.worker(), deployment.worker():
        deployment.wait(lambda seen: len(seen["workers"]) == 2)
        deployment.run(POST, "80")
        seen = deployment.wait(all_sent)
    assert Counter(deployment.server.recipients()) == {f"person{number}@contoso.example": 1 for number in range(80)}
    assert seen["tries"] == [1] * 80
    assert len(seen["who_worked"]) == 2
