"""Recovery: an admin gets to Access & SSO Settings when single sign-on does not work (invariant 9)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from audit.models import Event
from orgs.models import GrantKind, MembershipState, Organization, RecoveryCode, Role, SessionGrant, User
from tests.conftest import MakeMember, MakeOrganization, SignedIn, new_browser
from tests.orgs.accounts.test_accounts import code_now, sign_in, with_totp
from tests.orgs.conftest import RequireSSO

PAGE = "/o/contoso/recovery"


@pytest.fixture
def locked(organization: Organization, require_sso: RequireSSO) -> Organization:
    """Contoso, which requires single sign-on."""
    return require_sso(organization)


@pytest.fixture
def client(locked: Organization, admin: User, client_of: SignedIn) -> Client:
    """The admin of Contoso, with a password grant."""
    return client_of(admin)


def ask_for_code(client: Client, mailoutbox: list[EmailMessage]) -> str:
    assert client.post(PAGE, {"action": "mail"}).status_code == 303
    found = re.search(r"\b\d{6}\b", str(mailoutbox.pop().body))
    assert found
    return found.group()


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_a_mailed_code_opens_access_and_nothing_else(
    client: Client,
    admin: User,
    member: MakeMember,
    locked: Organization,
    mailoutbox: list[EmailMessage],
) -> None:
    other = member(locked, Role.ADMIN).user
    assert client.get("/o/contoso/settings/access").status_code == 403
    assert client.get(PAGE).status_code == 200
    code = ask_for_code(client, mailoutbox)
    answer = client.post(PAGE, {"action": "code", "code": f" {code[:3]} {code[3:]} "})
    assert (answer.status_code, answer["Location"]) == (303, "/o/contoso/settings/access")
    assert client.get("/o/contoso/settings/access").status_code == 200
    assert client.get("/o/contoso/settings/members").status_code == 403
    assert sorted(email.to[0] for email in mailoutbox) == sorted([admin.email, other.email])
    requested, opened = Event.objects.filter(name__startswith="recovery:").order_by("pk")
    assert (requested.name, opened.name, opened.risk) == ("recovery:requested", "recovery:opened", "high")
    assert opened.after == {"means": "mailed code"}
    assert {"with a password and a mailed code" in str(email.body) for email in mailoutbox} == {True}
    with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=1)):
        assert client.get("/o/contoso/settings/access").status_code == 403


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (0, "We are sending a notification to {}."),
        (1, "We are sending a notification to the other admin."),
        (2, "We are sending a notification to the other admins."),
    ],
)
def test_the_page_says_who_is_told(
    client: Client,
    admin: User,
    member: MakeMember,
    locked: Organization,
    mailoutbox: list[EmailMessage],
    others: int,
    said: str,
) -> None:
    member(locked, Role.MEMBER)
    addresses = {admin.email, *(member(locked, Role.ADMIN).user.email for _ in range(others))}
    code = ask_for_code(client, mailoutbox)
    answer = client.post(PAGE, {"action": "code", "code": code}, follow=True)
    assert f"for one hour. {said.format(admin.email)}" in answer.content.decode()
    assert {email.to[0] for email in mailoutbox} == addresses


def test_the_code_is_stored_as_a_hash_and_works_once(client: Client, mailoutbox: list[EmailMessage]) -> None:
    code = ask_for_code(client, mailoutbox)
    assert code not in RecoveryCode.objects.get().code_hash
    assert client.post(PAGE, {"action": "code", "code": code}).status_code == 303
    again = client.post(PAGE, {"action": "code", "code": code})
    assert again.status_code == 422
    assert "wrong or older" in again.content.decode()


def test_five_wrong_codes_end_it(client: Client, mailoutbox: list[EmailMessage]) -> None:
    code = ask_for_code(client, mailoutbox)
    for _ in range(5):
        assert client.post(PAGE, {"action": "code", "code": wrong(code)}).status_code == 422
    assert client.post(PAGE, {"action": "code", "code": code}).status_code == 422
    assert not SessionGrant.objects.filter(kind=GrantKind.RECOVERY).exists()
    assert Event.objects.filter(name="recovery:refused", outcome="refused").count() == 6


def test_a_code_is_old_after_ten_minutes(client: Client, mailoutbox: list[EmailMessage]) -> None:
    code = ask_for_code(client, mailoutbox)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert client.post(PAGE, {"action": "code", "code": code}).status_code == 422


def test_a_new_code_replaces_the_last_and_there_are_five_an_hour(
    client: Client, mailoutbox: list[EmailMessage]
) -> None:
    codes = [ask_for_code(client, mailoutbox) for _ in range(5)]
    answer = client.post(PAGE, {"action": "mail"}, follow=True)
    assert "already sent you several codes" in answer.content.decode()
    assert not mailoutbox
    if codes[0] != codes[-1]:
        assert client.post(PAGE, {"action": "code", "code": codes[0]}).status_code == 422
    assert client.post(PAGE, {"action": "code", "code": codes[-1]}).status_code == 303


def test_the_code_of_one_admin_is_no_use_to_another(
    client: Client,
    locked: Organization,
    member: MakeMember,
    client_of: SignedIn,
    mailoutbox: list[EmailMessage],
) -> None:
    code = ask_for_code(client, mailoutbox)
    other = client_of(member(locked, Role.ADMIN).user)
    assert other.post(PAGE, {"action": "code", "code": code}).status_code == 422


def test_a_second_factor_of_this_session_opens_directly(
    locked: Organization, admin: User, visitor: Client, client: Client
) -> None:
    assert client.post(PAGE, {"action": "factor"}).status_code == 422, "this session saw no second factor"
    secret = with_totp(admin)
    sign_in(visitor, admin.email)
    visitor.post("/account/2fa/authenticate/", {"code": code_now(secret)})
    assert "Open with my second factor" in visitor.get(PAGE).content.decode()
    assert visitor.post(PAGE, {"action": "factor"}).status_code == 303
    assert visitor.get("/o/contoso/settings/access").status_code == 200
    assert Event.objects.get(name="recovery:opened").after == {"means": "second factor"}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.MANAGER])
def test_is_not_there_for_lower_roles(
    locked: Organization, member: MakeMember, client_of: SignedIn, role: Role
) -> None:
    client = client_of(member(locked, role).user)
    assert client.get(PAGE).status_code == 404
    assert client.post(PAGE, {"action": "mail"}).status_code == 404


def test_is_not_there_for_anybody_else(
    locked: Organization, admin: User, make_organization: MakeOrganization, visitor: Client,
    sso_client: SignedIn, client_of: SignedIn, mailoutbox: list[EmailMessage],
) -> None:  # fmt: skip
    stranger = make_organization("Fabrikam").memberships.get().user
    client = client_of(stranger)
    assert client.get(PAGE).status_code == 404
    assert client.post(PAGE, {"action": "mail"}).status_code == 404
    for client in (visitor, sso_client(admin, locked)):
        assert client.post(PAGE, {"action": "mail"})["Location"] == f"/account/login/?next={PAGE}"
    assert not mailoutbox


def test_a_visitor_goes_by_the_password_whether_there_is_such_an_organization_or_not(
    locked: Organization, admin: User, visitor: Client
) -> None:
    """Not by the e-mail-first form, which leads to the provider that fails."""
    for page in (PAGE, "/o/nowhere/recovery"):
        answer = visitor.get(page)
        assert (answer.status_code, answer["Location"]) == (302, f"/account/login/?next={page}")
    typed = {"login": admin.email, "password": "correct horse battery", "next": PAGE}
    assert visitor.post("/account/login/", typed)["Location"] == PAGE
    assert "Send me a code" in visitor.get(PAGE).content.decode()


def test_who_came_in_by_another_organization_adds_their_password(
    locked: Organization, admin: User, make_organization: MakeOrganization, member: MakeMember, sso_client: SignedIn
) -> None:
    """And by nothing can that organization's provider tell whether they are an admin here."""
    fabrikam = make_organization("Fabrikam")
    member(fabrikam, Role.VIEWER, admin)
    client = sso_client(admin, fabrikam)
    for page in (PAGE, "/o/nowhere/recovery"):
        answer = client.get(page)
        assert (answer.status_code, answer["Location"]) == (302, f"/account/login/?next={page}")
    assert "Password" in client.get(f"/account/login/?next={PAGE}").content.decode()
    typed = {"login": admin.email, "password": "correct horse battery", "next": PAGE}
    assert client.post("/account/login/", typed)["Location"] == PAGE
    assert "Send me a code" in client.get(PAGE).content.decode()
    assert client.get("/o/fabrikam/").status_code == 200, "and they are still in there"


def test_the_list_of_organizations_leads_admins_there(
    locked: Organization, admin: User, member: MakeMember, client_of: SignedIn
) -> None:
    assert PAGE in client_of(admin).get("/").content.decode()
    assert PAGE not in client_of(member(locked, Role.MANAGER).user).get("/").content.decode()


def test_is_not_there_for_an_admin_who_has_not_accepted_or_is_suspended(
    client: Client, locked: Organization, admin: User
) -> None:
    membership = locked.memberships.get(user=admin)
    for changes in ({"accepted_at": None}, {"state": MembershipState.SUSPENDED}):
        locked.memberships.filter(pk=membership.pk).update(**changes)
        assert client.get(PAGE).status_code == 404


def test_junk_breaks_nothing(client: Client) -> None:
    for typed in (
        {},
        {"action": "x"},
        {"action": "code"},
        {"action": "code", "code": "é" * 20},
        {"action": "code", "code": "\x00"},
    ):
        assert client.post(PAGE, typed).status_code == 422


def test_who_has_a_second_factor_is_shown_the_way_to_prove_it(client: Client, admin: User) -> None:
    way = "/account/2fa/reauthenticate/?next=%2Fo%2Fcontoso%2Frecovery"
    assert way not in client.get(PAGE).content.decode()
    secret = with_totp(admin)
    assert f'href="{way}"' in client.get(PAGE).content.decode()
    answer = client.post(way, {"code": code_now(secret)})
    assert (answer.status_code, answer["Location"]) == (303, PAGE)
    assert "Open with my second factor" in client.get(PAGE).content.decode()


def test_a_second_factor_made_just_now_is_no_proof(locked: Organization, admin: User) -> None:
    """Who stole the password could have made it; codes for its loss are no older than the app they come with."""
    secret = with_totp(admin, days_ago=6)
    codes = RecoveryCodes.activate(admin)
    for proof in (code_now(secret), codes.get_unused_codes()[0]):
        browser = new_browser()
        sign_in(browser, admin.email)
        assert browser.post("/account/2fa/authenticate/", {"code": proof}).status_code == 303
        page = browser.get(PAGE).content.decode()
        assert "second factor" not in page
        assert browser.post(PAGE, {"action": "factor"}).status_code == 422
    assert not SessionGrant.objects.filter(kind=GrantKind.RECOVERY).exists()


def test_new_recovery_codes_of_an_old_app_are_proof(locked: Organization, admin: User, visitor: Client) -> None:
    with_totp(admin)
    codes = RecoveryCodes.activate(admin)
    sign_in(visitor, admin.email)
    visitor.post("/account/2fa/authenticate/", {"code": codes.get_unused_codes()[0]})
    assert visitor.post(PAGE, {"action": "factor"}).status_code == 303
