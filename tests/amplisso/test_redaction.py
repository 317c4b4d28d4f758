"""No log has a token, a SAML message or another value that could be used by its reader."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from amplisso.redaction import TokenFreeFormatter, without_tokens
from tests.amplisso.test_settings import logged
from tests.serving.gunicorn_server import gunicorn

TOKEN = "s3cret-T0ken_value"
WITH_A_TOKEN = [
    f"/invitations/{TOKEN}",
    f"/invitations/{TOKEN}/",
    f"/account/confirm-email/MQ:{TOKEN}:x/",
    f"/account/password/reset/key/2-{TOKEN}/",
    f"/sso/10001/start?hint={TOKEN}",
    f"/sso/10001/start?next=%2F&again={TOKEN}&test={TOKEN}",
    f"/saml/2/slo/10001?SAMLRequest={TOKEN}&SigAlg=x&Signature={TOKEN}",
    f"/signed-out?token={TOKEN}",
    f"/account/login/?next=/invitations/{TOKEN}",
]
# Values in addresses that are no secrets: they are shown on pages and useless without a session.
PUBLIC_VALUES = {"domain", "app_label", "content_type_id", "object_id", "url"}


@pytest.mark.parametrize("target", WITH_A_TOKEN)
@pytest.mark.parametrize(
    "line",
    [
        '"GET {} HTTP/1.1" 200 5',
        '127.0.0.1 - - "POST /sign-in HTTP/1.1" 303 0 "https://sso.example.com{}" "Mozilla/5.0"',
        "WARNING django.request Not Found: {}",
        "code 400, message Bad request syntax ('GET {} x HTTP/1.1')",
        "Referer checking failed - https://other.example{} does not match any trusted origins.",
    ],
)
def test_a_line_keeps_all_but_the_token(line: str, target: str) -> None:
    shown = without_tokens(line.format(target))
    assert TOKEN not in shown
    before, after = line.split("{}")
    assert shown.startswith(before + target[:8])
    assert shown.endswith(after)


@pytest.mark.parametrize(
    "line",
    [
        "Why? Nobody knows. (/o/contoso/settings/invitations/5f9c/)",
        '"GET /o/contoso/settings/invitations/0b7e1f0c-7c1c-4a55-8a2b-1d1e5f0a9f11 HTTP/1.1" 404 5',
        '"GET /sso/10001/refused/7KQ4-M2XD-P9TR HTTP/1.1" 200 5',
        '"GET /account/password/reset/ HTTP/1.1" 200 5 "-" "-"',
    ],
)
def test_a_line_without_a_token_stays_as_it_is(line: str) -> None:
    assert without_tokens(line) == line


def patterns(resolver: URLResolver, before: str = "/") -> Iterator[tuple[str, URLPattern]]:
    """Every address with the text of its route."""
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern).lstrip("^")
        if isinstance(entry, URLResolver):
            yield from patterns(entry, route)
        else:
            yield route, entry


def test_every_address_with_a_free_text_in_it_is_hidden_or_known_as_public() -> None:
    free = re.compile(r"<(?:str|path):(\w+)>|\(\?P<(\w+)>[^)]*\)")
    found = {
        (route, name)
        for route, _ in patterns(get_resolver())
        for names in free.findall(route)
        for name in names
        if name and name not in PUBLIC_VALUES
    }
    assert {name for _, name in found} >= {"token", "key", "uidb36"}
    shown = {route for route, _ in found if TOKEN in without_tokens(free.sub(TOKEN, route))}
    assert shown == set()


def test_a_traceback_is_without_tokens() -> None:
    formatter = TokenFreeFormatter(logging.Formatter("%(message)s"))
    with pytest.raises(FileNotFoundError) as failure:
        Path(f"/invitations/{TOKEN}").read_text()
    cause = (failure.type, failure.value, failure.tb)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "Failed", None, cause)
    text = formatter.format(record)
    assert "Traceback" in text
    assert TOKEN not in text


@pytest.mark.parametrize("debug", ["true", "false"])
def test_every_logger_of_django_hides_tokens(debug: str) -> None:
    script = f"""
for name in ['django.request', 'django.security.csrf', 'django.server', 'orgs', '']:
    extra = {{'server_time': 'now', 'status_code': 404}}
    logging.getLogger(name).error('%s: /invitations/{TOKEN}?x={TOKEN}', name or 'root', extra=extra)
"""
    lines = logged(f"exec({script!r})", DEBUG=debug, EMAIL_URL="")
    assert len(lines) == 5
    assert all("/invitations/[hidden]" in line and TOKEN not in line for line in lines), lines


def test_gunicorn_hides_tokens_too(tmp_path: Path) -> None:
    with gunicorn(tmp_path) as server:
        for target in WITH_A_TOKEN:
            server.get(target, [("Referer", f"https://sso.example.com{target}"), ("X-Forwarded-Proto", "https")])
        server.get(f"/invitations/{TOKEN}", [("Transfer-Encoding", "unknown")])  # refused before any page sees it
    log = server.log.read_text()
    assert log.count("/invitations/[hidden]") >= 4
    assert '"GET /sso/10001/start?[hidden] HTTP/1.1"' in log
    assert TOKEN not in log
