"""Settings made of an environment (test_environment.py has the judging of its values)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAFE = {
    "DEBUG": "false",
    "SECRET_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz",
    "BASE_URL": "https://sso.example.com",
    "ALLOWED_HOSTS": "sso.example.com",
    "DATABASE_URL": "sqlite://:memory:",
}
PRINT = (
    "import json, sys; from amplisso import settings; print(json.dumps([getattr(settings, n) for n in sys.argv[1:]]))"
)


def start(*names: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of its own, which has only this environment; print some of them."""
    clean = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return subprocess.run(
        [sys.executable, "-c", PRINT, *names],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def values(*names: str, **environment: str) -> list[Any]:
    """Some settings of a deployment with this environment."""
    answer = start(*names, **(SAFE | environment))
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def logged(script: str, **environment: str) -> list[str]:
    """What a started Amplisso writes to its log while it runs this script."""
    clean = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    script = f"import django, logging; django.setup(); {script}"
    settings = {"DJANGO_SETTINGS_MODULE": "amplisso.settings"}
    command, environment = [sys.executable, "-c", script], clean | SAFE | settings | environment
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return answer.stderr.splitlines()


def test_a_deployment_starts_with_https_everywhere() -> None:
    names = ["DEBUG", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS"]
    assert values(*names) == [False, True, True, True, 31_536_000]


def test_forwarded_headers_count_from_our_own_proxies_only() -> None:
    assert start("SECURE_PROXY_SSL_HEADER", **SAFE).returncode != 0
    assert values("SECURE_PROXY_SSL_HEADER", "ALLAUTH_TRUSTED_PROXY_COUNT", TRUSTED_PROXY_COUNT="1") == [
        ["HTTP_X_FORWARDED_PROTO", "https"],
        1,
    ]


@pytest.mark.parametrize("redis", ["", "redis://redis:6379/0"])
def test_sessions_are_in_the_database_with_redis_and_without(redis: str) -> None:
    assert values("SESSION_ENGINE", REDIS_URL=redis) == ["orgs.sessions.store"]


def test_an_empty_variable_is_the_same_as_none() -> None:
    """Compose files hand on every variable, set or not."""
    optional = dict.fromkeys(("SECRET_KEY_FALLBACKS", "KEY_ENCRYPTION_KEYS", "REDIS_URL", "DEFAULT_FROM_EMAIL"), "")
    assert values("SECRET_KEY_FALLBACKS", "REDIS_URL", "DEFAULT_FROM_EMAIL", **optional) == [
        [],
        "",
        "Amplisso <no-reply@sso.example.com>",
    ]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("submission://me:secret@mail.example.com:587", ["mail.example.com", 587, "me", "secret", True, False]),
        (
            "submission://me:secret@mail.example.com:465?ssl=True",
            ["mail.example.com", 465, "me", "secret", False, True],
        ),
        ("smtp://mail.example.com", ["mail.example.com", 25, "", "", False, False]),
    ],
)
def test_mail_goes_where_its_address_says(url: str, expected: list[object]) -> None:
    names = ["HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL"]
    assert values(*(f"EMAIL_{name}" for name in names), EMAIL_URL=url) == expected


def test_the_policy_allows_nothing_inline() -> None:
    (policy,) = values("CONTENT_SECURITY_POLICY")
    directives = policy["DIRECTIVES"]
    assert directives["default-src"] == ["'none'"]
    assert not re.search(r"unsafe|\*|https?:", str(directives))


def test_sqlite_waits_its_turn() -> None:
    (databases,) = values("DATABASES")
    options = databases["default"]["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in options["init_command"]


REQUESTS = """
log = logging.getLogger('django.server')
for line, status in [('GET / HTTP/1.1', 200), ('GET /static/a.css HTTP/1.1', 200), ('GET /static/b.css HTTP/1.1', 404)]:
    log.info('"%s" %s %s', line, status, 5, extra={'server_time': 'now', 'status_code': status})
logging.getLogger('django.request').warning('Not Found: /nowhere')
logging.getLogger('django.utils.autoreload').info('Watching for file changes')
logging.getLogger('orgs.emails').warning('An e-mail could not be sent')
"""


def test_development_logs_each_page_once_and_no_files_that_were_found() -> None:
    lines = logged(f"exec({REQUESTS!r})", DEBUG="true")
    wanted = ['"GET / ', '"GET /static/b.css ', "Watching for file changes", "An e-mail could not be sent"]
    assert [next(word for word in wanted if word in line) for line in lines] == wanted


def test_a_deployment_logs_once_what_was_refused() -> None:
    lines = logged("logging.getLogger('django.request').warning('Not Found: /nowhere')")
    assert [line.split(" ", 2)[2] for line in lines] == ["WARNING django.request Not Found: /nowhere"]
