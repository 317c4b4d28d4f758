"""SQLite whose disk is full, and a provider whose clock is wrong: the last rows of docs/faults.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from orgs.models import SessionGrant
from sso.models import SignInState
from tests.sso.conftest import Journey

ROOT = Path(__file__).resolve().parents[2]
# Filled to the last page, then given room again.
SCRIPT = """
import json, django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.test import Client
from orgs.models import PasswordAttempt
call_command("migrate", verbosity=0)
call_command("createcachetable", verbosity=0)
browser = Client(headers={"host": "amplisso.example"}, raise_request_exception=False)
browser.defaults["wsgi.url_scheme"] = "https"

def sign_in(name):
    form = {"login": name + "x" * 40 + "@contoso.example", "password": "wrong" * 100}
    return browser.post("/account/login/", form)

def pages(most):
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA max_page_count = {most}")

pages(1)
answers = [sign_in(f"a{number}") for number in range(200)]
full = [answer for answer in answers if answer.status_code == 503]
refused = PasswordAttempt.objects.count()
read = browser.get("/account/login/").status_code
pages(1_000_000)
after = sign_in("b").status_code
kept = PasswordAttempt.objects.count() - refused
headers = [full[0]["Retry-After"], full[0]["Cache-Control"]] if full else []
print(json.dumps([sorted({answer.status_code for answer in answers}), headers, read, after, kept]))
"""


def test_sqlite_without_room_is_unavailable(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'full.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    command = [sys.executable, "-c", SCRIPT]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=150, check=False)
    assert run.returncode == 0, run.stderr
    statuses, headers, read, after, kept = json.loads(run.stdout.splitlines()[-1])
    assert statuses == [200, 503]
    assert headers[0] == "5"
    assert "no-store" in headers[1]
    assert (read, after, kept) == (200, 200, 1)
    assert "database or disk is full" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.django_db
def test_a_provider_whose_clock_is_ahead_is_refused_until_it_is_right(journey: Journey) -> None:
    journey.sign_in(now=timezone.now() + timedelta(minutes=10))
    refused = journey.last()
    assert refused.state == SignInState.REFUSED
    assert refused.clock_skew is not None
    assert round(refused.clock_skew / 60) == 10
    assert not SessionGrant.objects.filter(kind="sso").exists()
    journey.sign_in()
    assert journey.last().state == SignInState.SUCCEEDED


@pytest.mark.django_db
def test_a_provider_whose_clock_is_behind_is_noticed(journey: Journey) -> None:
    journey.sign_in(now=timezone.now() - timedelta(minutes=10))
    noticed = journey.last()
    assert noticed.state == SignInState.SUCCEEDED
    assert noticed.clock_skew is not None
    assert round(noticed.clock_skew / 60) == -10
