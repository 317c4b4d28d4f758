"""docs/faults.md, row by row: gunicorn with PostgreSQL and Redis, each broken by a proxy while sign-ins arrive."""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
from django.conf import settings as project
from django.db import connection
from django.db.models import Count

from orgs.models import GrantKind, Membership, SessionGrant
from sso.models import Identity, SignIn, SignInState
from tests.faults.proxy import Proxy, proxy_to
from tests.faults.servers import redis_server
from tests.serving.gunicorn_server import ROOT, Server, environment, gunicorn
from tests.sso.conftest import Journey, new_browser

SLACK = 3.0  # seconds that a busy machine may add
PATIENCE = 60  # seconds after which a test gives up
AT_ONCE = 8  # two workers of four threads
pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
]


class Row(NamedTuple):
    """A row of the table: the statuses that users may see, and the seconds that a request may take."""

    statuses: set[int]
    seconds: float


def row(fault: str) -> Row:
    """Return what docs/faults.md says of a fault."""
    lines = (ROOT / "docs/faults.md").read_text().splitlines()
    (cells,) = [line.split(" | ") for line in lines if line.startswith(f"| {fault} | ")]
    return Row({int(each) for each in re.findall(r"\b\d{3}\b", cells[1])}, float(re.findall(r"(\d+) s", cells[2])[0]))


class Answer(NamedTuple):
    """What a browser got, 0 for no response, and after how many seconds."""

    status: int
    seconds: float
    retry_after: str = ""
    cache_control: str = ""
    body: str = ""
    cookies: tuple[str, ...] = ()


@dataclass
class Deployment:
    """A gunicorn, and the proxies between it and its servers."""

    server: Server
    database: Proxy
    redis: Proxy
    _clients: Iterator[int] = field(default_factory=itertools.count)

    def _new_address(self) -> str:
        """Return an address that no client has had, so that no limit counts one test for another."""
        return f"2001:db8:{next(self._clients):x}::1"

    def request(self, path: str, form: dict[str, str] | None = None, cookies: str = "") -> Answer:
        """Send one request as the proxy in front does, GET unless there is a form."""
        headers = {"Host": "amplisso.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": self._new_address()}
        headers |= {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": cookies,
            "Referer": "https://amplisso.example/",
        }
        began = time.monotonic()
        browser = HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        try:
            browser.request("POST" if form else "GET", path, urlencode(form) if form else None, headers)
            got = browser.getresponse()
            body = got.read().decode()
        except (OSError, HTTPException):
            return Answer(0, time.monotonic() - began)
        finally:
            browser.close()
        values = tuple(got.headers.get_all("Set-Cookie") or ())
        names = ("Retry-After", "Cache-Control")
        retry, control = (got.headers.get(name, "") for name in names)
        return Answer(got.status, time.monotonic() - began, retry, control, body, values)


@pytest.fixture(scope="module")
def deployment(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Serve the database of the tests as a deployment does."""
    folder, own = tmp_path_factory.mktemp("faults"), connection.settings_dict
    secrets = {"SECRET_KEY": project.SECRET_KEY, "KEY_ENCRYPTION_KEYS": ",".join(project.KEY_ENCRYPTION_KEYS)}
    with ExitStack() as stack:
        database = stack.enter_context(proxy_to(str(own["HOST"]), int(own["PORT"])))
        redis = stack.enter_context(proxy_to("127.0.0.1", stack.enter_context(redis_server(folder))))
        changes = {
            **secrets,
            "BASE_URL": "https://amplisso.example",
            "ALLOWED_HOSTS": "amplisso.example,sso.example.com",
            "TRUSTED_PROXY_COUNT": "1",
            "DATABASE_URL": f"postgres://{own['USER']}:{own['PASSWORD']}@127.0.0.1:{database.port}/{own['NAME']}",
            "REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
        }
        _collect_static_files(changes)
        server = stack.enter_context(gunicorn(folder, **changes))
        yield Deployment(server, database, redis)


def _collect_static_files(changes: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment(**changes), check=True, timeout=120)


@pytest.fixture(autouse=True)
def healed(deployment: Deployment) -> Iterator[None]:
    """Begin and end with everything well, however a test ends."""
    yield
    deployment.database.heal()
    deployment.redis.heal()


class Prepared(NamedTuple):
    """A response of the provider that a browser is about to post."""

    path: str
    form: dict[str, str]
    cookies: str
    request_id: str


def prepare(journey: Journey, count: int) -> list[Prepared]:
    """Start so many sign-ins, of members and of users who have never been here, and return their responses."""
    people = sorted(alias for alias, user in journey.tenant.users.items() if user.mail)
    found = []
    for number in range(count):
        journey.browser = new_browser()
        request_id = journey.start()
        cookies = "; ".join(f"{name}={each.value}" for name, each in journey.browser.cookies.items())
        encoded = journey.answer(people[number % len(people)], request_id)
        path = f"/saml/2/acs/{journey.organization.number}"
        found.append(Prepared(path, {"SAMLResponse": encoded}, cookies, request_id))
    return found


def post(deployment: Deployment, responses: Sequence[Prepared]) -> list[Answer]:
    """Post responses at once, as their browsers do."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda each: deployment.request(each.path, each.form, each.cookies), responses))


def recover(deployment: Deployment, responses: Sequence[Prepared]) -> None:
    """Send responses again until each is taken, for at most the five seconds that the table says."""
    end = time.monotonic() + 5 + SLACK
    left = list(responses)
    while left:
        left = [each for each, answer in zip(left, post(deployment, left), strict=True) if answer.status != 303]
        assert not left or time.monotonic() < end


def assert_nothing_is_half_done(journey: Journey, responses: Sequence[Prepared]) -> None:
    """Each request was used once, and each user who came in has membership, identity and one grant for each sign-in."""
    used = SignIn.objects.filter(request_id__in=[each.request_id for each in responses])
    assert used.count() == len(responses)
    assert set(used.values_list("state", flat=True)) == {SignInState.SUCCEEDED}
    succeeded = SignIn.objects.filter(organization=journey.organization, state=SignInState.SUCCEEDED)
    assert SessionGrant.objects.filter(kind=GrantKind.SSO).count() == succeeded.count()
    people = set(succeeded.values_list("user_id", flat=True))
    of_members = Membership.objects.filter(organization=journey.organization, user_id__in=people)
    assert set(of_members.values_list("user_id", flat=True)) == people
    per_person = Identity.objects.values("user_id").annotate(count=Count("pk")).values_list("user_id", "count")
    assert dict(per_person) == dict.fromkeys(people, 1)


Break = Callable[[Deployment], None]


def gone(deployment: Deployment) -> None:
    deployment.database.refuse()


def hanging(deployment: Deployment) -> None:
    deployment.database.hangs = True


def slow(deployment: Deployment) -> None:
    deployment.database.delay = 0.03


def forgotten(deployment: Deployment) -> None:
    deployment.database.forget()


def family(faults: list[tuple[str, Break]]) -> list[object]:
    """Return the parameters of a family of tests; what is only slow is left to CI."""
    return [
        pytest.param(*fault, id=fault[0], marks=[pytest.mark.slow] if "slow" in fault[0] else []) for fault in faults
    ]


FAULTS: list[tuple[str, Break]] = [
    ("PostgreSQL is gone", gone),
    ("PostgreSQL accepts connections and does not respond", hanging),
    ("PostgreSQL is slow", slow),
    ("Connections are dropped between requests", forgotten),
]


@pytest.mark.parametrize(("fault", "break_it"), family(FAULTS))
def test_a_database_that_fails(deployment: Deployment, journey: Journey, fault: str, break_it: Break) -> None:
    promised, responses = row(fault), prepare(journey, 2 * AT_ONCE)
    first = post(deployment, responses[:AT_ONCE])  # each thread has a connection now
    assert {answer.status for answer in first} == {303}, deployment.server.log.read_text()[-5000:]
    break_it(deployment)
    with ThreadPoolExecutor(1) as pool:
        posting = pool.submit(post, deployment, responses[AT_ONCE:])
        time.sleep(1)
        alive = deployment.request("/healthz")
        answers = posting.result(PATIENCE)
    assert alive.status == 200
    assert alive.seconds < 1 + SLACK
    assert {answer.status for answer in answers} == promised.statuses, deployment.server.log.read_text()[-5000:]
    assert max(answer.seconds for answer in answers) < promised.seconds + SLACK
    assert_errors_are_errors(answers)
    deployment.database.heal()
    recover(
        deployment, [each for each, answer in zip(responses[AT_ONCE:], answers, strict=True) if answer.status != 303]
    )
    assert_nothing_is_half_done(journey, responses)


def assert_errors_are_errors(answers: Sequence[Answer]) -> None:
    """Each 503 says when to come back, is kept by no cache and has a reference; none takes a cookie away."""
    for answer in answers:
        if answer.status == 503:
            assert answer.retry_after == "5"
            assert "no-store" in answer.cache_control
            assert re.search(r"<code>[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}</code>", answer.body)
            assert answer.cookies == ()


def test_a_database_that_restarts_under_load(deployment: Deployment, journey: Journey) -> None:
    promised, responses = row("PostgreSQL restarts under load"), prepare(journey, 5 * AT_ONCE)
    with ThreadPoolExecutor(1) as pool:
        posting = pool.submit(post, deployment, responses)
        while not posting.done():
            _end_all_connections()
            time.sleep(0.3)
        answers = posting.result(PATIENCE)
    assert {answer.status for answer in answers} <= promised.statuses
    assert 303 in {answer.status for answer in answers}
    assert max(answer.seconds for answer in answers) < promised.seconds + SLACK
    assert_errors_are_errors(answers)
    recover(deployment, [each for each, answer in zip(responses, answers, strict=True) if answer.status != 303])
    assert_nothing_is_half_done(journey, responses)


def _end_all_connections() -> None:
    """End the connections of gunicorn as the server does when it restarts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )


def test_a_web_process_that_is_killed(deployment: Deployment, journey: Journey) -> None:
    promised = row("A web process is killed (`kill -9`)")
    responses = prepare(journey, 3 * AT_ONCE)
    with ThreadPoolExecutor(1) as pool:
        posting = pool.submit(post, deployment, responses)
        time.sleep(0.1)
        os.kill(_workers(deployment.server)[0], signal.SIGKILL)
        answers = posting.result(PATIENCE)
    assert {answer.status for answer in answers} <= promised.statuses, deployment.server.log.read_text()[-5000:]
    recover(deployment, [each for each, answer in zip(responses, answers, strict=True) if answer.status != 303])
    assert_nothing_is_half_done(journey, responses)


def _workers(server: Server) -> list[int]:
    pid = server.process.pid
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def redis_gone(deployment: Deployment) -> None:
    deployment.redis.refuse()


def redis_hanging(deployment: Deployment) -> None:
    deployment.redis.hangs = True


def redis_slow(deployment: Deployment) -> None:
    deployment.redis.delay = 0.03


REDIS_FAULTS: list[tuple[str, Break]] = [
    ("Redis is gone", redis_gone),
    ("Redis accepts connections and does not respond", redis_hanging),
    ("Redis is slow", redis_slow),
]


@pytest.mark.parametrize(("fault", "break_it"), family(REDIS_FAULTS))
def test_a_redis_that_fails(deployment: Deployment, journey: Journey, fault: str, break_it: Break) -> None:
    promised = row(fault)
    form, cookies = _sign_in_form(deployment)
    break_it(deployment)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        forms = [form | {"login": f"user{number}-{form['login']}"} for number in range(AT_ONCE)]
        answers = list(pool.map(lambda each: deployment.request("/account/login/", each, cookies), forms))
    assert {answer.status for answer in answers} == promised.statuses
    assert max(answer.seconds for answer in answers) < promised.seconds + SLACK
    assert not [each for answer in answers for each in answer.cookies if each.startswith('sessionid=""')]
    (response,) = prepare(journey, 1)
    assert [answer.status for answer in post(deployment, [response])] == [303]


def _sign_in_form(deployment: Deployment) -> tuple[dict[str, str], str]:
    """Open the sign-in page, and return a wrong password with what the page wants back."""
    page = deployment.request("/account/login/")
    (token,) = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.body))
    cookies = "; ".join(each.partition(";")[0] for each in page.cookies)
    return {"login": f"{token.lower()}@contoso.example", "password": "wrong", "csrfmiddlewaretoken": token}, cookies
