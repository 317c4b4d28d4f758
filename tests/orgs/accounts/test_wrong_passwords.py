"""Wrong passwords: how many are taken, from which client, and that strangers lock no user out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.utils import timezone

from orgs.errors import NotAllowedError
from orgs.models import PasswordAttempt, User
from orgs.services import password_attempts
from tests.conftest import PASSWORD, MakeUser, new_browser
from tests.orgs.conftest import link_in

ADA = "ada@contoso.example"
REFUSED = "Too many wrong passwords for this address"
OTHER = "another long password"


@pytest.fixture
def ada(make_user: MakeUser) -> User:
    return make_user(ADA)


def try_password(browser: Client, password: str, address: str = ADA, client: str = "192.0.2.7") -> Any:
    return browser.post("/account/login/", {"login": address, "password": password}, REMOTE_ADDR=client)


def fail(times: int, browser: Client | None = None, address: str = ADA, client: str = "192.0.2.7") -> None:
    for _ in range(times):
        try_password(browser or new_browser(), "wrong", address, client)


def is_in(browser: Client, client: str = "192.0.2.7") -> bool:
    """Try the right password, and say whether it was taken."""
    return bool(try_password(browser, PASSWORD, client=client).status_code == 303)


def fail_from_everywhere() -> None:
    """Use up what the account takes from all clients together."""
    for number in range(10):
        for _ in range(10):
            password_attempts.begin_attempt(address=ADA, client=f"198.51.100.{number}")


def known(ada: User) -> Client:
    """A browser in which Ada has signed in and out."""
    browser = new_browser()
    assert is_in(browser)
    browser.post("/account/logout/")
    return browser


@pytest.mark.parametrize("address", [ADA, "nobody@contoso.example"])
def test_ten_an_hour_from_one_client_whether_or_not_there_is_an_account(ada: User, address: str) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        fail(9, address=address)
        assert REFUSED not in try_password(new_browser(), "wrong", address).content.decode()
        page = try_password(new_browser(), PASSWORD, address).content.decode()
        assert f"{REFUSED}. Try again in 60 minutes, or reset your password." in page
        clock.shift(timedelta(minutes=60))
        assert REFUSED not in try_password(new_browser(), "wrong", address).content.decode()


def test_other_clients_and_other_accounts_are_not_touched(ada: User) -> None:
    fail(11)
    assert not is_in(new_browser())
    assert is_in(new_browser(), client="192.0.2.8")


def test_the_clients_of_one_ipv6_network_count_as_one(ada: User) -> None:
    for host in range(10):
        fail(1, client=f"2001:db8::{host:x}")
    assert not is_in(new_browser(), client="2001:db8::ffff")
    assert is_in(new_browser(), client="2001:db8:0:1::1")


def test_a_hundred_an_hour_from_all_unknown_clients(ada: User) -> None:
    fail_from_everywhere()
    assert not is_in(new_browser(), client="203.0.113.1")


def test_right_passwords_and_refused_attempts_do_not_count(ada: User) -> None:
    for _ in range(12):
        assert is_in(new_browser())
    assert not PasswordAttempt.objects.exists()
    fail(15)
    assert PasswordAttempt.objects.count() == 10


def test_strangers_cannot_lock_a_known_browser_out(ada: User) -> None:
    browser = known(ada)
    fail_from_everywhere()
    fail(11)
    assert not is_in(new_browser())
    assert is_in(browser), "at the address of the stranger, too"


def test_a_known_browser_has_a_limit_of_its_own(ada: User) -> None:
    browser = known(ada)
    fail(10, browser)
    assert not is_in(browser)
    assert is_in(new_browser())


def test_the_cookie_is_for_one_account_and_kept_from_scripts_and_other_sites(ada: User, make_user: MakeUser) -> None:
    browser = known(ada)
    (cookie,) = [each for name, each in browser.cookies.items() if name.startswith("known-browser-")]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/account/")
    assert cookie["secure"]
    assert "ada" not in cookie.OutputString()
    other = make_user("eve@contoso.example")
    fail(11, address=other.email)
    refused = try_password(browser, PASSWORD, other.email).content.decode()
    assert REFUSED in refused


def test_the_cookie_of_one_account_does_not_serve_another(ada: User, make_user: MakeUser) -> None:
    eve, browser = make_user("eve@contoso.example"), new_browser()
    assert try_password(browser, PASSWORD, eve.email).status_code == 303
    browser.post("/account/logout/")
    assert is_in(browser)
    mine, hers = (each for each in browser.cookies.items() if each[0].startswith("known-browser-"))
    forger = new_browser()
    forger.cookies[hers[0]] = mine[1].value
    forger.cookies[mine[0]] = hers[1].value
    fail(11)
    assert not is_in(forger)


def test_another_password_ends_known_browsers_but_the_one_that_changed_it(ada: User) -> None:
    old, browser = known(ada), new_browser()
    assert is_in(browser)
    change = {"oldpassword": PASSWORD, "password1": OTHER, "password2": OTHER}
    assert browser.post("/account/password/change/", change).status_code == 303
    browser.post("/account/logout/")
    fail(11)
    assert try_password(old, OTHER).status_code == 200
    assert try_password(browser, OTHER).status_code == 303


def test_a_new_password_by_mail_opens_at_once(ada: User, mailoutbox: list[EmailMessage]) -> None:
    fail_from_everywhere()
    browser = new_browser()
    browser.post("/account/password/reset/", {"email": ADA})
    page = browser.get(link_in(str(mailoutbox.pop().body)), follow=True)
    browser.post(page.redirect_chain[-1][0], {"password1": OTHER, "password2": OTHER})
    assert try_password(new_browser(), OTHER).status_code == 303


def test_strangers_who_go_on_do_not_lock_out_who_chose_a_new_password(
    ada: User, mailoutbox: list[EmailMessage]
) -> None:
    fail_from_everywhere()
    browser, other = new_browser(), new_browser()
    assert not is_in(browser)
    browser.post("/account/password/reset/", {"email": ADA})
    form = browser.get(link_in(str(mailoutbox[-1].body)))["Location"]
    assert browser.post(form, {"password1": OTHER, "password2": OTHER}).status_code == 303
    fail_from_everywhere()
    assert REFUSED in try_password(other, OTHER).content.decode()
    assert try_password(browser, OTHER).status_code == 303


def test_a_browser_keeps_the_cookies_of_five_accounts(make_user: MakeUser, db: None) -> None:
    browser = new_browser()
    for _ in range(7):
        assert try_password(browser, PASSWORD, make_user().email).status_code == 303
        browser.post("/account/logout/")
    assert len([each for name, each in browser.cookies.items() if name.startswith("known-") and each.value]) == 5


def test_old_attempts_are_forgotten(db: None) -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=2)):
        password_attempts.begin_attempt(address=ADA, client="192.0.2.7")
    password_attempts.begin_attempt(address=ADA, client="192.0.2.7")
    assert (password_attempts.purge_attempts(), PasswordAttempt.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time anyway")
def test_attempts_at_once_count_each_other() -> None:
    """Whatever the order, no more than ten passwords are checked."""
    with ThreadPoolExecutor(8) as pool:
        begun = [each.result(timeout=60) for each in [pool.submit(_begin_in_a_thread) for _ in range(40)]]
    assert 0 < sum(begun) <= 10


def _begin_in_a_thread() -> bool:
    try:
        password_attempts.begin_attempt(address=ADA, client="192.0.2.7")
    except NotAllowedError:
        return False
    finally:
        connection.close()
    return True


def test_an_attempt_with_the_right_password_is_forgotten(db: None) -> None:
    password_attempts.forget_attempt(attempt=password_attempts.begin_attempt(address=ADA, client="192.0.2.7"))
    assert not PasswordAttempt.objects.exists()
