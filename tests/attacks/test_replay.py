"""Replay: genuine responses used again, elsewhere, by another user, or unsolicited."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.test import Client
from lxml import etree

from orgs.models import GrantKind, SessionGrant
from sso.models import SignIn, SignInState
from sso.reasons import Reason
from sso.services.sign_in.finish import cookie_name
from tests.attacks.conftest import LOGIN, Siege, connect, is_anybody_in, people, succeeded
from tests.attacks.messages.target import BASES, EVIL, Target
from tests.conftest import new_browser
from tests.saml.provider import encode


def same_cookies(browser: Client) -> Client:
    """A copy of a browser from before it was signed in: the attacker has stolen everything."""
    copy = new_browser()
    copy.cookies.update(browser.cookies)
    return copy


def stored(siege: Siege, target: Target) -> dict[str, object]:
    """Everything that the row of a request holds but the count of restarts."""
    (row,) = SignIn.objects.filter(pk=siege.row(target).pk).values()
    return {name: value for name, value in row.items() if name != "repeat_restarts"}


# --- Replay -----------------------------------------------------------------------------------------------------


def in_a_new_wrapper(encoded: str) -> str:
    """The signed assertion in an envelope of the attacker's own making."""
    root = etree.fromstring(base64.b64decode(encoded))
    root.set("ID", "_fresh")
    return encode(etree.tostring(root))


def in_lines(encoded: str) -> str:
    return "\r\n".join(encoded[at : at + 64] for at in range(0, len(encoded), 64))


def with_a_byte_order_mark(encoded: str) -> str:
    return encode(b"\xef\xbb\xbf" + base64.b64decode(encoded))


def with_a_declaration(encoded: str) -> str:
    return encode(b'<?xml version="1.0" encoding="UTF-8"?>' + base64.b64decode(encoded))


def with_blanks_behind(encoded: str) -> str:
    return encode(base64.b64decode(encoded) + b"\n")


def with_another_way_to_write_a_letter(encoded: str) -> str:
    return encode(base64.b64decode(encoded).replace(b"adele@", b"&#97;dele@"))


REENCODED: tuple[Callable[[str], str], ...] = (
    str,
    in_lines,
    with_a_byte_order_mark,
    with_a_declaration,
    with_blanks_behind,
    with_another_way_to_write_a_letter,
)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("written", REENCODED, ids=lambda each: each.__name__)
def test_replay(siege: Siege, browser: Client, base: str, written: Callable[[str], str]) -> None:
    target = siege.ask(browser, base)
    thief = same_cookies(browser)
    encoded = target.answer().encoded()
    siege.post(browser, encoded)
    before = people()
    row = stored(siege, target)
    answer = siege.post(thief, written(encoded))
    assert siege.is_asked_properly(answer), "by the provider, which knows the thief"
    assert not is_anybody_in(thief)
    for _ in range(3):
        assert siege.is_shown_the_sign_in_page(siege.post(thief, written(encoded))), "that was the one restart"
    assert not is_anybody_in(thief)
    assert people() == before
    assert stored(siege, target) == row, "what became of the first one stays"
    assert row["state"] == SignInState.SUCCEEDED


@pytest.mark.parametrize("written", REENCODED, ids=lambda each: each.__name__)
def test_replay_of_a_used_answer_in_another_browser(
    siege: Siege, browser: Client, written: Callable[[str], str]
) -> None:
    """Without the cookie it is worth nothing, and says nothing of what became of it."""
    target = siege.ask(browser)
    encoded = target.answer().encoded()
    siege.post(browser, encoded)
    before, row, thief = people(), stored(siege, target), new_browser()
    assert siege.is_asked_properly(siege.post(thief, written(encoded)))
    assert not is_anybody_in(thief)
    assert (people(), stored(siege, target)) == (before, row)
    assert siege.row(target).repeat_restarts == 0, "a stranger takes nothing of its owner's"


def test_replay_in_a_new_wrapper(siege: Siege, browser: Client) -> None:
    target = siege.ask(browser)
    thief = same_cookies(browser)
    encoded = target.answer().encoded()
    siege.post(browser, encoded)
    before = people()
    assert siege.is_asked_properly(siege.post(thief, in_a_new_wrapper(encoded)))
    assert not is_anybody_in(thief)
    assert people() == before


def test_replay_to_a_new_request(siege: Siege, browser: Client) -> None:
    """The signed assertion of yesterday's sign-in, in an envelope that names today's request."""
    old = siege.ask(browser)
    encoded = old.answer().encoded()
    siege.post(browser, encoded)
    thief = new_browser()
    new = siege.ask(thief)
    root = etree.fromstring(base64.b64decode(encoded))
    root.set("InResponseTo", new.request_id)
    assert siege.is_refused(siege.post(thief, encode(etree.tostring(root))))
    assert siege.row(new).reason == Reason.WRONG_REQUEST
    assert not is_anybody_in(thief)


@pytest.mark.parametrize("written", REENCODED, ids=lambda each: each.__name__)
def test_replay_in_another_browser(siege: Siege, browser: Client, written: Callable[[str], str]) -> None:
    """Stolen on the way: it is not worth anything without the cookie, and the rightful owner loses nothing."""
    target = siege.ask(browser)
    encoded = target.answer().encoded()
    thief = new_browser()
    assert siege.is_asked_properly(siege.post(thief, written(encoded)))
    assert not is_anybody_in(thief)
    assert siege.post(browser, encoded)["Location"] == f"/o/{siege.organization.slug}/"


def test_a_refused_answer_uses_the_request_up(siege: Siege, browser: Client) -> None:
    """An attacker must not try a thousand responses to one request."""
    target = siege.ask(browser)
    assert siege.is_refused(siege.post(browser, target.answer(sign="none", name_id=EVIL).encoded()))
    assert siege.is_refused(siege.post(browser, target.answer().encoded()))
    assert not is_anybody_in(browser)
    assert succeeded() == 0


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time anyway")
def test_replay_six_at_once(frozen: None, make_organization) -> None:
    siege, browser = connect(make_organization()), new_browser()
    target = siege.ask(browser)
    encoded = [written(target.answer().encoded()) for written in REENCODED]
    gate = threading.Barrier(len(encoded))

    def post(number: int) -> str:
        thief = same_cookies(browser)
        try:
            gate.wait(timeout=30)
            return str(siege.post(thief, encoded[number])["Location"])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(encoded)) as pool:
        answers = list(pool.map(post, range(len(encoded))))
    home = f"/o/{siege.organization.slug}/"
    assert answers.count(home) == 1, answers
    assert sum(location.startswith(LOGIN) for location in answers) == 1, answers
    assert answers.count(f"{home}sign-in") == len(encoded) - 2, answers
    assert succeeded() == 1
    assert SessionGrant.objects.filter(kind=GrantKind.SSO).count() == 1


# --- Login CSRF -------------------------------------------------------------------------------------------------


def test_login_csrf(siege: Siege, browser: Client) -> None:
    """Eve has signed in at the provider and lets the victim's browser post her answer."""
    target = siege.ask(browser)
    victim = new_browser()
    assert siege.is_asked_properly(siege.post(victim, target.answer(name_id=EVIL).encoded()))
    assert not is_anybody_in(victim)


def test_login_csrf_while_the_victim_is_at_the_provider(siege: Siege, browser: Client) -> None:
    """The victim has a cookie of a request of its own; it doesn't fit Eve's."""
    eves = siege.ask(browser)
    victim = new_browser()
    own = siege.ask(victim)
    assert siege.is_asked_properly(siege.post(victim, eves.answer(name_id=EVIL).encoded()))
    assert siege.post(victim, own.answer().encoded())["Location"] == f"/o/{siege.organization.slug}/"
    assert victim.get("/session").json()["email"] == "adele@contoso.example"


def test_login_csrf_with_the_nonce_of_another_organization(
    siege: Siege, another: Callable[..., Siege], browser: Client
) -> None:
    """Eve's request at one organization, in a browser that asked at another one and has that one's nonce."""
    eves, elsewhere = siege.ask(browser), another("Fabrikam")
    victim = new_browser()
    elsewhere.ask(victim)
    victim.cookies[cookie_name(siege.organization.number)] = victim.cookies[
        cookie_name(elsewhere.organization.number)
    ].value
    assert not siege.is_refused(siege.post(victim, eves.answer(name_id=EVIL).encoded()))
    assert not is_anybody_in(victim)


@pytest.mark.parametrize("nonce", ["", "x", "a" * 5000, "é", "'; DROP TABLE"])
def test_a_guessed_nonce(siege: Siege, browser: Client, nonce: str) -> None:
    target = siege.ask(new_browser())
    browser.cookies[cookie_name(siege.organization.number)] = nonce
    assert siege.is_asked_properly(siege.post(browser, target.answer().encoded()))
    assert not is_anybody_in(browser)


@pytest.mark.parametrize("sign", BASES)
def test_unsolicited(siege: Siege, browser: Client, sign: str) -> None:
    """The My Apps tile: never believed, but answered by asking."""
    answer = siege.post(
        browser,
        Target(sign, siege.ask(new_browser()).service_provider)
        .answer(in_response_to=None, response_in_response_to=None)
        .encoded(),
    )
    assert siege.is_asked_properly(answer)
    assert not is_anybody_in(browser)


def test_the_session_of_before_is_left_behind(siege: Siege, browser: Client) -> None:
    """Session fixation: a session that an attacker planted in the browser is not the one that is signed in."""
    browser.get("/sign-in")
    session = browser.session
    session["planted"] = True
    session.save()
    planted = session.session_key or ""
    browser.cookies["sessionid"] = planted
    target = siege.ask(browser)
    siege.post(browser, target.answer().encoded())
    assert is_anybody_in(browser)
    assert browser.session.session_key != planted
    assert "planted" not in browser.session
    thief = new_browser()
    thief.cookies["sessionid"] = planted
    assert not is_anybody_in(thief)


# --- RelayState and next ----------------------------------------------------------------------------------------

ELSEWHERE = (
    "https://evil.test/",
    "//evil.test/",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "/\t/evil.test",
    "http:evil.test",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "https://amplisso.example@evil.test/",
    "https://amplisso.example.evil.test/",
    "/ok\r\nSet-Cookie: a=b",
    "/ok\nLocation: https://evil.test/",
    "\x00",
    "%",
    "é",
    "a" * 10_000,
)


@pytest.mark.parametrize("address", ELSEWHERE)
def test_relay_state_leads_nowhere(siege: Siege, browser: Client, address: str) -> None:
    target = siege.ask(browser)
    answer = siege.post(browser, target.answer().encoded(), RelayState=address)
    assert answer["Location"] == f"/o/{siege.organization.slug}/"


@pytest.mark.parametrize("address", [each for each in ELSEWHERE if "\x00" not in each])
def test_next_leads_nowhere_else(siege: Siege, browser: Client, address: str) -> None:
    target = siege.ask(browser, next=address)
    location = siege.post(browser, target.answer().encoded())["Location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert "evil" not in location
    assert "\n" not in location


def test_next_with_a_character_that_no_page_reads(siege: Siege, browser: Client) -> None:
    assert browser.get(f"/sso/{siege.organization.number}/start", {"next": "/\x00"}).status_code == 400


# --- Transport --------------------------------------------------------------------------------------------------


def test_only_by_post(siege: Siege, browser: Client) -> None:
    """The redirect binding is not for responses (profiles 4.1.2)."""
    target = siege.ask(browser)
    encoded = target.answer().encoded()
    for method in (browser.get, browser.head, browser.put, browser.patch, browser.delete, browser.options):
        answer = method(f"{siege.address}?SAMLResponse={encoded}")
        assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert not is_anybody_in(browser)
    assert siege.row(target).state == SignInState.STARTED


def test_only_from_the_form(siege: Siege, browser: Client) -> None:
    """Not from the address, not as JSON, not as a file."""
    target = siege.ask(browser)
    encoded = target.answer().encoded()
    posts = (
        {"path": f"{siege.address}?SAMLResponse={encoded}"},
        {"path": siege.address, "data": {"SAMLResponse": encoded}, "content_type": "application/json"},
        {"path": siege.address, "data": encoded, "content_type": "text/plain"},
        {"path": siege.address, "data": b"\xff\xfe", "content_type": "application/x-www-form-urlencoded"},
        {"path": siege.address, "data": b"", "content_type": "multipart/form-data; boundary=x"},
        {"path": siege.address, "data": b"--x\r\n", "content_type": "multipart/form-data"},
    )
    for post in posts:
        assert browser.post(**post).status_code in {303, 400}, post
        assert not is_anybody_in(browser)
    assert siege.row(target).state == SignInState.STARTED


def test_two_responses_in_one_form(siege: Siege, browser: Client) -> None:
    """Whichever is read, it is the only one that is read."""
    target = siege.ask(browser)
    forged = target.answer(sign="none", name_id=EVIL).encoded()
    answer = browser.post(siege.address, {"SAMLResponse": [target.answer().encoded(), forged]})
    assert siege.is_refused(answer)
    assert not is_anybody_in(browser)


@pytest.mark.parametrize("body", [b"SAMLResponse=" + b"A" * 2_500_000, b"&a=1" * 2_000], ids=["large", "many fields"])
def test_too_much_for_a_form(siege: Siege, browser: Client, body: bytes) -> None:
    answer = browser.post(siege.address, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code < 500
    assert not is_anybody_in(browser)


@pytest.mark.parametrize("host", ["evil.test", "amplisso.example.evil.test", "amplisso.example:1@evil.test"])
def test_another_host_is_not_us(siege: Siege, browser: Client, host: str) -> None:
    target = siege.ask(browser)
    answer = browser.post(siege.address, {"SAMLResponse": target.answer().encoded()}, headers={"host": host})
    assert answer.status_code == 400
    assert not is_anybody_in(browser)


def test_our_addresses_come_from_configuration(siege: Siege, browser: Client) -> None:
    """What a proxy or a visitor says about our name changes neither what we ask nor what we accept."""
    lies = {"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.test"}
    metadata = browser.get(f"/saml/2/metadata/{siege.organization.number}", headers=lies).content
    assert b"evil.test" not in metadata
    target = siege.ask(browser)
    elsewhere = target.answer(
        recipient="https://evil.test" + siege.address, destination="https://evil.test" + siege.address
    )
    assert siege.is_refused(browser.post(siege.address, {"SAMLResponse": elsewhere.encoded()}, headers=lies))


def test_no_organization_no_address(siege: Siege, browser: Client) -> None:
    target = siege.ask(browser)
    for number in ("0", "99999", "999999999999999999999999", "-1", "x", "1e3", "%00"):
        answer = browser.post(f"/saml/2/acs/{number}", {"SAMLResponse": target.answer().encoded()})
        assert answer.status_code in {400, 404}, number
    assert not is_anybody_in(browser)
