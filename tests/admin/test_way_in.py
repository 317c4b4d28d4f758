"""Access to the admin: only operators who signed in with their password."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from orgs.models import Organization, Role, User
from tests.conftest import MakeMember, MakeUser, SignedIn
from tests.sso.conftest import new_browser

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/admin/", "/admin/orgs/user/", "/admin/login/?next=/admin/orgs/user/"])
def test_a_visitor_is_sent_to_the_ordinary_sign_in(path: str) -> None:
    answer = new_browser().get(path)
    assert answer.status_code == 302
    wanted = path.partition("next=")[2] or path
    assert answer["Location"] == f"/sign-in?next={wanted}"


def test_a_visitor_comes_back_to_our_own_pages_only() -> None:
    answer = new_browser().get("/admin/login/", {"next": "https://evil.example/"})
    assert answer["Location"] == "/sign-in?next=/admin/"


def test_somebody_who_is_no_operator_finds_nothing(make_user: MakeUser, client_of: SignedIn) -> None:
    browser = client_of(make_user())
    assert browser.get("/admin/", follow=True).status_code == 404
    assert browser.get("/admin/login/").status_code == 404
    assert browser.get("/admin/orgs/organization/", follow=True).status_code == 404


def test_single_sign_on_opens_no_admin(
    operator: User, organization: Organization, member: MakeMember, sso_client: SignedIn
) -> None:
    member(organization, Role.ADMIN, operator)
    answer = sso_client(operator, organization).get("/admin/")
    assert answer.status_code == 403
    assert b"Amplisso operators" not in answer.content


def test_an_operator_is_in(browser: Client) -> None:
    page = browser.get("/admin/")
    assert page.status_code == 200
    assert b"Amplisso operators" in page.content


def test_an_operator_who_asks_for_the_sign_in_goes_on(browser: Client) -> None:
    assert browser.get("/admin/login/?next=/admin/orgs/user/")["Location"] == "/admin/orgs/user/"


def test_passwords_change_where_everybodys_do(browser: Client) -> None:
    assert browser.get("/admin/password_change/")["Location"] == reverse("account_change_password")


def test_an_operator_without_rights_sees_no_rows(make_user: MakeUser, client_of: SignedIn) -> None:
    browser = client_of(make_user(is_staff=True))
    assert browser.get("/admin/").status_code == 200
    assert browser.get("/admin/orgs/organization/").status_code == 403
