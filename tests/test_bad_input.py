"""Junk at every address is refused, and never an error of ours (invariant 7)."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from orgs.models import DoorKind, Organization, User
from tests.conftest import new_browser, open_session

CREDENTIALS = [
    "\0",
    "null",
    "[]",
    "1e999",
    "[" * 100_000,
    '{"id": 1}',
    '{"response": null}',
    '{"response": {"userHandle": 1}}',
    json.dumps({"id": "YQ", "rawId": "YQ", "type": "public-key", "response": {}}),
    json.dumps({"id": "YQ", "rawId": "YQ", "type": "public-key", "response": {"userHandle": "9" * 400}}),
    json.dumps(
        {
            "id": "YQ",
            "rawId": "YQ",
            "type": "public-key",
            "response": {"clientDataJSON": "YQ", "authenticatorData": "YQ", "signature": "YQ", "userHandle": "YQ"},
        }
    ),
    '{"id": "\\ud800\\u0000"}',
]
OTHER_ENCODINGS = ["hex", "idna", "unicode_escape", "utf-16", "undefined", '"hex"', "x" * 5000]


@pytest.mark.parametrize("credential", CREDENTIALS, ids=range(len(CREDENTIALS)))
def test_a_credential_that_no_browser_sends_is_a_wrong_one(admin: User, credential: str) -> None:
    stranger, known = new_browser(), open_session(admin, DoorKind.PASSWORD)
    known.post("/account/reauthenticate/", {"password": "correct horse battery"})
    for browser, name in [(stranger, "login"), (known, "add"), (known, "reauthenticate")]:
        browser.get(f"/account/2fa/webauthn/{name}/", headers={"x-requested-with": "XMLHttpRequest"})
        answer = browser.post(f"/account/2fa/webauthn/{name}/", {"credential": credential})
        assert answer.status_code in {200, 303, 422}, name
    assert stranger.get("/session").status_code == 401
    assert not admin.authenticator_set.exists()


@pytest.mark.parametrize("encoding", OTHER_ENCODINGS)
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain"])
def test_no_encoding_but_utf_8_is_read(visitor: Client, encoding: str, kind: str) -> None:
    for path in ("/sign-in", "/session", "/account/login/", "/nothing/here"):
        answer = visitor.generic("POST", path, b"login=41", content_type=f"{kind}; charset={encoding}")
        assert answer.status_code == 400, path
        assert b"could not read that" in answer.content
    assert visitor.generic("GET", "/sign-in", content_type=f"{kind}; charset=UTF-8").status_code == 200


@pytest.mark.parametrize("key", ['"aaaaaaaaaaaaaaa\\000"', '"\\303\\050aaaaaaaaaaa"', "a" * 5000, "A" * 32, "%00aaaa"])
def test_a_session_cookie_that_is_none_of_ours_is_left_out(visitor: Client, key: str) -> None:
    answer = visitor.get("/session", headers={"cookie": f"sessionid={key}"})
    assert answer.status_code == 401
    assert "sessionid" not in answer.wsgi_request.COOKIES


def test_a_request_that_did_not_pass_all_proxies_comes_from_nowhere(
    settings: object, visitor: Client, organization: Organization, admin: User
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    settings.ACCOUNT_RATE_LIMITS = {"mail_sign_in_page": "20/h/ip"}
    few = {"x-forwarded-for": "192.0.2.7"}
    assert visitor.get("/sign-in", headers=few).status_code == 200
    assert visitor.post("/sign-in/mail", {"email": "ada@contoso.example"}, headers=few).status_code == 403
    assert visitor.post("/account/login/", {"login": "a@b.example", "password": "x"}, headers=few).status_code == 403
    known = open_session(admin, DoorKind.PASSWORD)
    assert known.post("/o/contoso/settings/general", {"name": "New", "slug": "contoso"}, headers=few).status_code < 500
    two = {"x-forwarded-for": "192.0.2.7, 192.0.2.8"}
    assert visitor.post("/sign-in/mail", {"email": "ada@contoso.example"}, headers=two).status_code == 303
