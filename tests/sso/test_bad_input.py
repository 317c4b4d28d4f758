"""Junk at every address is refused, and never an error of ours (invariant 7)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from urllib.parse import urlencode

import pytest
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from orgs.models import GrantKind, Organization, User
from tests.conftest import new_browser, open_session
from tests.sso.conftest import Connect
from tests.test_access import ADDRESSES

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
    stranger, known = new_browser(), open_session(admin, GrantKind.PASSWORD)
    known.post("/account/reauthenticate/", {"password": "correct horse battery"})
    for browser, name in [(stranger, "login"), (known, "add"), (known, "reauthenticate")]:
        browser.get(f"/account/2fa/webauthn/{name}/", headers={"x-requested-with": "XMLHttpRequest"})
        answer = browser.post(f"/account/2fa/webauthn/{name}/", {"credential": credential})
        assert answer.status_code in {200, 303, 422}, name
    assert stranger.get("/session").status_code == 401
    assert not Authenticator.objects.filter(user=admin).exists()


@pytest.mark.parametrize("encoding", OTHER_ENCODINGS)
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain"])
def test_no_encoding_but_utf_8_is_read(visitor: Client, encoding: str, kind: str) -> None:
    for path in ("/sign-in", "/session", "/account/login/", "/nothing/here"):
        answer = visitor.generic("POST", path, b"login=41", content_type=f"{kind}; charset={encoding}")
        assert answer.status_code == 400, path
        assert b"could not read this request" in answer.content
    assert visitor.generic("GET", "/sign-in", content_type=f"{kind}; charset=UTF-8").status_code == 200


@pytest.mark.parametrize("path", ["/sign-in", "/o/contoso/", "/saml/2/acs/10001"])
def test_a_nul_in_the_name_of_the_browser(client_of, organization, path):
    """PostgreSQL stores none, and the list of sessions has the name with each page."""
    answer = client_of(organization.memberships.get().user).get(path, headers={"user-agent": "Fire\0fox"})
    assert answer.status_code == 400


@pytest.mark.parametrize("key", ['"aaaaaaaaaaaaaaa\\000"', '"\\303\\050aaaaaaaaaaa"', "a" * 5000, "A" * 32, "%00aaaa"])
def test_a_session_cookie_that_is_none_of_ours_is_left_out(visitor: Client, key: str) -> None:
    answer = visitor.get("/session", headers={"cookie": f"sessionid={key}"})
    assert answer.status_code == 401
    assert "sessionid" not in answer.wsgi_request.COOKIES


def test_a_request_that_did_not_pass_all_proxies_comes_from_nowhere(
    settings: Settings, visitor: Client, organization: Organization, admin: User
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    settings.ACCOUNT_RATE_LIMITS = {"mail_sign_in_page": "20/h/ip"}
    few = {"x-forwarded-for": "192.0.2.7"}
    assert visitor.get("/sign-in", headers=few).status_code == 200
    assert visitor.post("/sign-in/mail", {"email": "ada@contoso.example"}, headers=few).status_code == 403
    assert visitor.post("/account/login/", {"login": "a@b.example", "password": "x"}, headers=few).status_code == 403
    known = open_session(admin, GrantKind.PASSWORD)
    assert known.post("/o/contoso/settings/general", {"name": "New", "slug": "contoso"}, headers=few).status_code < 500
    two = {"x-forwarded-for": "192.0.2.7, 192.0.2.8"}
    assert visitor.post("/sign-in/mail", {"email": "ada@contoso.example"}, headers=two).status_code == 303


# --- Everything everywhere

_FIELDS = (
    "SAMLResponse RelayState SAMLRequest Signature action addresses answer code credential domain email entity_id "
    "force_authn hint hours just_in_time_role kept_upload login metadata_file metadata_text name next oldpassword "
    "organization_name page password password1 password2 period provider public_id q o query reauthenticated remember "
    "require_sso risk role search sign_requests snapshot single_logout slug state test token view _selected_action"
)
FIELDS = _FIELDS.split()
JUNK = [
    "\0",
    "a\0b@x.example",
    "x" * 5000,
    "-1",
    "9" * 400,
    "1e999",
    "[]",
    "null",
    '{"id": 1}',
    "\u0663",
    "\u202e\u2028\x85",
    "{%s}",
    "\\ud800",
    "18446744073709551616",
    "../../etc/passwd",
    "//evil.example",
]
BODIES = [
    (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
    (b"login=%00%ff%ed%a0%80&next=%zz&email", "application/x-www-form-urlencoded"),
    (
        b'--b\r\nContent-Disposition: form-data; name="metadata_file"; filename="\x00"\r\n\r\n\xff\r\n--b--',
        "multipart/form-data; boundary=b",
    ),
    (b"--b", "multipart/form-data; boundary=b"),
    (b"{", "application/json"),
]
PATHS = ["0", "9" * 30, "%00", "%ff", "x" * 3000, "-1"]


@pytest.mark.parametrize("is_admin", [False, True])
def test_junk_is_refused_everywhere(
    organization: Organization, admin: User, connect: Connect, is_admin: bool, settings: Settings
) -> None:
    connect(organization)
    browser = open_session(admin, GrantKind.PASSWORD) if is_admin else new_browser()
    failed = [
        f"{method} {path}"
        for number, address in enumerate(ADDRESSES)
        for method, path, fields in requests_to(address.path, organization, number)
        if status_of(browser, method, path, fields) >= 500
    ]
    assert not failed, "\n".join(failed)


def requests_to(path: str, organization: Organization, number: int) -> Iterator[tuple[str, str, dict[str, object]]]:
    """A few requests, which together with those to other addresses have each junk in each field."""
    path = re.sub(r"/1\d{4}\b", f"/{organization.number}", path)
    for turn in range(2):
        values = {field: JUNK[(number + turn * 7 + at) % len(JUNK)] for at, field in enumerate(FIELDS)}
        yield "get", f"{path}?{urlencode({name: value[:60] for name, value in values.items()}).replace('%00', '')}", {}
        yield "post", path, {"data": values}
    body, kind = BODIES[number % len(BODIES)]
    yield "post", path, {"data": body, "content_type": kind}
    yield "post", path, {}


@pytest.mark.parametrize("address", ["/sso/{}/start", "/o/{}/", "/invitations/{}", "/saml/2/acs/{}"])
@pytest.mark.parametrize("junk", PATHS, ids=range(len(PATHS)))
def test_junk_in_a_path(db: None, address: str, junk: str) -> None:
    for method in ("get", "post"):
        assert status_of(new_browser(), method, address.format(junk), {}) in {200, 302, 303, 400, 403, 404, 405, 410}


def status_of(browser: Client, method: str, path: str, fields: dict[str, object]) -> int:
    """What a request is answered; whatever it did is undone, so that the next one finds everything as it was."""
    browser.raise_request_exception = False
    cookies = deepcopy(browser.cookies)
    with transaction.atomic():
        answer = getattr(browser, method)(path, **fields)
        transaction.set_rollback(True)
    browser.cookies = cookies
    return int(answer.status_code)
