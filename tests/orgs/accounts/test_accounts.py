"""Local accounts: the journeys through django-allauth's pages, with our adapter, receivers and templates."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.actors import COMMAND_LINE
from audit.models import Event
from orgs.models import GrantKind, Membership, Organization, Role, SessionGrant, User
from orgs.services import members
from outbox.models import Message
from tests.conftest import PASSWORD, Mailbox, MakeUser, SignedIn, new_browser
from tests.orgs.conftest import link_in

ADA = "ada@contoso.example"
SIGN_UP = {
    "email": "Ada@Contoso.Example",
    "password1": "several words together",
    "password2": "several words together",
    "organization_name": "Contoso",
}


def sign_up(client: Client, **changes: str) -> Any:
    return client.post("/account/signup/", SIGN_UP | changes)


def sign_in(client: Client, address: str = ADA, password: str = PASSWORD, next_path: str = "") -> Any:
    return client.post("/account/login/", {"login": address, "password": password, "next": next_path})


def test_from_sign_up_to_the_organization(visitor: Client, mailoutbox: list[EmailMessage]) -> None:
    assert visitor.get("/account/signup/").status_code == 200
    answer = sign_up(visitor)
    assert (answer.status_code, answer["Location"]) == (303, "/account/confirm-email/")
    assert visitor.get("/session").status_code == 401, "not before the address is confirmed"

    email = mailoutbox.pop()
    assert email.to == [ADA]
    link = link_in(str(email.body))
    assert visitor.get(link).status_code == 200
    assert not EmailAddress.objects.get().verified, "opening the link, as scanners do, confirms nothing"
    assert visitor.post(link).status_code == 303
    assert visitor.get("/", follow=True).redirect_chain == [("/o/contoso/", 302)]

    membership = Membership.objects.get()
    assert membership.user.email == ADA
    assert (membership.organization.plan.slug, membership.role) == ("starter", Role.ADMIN)
    created, signed_up, signed_in = Event.objects.order_by("pk")
    assert [created.name, signed_up.name, signed_in.name] == [
        "organization:created",
        "user:signed_up",
        "user:signed_in",
    ]
    assert {event.actor_email for event in (created, signed_up, signed_in)} == {ADA}
    assert signed_in.organization_number == membership.organization.number


def test_confirming_in_another_browser_signs_nobody_in_there(visitor: Client, mailoutbox: list[EmailMessage]) -> None:
    sign_up(visitor)
    link = link_in(str(mailoutbox.pop().body))
    other = new_browser()
    assert other.post(link).status_code == 303
    assert other.get("/session").status_code == 401
    assert sign_in(visitor, password=SIGN_UP["password1"]).status_code == 303
    assert visitor.get("/session").json()["email"] == ADA


def test_an_unconfirmed_account_does_not_get_in(visitor: Client, mailoutbox: list[EmailMessage]) -> None:
    sign_up(visitor)
    answer = sign_in(new_browser(), password=SIGN_UP["password1"])
    assert answer["Location"] == "/account/confirm-email/"
    assert not SessionGrant.objects.exists()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"email": "ada@contoso"}, "valid e-mail address"),
        ({"email": "jürgen@contoso.example"}, "valid e-mail address"),
        ({"email": "!@contoso.example"}, "not a valid e-mail address"),
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"password2": "another password"}, "same password"),
        ({"organization_name": ""}, "required"),
        ({"organization_name": "Contoso\nBcc: everybody"}, "on one line"),
    ],
)
def test_sign_up_says_what_is_wrong_and_makes_nothing(visitor: Client, changes: dict[str, str], error: str) -> None:
    page = sign_up(visitor, **changes)
    assert error in page.content.decode()
    assert not User.objects.exists()
    assert not Organization.objects.exists()


def test_signing_up_with_a_known_address_looks_the_same_and_writes_to_its_owner(
    visitor: Client, make_user: MakeUser, mailoutbox: list[EmailMessage]
) -> None:
    make_user(ADA)
    answer = sign_up(visitor)
    assert (answer.status_code, answer["Location"]) == (303, "/account/confirm-email/")
    assert not Organization.objects.exists()
    email = mailoutbox.pop()
    assert email.to == [ADA]
    assert "/account/password/reset/" in str(email.body)


def test_password_reset(visitor: Client, make_user: MakeUser, mailoutbox: list[EmailMessage]) -> None:
    make_user(ADA)
    assert visitor.post("/account/password/reset/", {"email": ADA.upper()}).status_code == 303
    link = link_in(str(mailoutbox.pop().body))
    form = visitor.get(link, follow=True)
    path = form.redirect_chain[-1][0]
    assert link.rsplit("-", 1)[-1].strip("/") not in path, "the token does not stay in the address"
    new = {"password1": "quite another password", "password2": "quite another password"}
    assert visitor.post(path, new).status_code == 303
    assert visitor.get("/session").status_code == 401, "nobody is signed in by resetting"
    assert "account/login" in sign_in(visitor).request["PATH_INFO"]
    assert sign_in(visitor, password=new["password1"]).status_code == 303
    assert visitor.post(path, new).status_code != 303, "the link works once"


def test_password_reset_of_an_unknown_address_looks_the_same_and_writes_nothing(
    visitor: Client, make_user: MakeUser, mailoutbox: list[EmailMessage]
) -> None:
    make_user(ADA)
    known = visitor.post("/account/password/reset/", {"email": ADA})
    mailoutbox.clear()
    unknown = visitor.post("/account/password/reset/", {"email": "nobody@contoso.example"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert not mailoutbox


def test_who_came_by_single_sign_on_gets_a_password_by_the_reset_mail_and_then_accepts(
    visitor: Client, organization: Organization, mailoutbox: list[EmailMessage]
) -> None:
    joined = members.join_just_in_time(organization=organization, address=ADA, role=Role.MEMBER, actor=COMMAND_LINE)
    visitor.post("/account/password/reset/", {"email": ADA})
    path = visitor.get(link_in(str(mailoutbox.pop().body)), follow=True).redirect_chain[-1][0]
    visitor.post(path, {"password1": "quite another password", "password2": "quite another password"})
    mailoutbox.clear()
    sign_in(visitor, password="quite another password")
    visitor.post(link_in(str(mailoutbox.pop().body)))
    assert visitor.get("/session").json() == {"email": ADA, "organizations": []}
    assert "Accept" in visitor.get("/").content.decode()
    assert visitor.post(f"/memberships/{joined.public_id}/accept").status_code == 303
    assert [each["slug"] for each in visitor.get("/session").json()["organizations"]] == ["contoso"]


def test_links_in_mails_come_from_base_url_whatever_the_host_header_says(
    make_user: MakeUser, mailoutbox: list[EmailMessage], db: None
) -> None:
    make_user("bob@contoso.example")
    client = Client(headers={"host": "localhost"})
    sign_up(client)
    sign_up(client, email="bob@contoso.example")
    client.post("/account/password/reset/", {"email": "bob@contoso.example"})
    assert len(mailoutbox) == 3
    for email in mailoutbox:
        assert "localhost" not in str(email.body) + email.subject
        assert re.search(r"https://amplisso\.example/account/\S+", str(email.body))


@pytest.mark.parametrize(
    "typed",
    [
        {"action_add": "", "email": "new@contoso.example"},
        {"action_remove": "", "email": ADA},
        {"action_primary": "", "email": ADA},
    ],
)
def test_the_address_cannot_be_changed(make_user: MakeUser, client_of: SignedIn, typed: dict[str, str]) -> None:
    ada = make_user(ADA)
    client = client_of(ada)
    page = client.get("/account/email/").content.decode()
    assert "neither you nor an admin can change it" in page
    assert client.post("/account/email/", typed).status_code == 405
    assert [address.email for address in EmailAddress.objects.all()] == [ADA]


def test_a_wrong_password_opens_nothing(visitor: Client, make_user: MakeUser) -> None:
    make_user(ADA)
    page = sign_in(visitor, password="wrong")
    assert page.status_code == 200
    assert "The e-mail address or the password is wrong." in page.content.decode()
    assert not SessionGrant.objects.exists()


def test_a_wrong_password_brings_back_the_page_that_knows_the_address(visitor: Client, make_user: MakeUser) -> None:
    make_user(ADA)
    before = visitor.post("/sign-in", {"email": ADA, "next": "/o/contoso/"}).content.decode()
    fields = dict(
        re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', before.split('action="/account/login/"')[1])
    )
    assert fields["login"] == ADA
    after = visitor.post("/account/login/", {**fields, "password": "wrong"}).content.decode()
    assert "The e-mail address or the password is wrong." in after
    for known in (
        "Use another address",
        'name="address_is_known"',
        'name="next" value="/o/contoso/"',
        f'value="{ADA}"',
    ):
        assert known in before
        assert known in after
    answer = visitor.post("/account/login/", {**fields, "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (303, "/o/contoso/")


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_signing_in_leads_to_our_own_pages_only(visitor: Client, make_user: MakeUser, target: str) -> None:
    make_user(ADA)
    assert sign_in(visitor, next_path=target)["Location"] == "/"


def test_a_deep_link_survives_the_password(visitor: Client, organization: Organization, admin: User) -> None:
    answer = sign_in(visitor, admin.email, next_path="/o/contoso/settings/members?view=pending")
    assert answer["Location"] == "/o/contoso/settings/members?view=pending"


def test_the_session_key_changes_at_sign_in(visitor: Client, make_user: MakeUser) -> None:
    make_user(ADA)
    visitor.post("/account/login/", {"login": ADA, "password": "wrong"})
    session = visitor.session
    session["planted"] = True
    session.save()
    before = session.session_key
    sign_in(visitor)
    assert visitor.session.session_key != before


# --- A password on top of single sign-on


def test_a_password_joins_the_way_in_by_single_sign_on(
    organization: Organization, admin: User, sso_client: SignedIn
) -> None:
    client = sso_client(admin, organization)
    refused = client.get("/account/password/change/")
    assert refused.status_code == 403
    assert "/account/login/?next=/account/password/change/" in refused.content.decode().replace("%2F", "/")
    assert client.get("/account/login/").status_code == 200
    assert sign_in(client, admin.email, next_path="/account/password/change/").status_code == 303
    assert client.get("/account/password/change/").status_code == 200
    kinds = set(SessionGrant.objects.filter(session=client.session["session_name"]).values_list("kind", flat=True))
    assert kinds == {GrantKind.PASSWORD, GrantKind.SSO}


def test_the_password_of_somebody_else_replaces_the_session(
    organization: Organization, admin: User, make_user: MakeUser, sso_client: SignedIn
) -> None:
    make_user(ADA)
    client = sso_client(admin, organization)
    before = client.session["session_name"]
    sign_in(client)
    assert client.session["session_name"] != before
    assert client.get("/session").json() == {"email": ADA, "organizations": []}


def code_now(secret: str) -> str:
    """A code that will still be good when it arrives: in the last seconds of a step it waits for the next."""
    left = app_settings.TOTP_PERIOD - time.time() % app_settings.TOTP_PERIOD
    if left < 3:
        time.sleep(left)
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def with_totp(user: User, days_ago: int = 8) -> str:
    """Give a user an authenticator app, as if they had set it up some days ago; return its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    Authenticator.objects.filter(user=user).update(created_at=timezone.now() - timedelta(days=days_ago))
    return secret


def test_the_second_factor_is_asked_for_also_on_top_of_single_sign_on(
    organization: Organization, admin: User, sso_client: SignedIn
) -> None:
    secret = with_totp(admin)
    client = sso_client(admin, organization)
    answer = sign_in(client, admin.email)
    assert answer["Location"] == "/account/2fa/authenticate/"
    assert client.get("/account/password/change/").status_code == 403
    assert client.get("/account/2fa/authenticate/").status_code == 200
    wrong = client.post("/account/2fa/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200
    assert client.get("/account/password/change/").status_code == 403
    assert client.post("/account/2fa/authenticate/", {"code": code_now(secret)}).status_code == 303
    assert client.get("/account/password/change/").status_code == 200
    assert Authenticator.objects.filter(user=admin).exists()


def test_without_the_second_factor_no_grant_opens(visitor: Client, make_user: MakeUser) -> None:
    with_totp(make_user(ADA))
    sign_in(visitor)
    assert not SessionGrant.objects.exists()
    assert visitor.get("/session").status_code == 401


def test_djangos_own_sign_in_page_opens_no_grant(visitor: Client) -> None:
    User.objects.create_superuser("root@amplisso.example", PASSWORD)
    visitor.post("/admin/login/", {"username": "root@amplisso.example", "password": PASSWORD, "next": "/admin/"})
    answer = visitor.get("/admin/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in?next=")


def test_sessions_are_listed_and_others_can_be_ended(organization: Organization, admin: User, visitor: Client) -> None:
    other = new_browser()
    sign_in(other, admin.email)
    sign_in(visitor, admin.email)
    other.get("/o/contoso/")
    assert visitor.get("/account/sessions/").status_code == 200
    assert visitor.post("/account/sessions/").status_code == 303
    assert other.get("/session").status_code == 401
    assert visitor.get("/session").status_code == 200


# --- What strangers may learn or do


class CountingHasher(MD5PasswordHasher):
    """The hash of the tests, which also counts."""

    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.hashed += 1
        return super().encode(password, salt)


def test_signing_up_hashes_one_password_whether_the_address_is_known_or_not(make_user: MakeUser, settings: Any) -> None:
    make_user(ADA)
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    for address in (ADA, "new@contoso.example"):
        CountingHasher.hashed = 0
        assert sign_up(new_browser(), email=address).status_code == 303
        assert CountingHasher.hashed == 1, address


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/account/password/reset/", {"email": ADA}),
        ("/account/signup/", SIGN_UP),
        ("/account/signup/", SIGN_UP | {"email": "new@contoso.example"}),
    ],
)
def test_no_account_mail_leaves_in_a_request(
    visitor: Client, make_user: MakeUser, mailoutbox: Mailbox, path: str, typed: dict[str, str]
) -> None:
    make_user(ADA)
    assert visitor.post(path, typed).status_code == 303
    assert not mail.outbox
    assert len(mailoutbox) == 1


def test_a_reset_is_posted_alike_with_and_without_an_account(
    visitor: Client, make_user: MakeUser, mailoutbox: Mailbox
) -> None:
    make_user(ADA)
    for address in (ADA, "nobody@contoso.example"):
        with CaptureQueriesContext(connection) as captured:
            visitor.post("/account/password/reset/", {"email": address})
        inserts = [each["sql"].split(" (")[0] for each in captured if each["sql"].startswith("INSERT")]
        assert inserts == ['INSERT INTO "audit_event"', 'INSERT INTO "outbox_message"']
    assert [email.to for email in mailoutbox] == [[ADA]]
    assert set(Message.objects.values_list("recipient", "state")) == {
        (ADA, "sent"),
        ("nobody@contoso.example", "dropped"),
    }


def test_a_mail_server_that_fails_shows_on_no_page(make_user: MakeUser, settings: Any, visitor: Client) -> None:
    make_user(ADA)
    settings.EMAIL_BACKEND = f"{__name__}.NoMailServer"
    assert visitor.post("/account/password/reset/", {"email": ADA}).status_code == 303


class NoMailServer(BaseEmailBackend):
    """A mail server that is not there."""

    def send_messages(self, email_messages: Any) -> int:
        raise ConnectionRefusedError


def test_opening_somebody_elses_link_signs_nobody_out(
    visitor: Client, make_user: MakeUser, client_of: SignedIn, mailoutbox: list[EmailMessage]
) -> None:
    sign_up(visitor)
    link = link_in(str(mailoutbox.pop().body))
    bob = client_of(make_user("bob@contoso.example"))
    assert bob.get(link).status_code == 200
    assert bob.get("/session").json()["email"] == "bob@contoso.example"
    assert bob.post(link).status_code == 303
    assert EmailAddress.objects.get(email=ADA).verified
    assert bob.get("/session").status_code == 401, "who says that the address is theirs is somebody else from then on"
