"""What a worker keeps is never older than the connection: two processes, one database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection

from orgs.models import Role
from simulator.saml.keys import SigningKey
from sso.models import Configuration, SignInState
from sso.reasons import Reason
from tests.children import running_child
from tests.sso.conftest import Journey

ROOT = Path(__file__).parents[3]
# Posts what it is told to, through the same application, with caches of its own.
WORKER = """
import json, sys, django
django.setup()
from django.test import Client
for line in sys.stdin:
    path, encoded, cookies = json.loads(line)
    browser = Client(headers={"host": "amplisso.example"})
    browser.defaults["wsgi.url_scheme"] = "https"
    browser.cookies.load(cookies)
    print(browser.post(path, {"SAMLResponse": encoded})["Location"], flush=True)
"""


class Worker:
    """One more process that serves the same database."""

    def __init__(self, stack: ExitStack) -> None:
        own = connection.settings_dict
        url = f"postgres://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}/{own['NAME']}"
        environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        child = running_child([sys.executable, "-c", WORKER], cwd=ROOT, env=environment, **pipes)
        self.process = stack.enter_context(child)

    def post(self, journey: Journey, key: SigningKey) -> str:
        """Sign Grace in here, by a response that this key has signed, and return what the log says."""
        request_id = journey.start()
        encoded = journey.answer("grace", request_id, key=key, certificate=key)
        cookies = {name: each.value for name, each in journey.browser.cookies.items()}
        order = [f"/saml/2/acs/{journey.organization.number}", encoded, cookies]
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline()
        row = journey.organization.sign_ins.get(request_id=request_id)
        return row.reason or row.state


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    with ExitStack() as stack:
        yield [Worker(stack), Worker(stack)]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's test database is inside this process")
def test_a_changed_connection_is_followed_at_once_by_every_process(journey, member, make_user, workers):
    member(journey.organization, Role.MANAGER, make_user("grace@contoso.example"))
    before, after = SigningKey.create(), SigningKey.create()
    configuration = Configuration.objects.filter(connection__organization=journey.organization)

    def trust(key: SigningKey) -> None:
        configuration.update(certificates=[key.certificate_base64])

    for trusted, other in ((before, after), (after, before), (before, after)):
        trust(trusted)
        for worker in workers:
            assert worker.post(journey, trusted) == SignInState.SUCCEEDED
            assert worker.post(journey, other) == Reason.UNTRUSTED
