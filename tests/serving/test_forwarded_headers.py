"""TRUSTED_PROXY_COUNT alone decides which forwarding headers count, on a real gunicorn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.gunicorn_server import Server, gunicorn

PROBE = "tests.serving.request_facts"
# Each of these makes gunicorn's defaults, or another server's, believe that the visitor came by https.
CLAIMS_OF_HTTPS = [
    [("X-Forwarded-Proto", "https")],
    [("X-Forwarded-Protocol", "ssl")],
    [("X-Forwarded-Ssl", "on")],
    [("X-Forwarded-Scheme", "https"), ("Front-End-Https", "on"), ("X-Url-Scheme", "https")],
    [("Forwarded", "for=203.0.113.9;host=evil.example;proto=https")],
    [("X_Forwarded_Proto", "https")],
    [("wsgi.url_scheme", "https"), ("HTTPS", "on")],
]


def facts(server: Server, *headers: tuple[str, str]) -> dict[str, str]:
    """What Amplisso makes of a request with these headers."""
    response, body = server.get("/facts", list(headers))
    assert response.status == 200, body
    return json.loads(body)


@pytest.fixture(scope="module", params=[0, 1, 2])
def proxies(request: pytest.FixtureRequest) -> int:
    """How many proxies are trusted."""
    return request.param


@pytest.fixture(scope="module")
def server(proxies: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with so many trusted proxies, and an environment that tells gunicorn to trust every peer."""
    folder = tmp_path_factory.mktemp("served")
    with gunicorn(folder, PROBE, TRUSTED_PROXY_COUNT=str(proxies), FORWARDED_ALLOW_IPS="*") as running:
        yield running


@pytest.mark.parametrize("claims", CLAIMS_OF_HTTPS, ids=lambda claims: claims[0][0])
def test_the_scheme_follows_the_setting(server: Server, proxies: int, claims: list[tuple[str, str]]) -> None:
    trusted = proxies > 0 and claims[0][0] == "X-Forwarded-Proto"
    assert facts(server, *claims)["scheme"] == ("https" if trusted else "http")


def test_contradicting_scheme_headers_are_no_error_of_the_visitor(server: Server, proxies: int) -> None:
    seen = facts(server, ("X-Forwarded-Proto", "http"), ("X-Forwarded-Ssl", "on"), ("X-Forwarded-Protocol", "ssl"))
    assert seen["scheme"] == "http"


def test_only_the_address_that_the_trusted_proxies_saw_counts(server: Server, proxies: int) -> None:
    chain = ["198.51.100.1", "198.51.100.2", "203.0.113.1", "203.0.113.2"]  # the visitor invents the first two
    seen = facts(server, ("X-Forwarded-For", ", ".join(chain)), ("X-Real-IP", "198.51.100.9"))
    assert seen["client"] == (chain[-proxies] if proxies else "127.0.0.1")


def test_repeated_lines_are_one_list(server: Server, proxies: int) -> None:
    seen = facts(server, *(("X-Forwarded-For", address) for address in ("198.51.100.1", "203.0.113.1", "203.0.113.2")))
    assert seen["client"] == {0: "127.0.0.1", 1: "203.0.113.2", 2: "203.0.113.1"}[proxies]


def test_a_request_past_the_proxies_has_the_address_of_its_connection(server: Server) -> None:
    assert facts(server)["client"] == "127.0.0.1"


def test_the_host_is_never_a_forwarded_one(server: Server) -> None:
    seen = facts(server, ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Port", "444"), ("Forwarded", "host=evil"))
    assert seen["host"] == "sso.example.com"


def test_no_header_moves_the_path(server: Server) -> None:
    seen = facts(server, ("SCRIPT_NAME", "/facts"), ("PATH_INFO", "/other"), ("X-Script-Name", "/facts"))
    assert (seen["script_name"], seen["path"]) == ("", "/facts")


def test_pages_are_served_over_https_only(server: Server, proxies: int) -> None:
    response, _ = server.get("/session", [("X-Forwarded-Proto", "https")])
    if proxies:
        assert response.status == 401
        assert "max-age=" in (response.getheader("Strict-Transport-Security") or "")
    else:
        assert response.status == 301
        assert response.getheader("Location") == "https://sso.example.com/session"


def test_what_the_image_starts_has_the_same_configuration() -> None:
    """The image takes only the files that .dockerignore names."""
    root = Path(__file__).resolve().parent.parent.parent
    assert "!gunicorn.conf.py" in (root / ".dockerignore").read_text().splitlines()
