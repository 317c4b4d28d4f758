"""The mails: plain words, one subject line, and links that start with BASE_URL whatever host the browser asked."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TypeVar

import pytest
from allauth.account.adapter import get_adapter
from allauth.core.context import request_context
from django.conf import settings
from django.core import mail
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from orgs import emails
from orgs.models import Invitation, Organization, Role, User
from outbox.mails import Mail
from tests.conftest import PASSWORD, MakeUser, deliver_outbox

LINK = re.compile(r"https?://\S+")
NOTICES = [
    "account/email/email_changed",
    "account/email/email_confirm",
    "account/email/email_deleted",
    "account/email/password_changed",
    "account/email/password_reset",
    "account/email/password_set",
    "mfa/email/recovery_codes_generated",
    "mfa/email/totp_activated",
    "mfa/email/totp_deactivated",
    "mfa/email/webauthn_added",
    "mfa/email/webauthn_removed",
]


@pytest.fixture
def visitor(db: None) -> Client:
    """A browser that came by another name of the machine."""
    client = Client(headers={"host": "localhost"})
    client.defaults["wsgi.url_scheme"] = "https"
    return client


T = TypeVar("T", mail.EmailMessage, Mail)


def sent() -> mail.EmailMessage:
    """The last mail, after the checks that each must pass."""
    deliver_outbox()
    return checked(mail.outbox[-1])


def checked(message: T) -> T:
    """A mail, after the checks that each must pass."""
    assert message.subject == message.subject.strip()
    assert message.subject
    text = message.body
    assert "localhost" not in text
    assert "&amp;" not in text + message.subject
    assert "&#" not in text + message.subject
    assert "None" not in text
    assert all(link.startswith(settings.BASE_URL) for link in LINK.findall(text))
    return message


def link_to(path: str) -> str:
    """A page's public address."""
    return settings.BASE_URL + path


def test_new_account(visitor: Client) -> None:
    form = {
        "email": "ada@contoso.example",
        "organization_name": "Contoso",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    visitor.post(reverse("account_signup"), form)
    message = sent()
    assert message.from_email == settings.DEFAULT_FROM_EMAIL
    assert message.subject == "Confirm your e-mail address"
    assert link_to("/account/confirm-email/") in message.body


def test_account_that_exists(visitor: Client, make_user: MakeUser) -> None:
    form = {"email": make_user().email, "organization_name": "Contoso", "password1": PASSWORD, "password2": PASSWORD}
    visitor.post(reverse("account_signup"), form)
    message = sent()
    assert message.subject == "You already have an account at Amplisso"
    assert link_to(reverse("account_reset_password")) in message.body


def test_forgotten_password(visitor: Client, make_user: MakeUser) -> None:
    visitor.post(reverse("account_reset_password"), {"email": make_user().email})
    message = sent()
    assert message.subject == "Choose a new password"
    assert link_to("/account/password/reset/key/") in message.body


@pytest.mark.parametrize("name", NOTICES)
def test_notice_of_a_change(rf: RequestFactory, make_user: MakeUser, name: str) -> None:
    request = rf.get(
        "/", secure=True, headers={"host": "localhost", "user-agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/130.0"}
    )
    with request_context(request):
        about = {"from_email": "a@b.example", "to_email": "c@b.example", "deleted_email": "a@b.example"}
        get_adapter(request).send_notification_mail(name, make_user(), about)
    body = sent().body
    assert "From: 127.0.0.1" in body
    assert "Browser: Firefox on Windows" in body
    assert link_to(reverse("account_reset_password")) in body


def test_unknown_account(rf: RequestFactory, db: None) -> None:
    request = rf.get("/", headers={"host": "localhost"})
    with request_context(request):
        get_adapter(request).send_mail("account/email/unknown_account", "nobody@contoso.example", {})
    assert link_to(reverse("account_signup")) in sent().body


@pytest.mark.parametrize("is_by_somebody", [True, False])
def test_invitation(organization: Organization, admin: User, is_by_somebody: bool) -> None:
    organization.name = "R&D <Contoso>"
    now = timezone.now()
    invitation = Invitation(
        organization=organization,
        email="new@contoso.example",
        role=Role.MEMBER,
        invited_by=admin if is_by_somebody else None,
        sent_at=now,
        expires_at=now + timedelta(days=7),
    )
    message = checked(emails.invitation_mail(invitation, "a-token"))
    assert message.subject == "Join R&D <Contoso> at Amplisso"
    assert link_to(reverse("invitation", args=["a-token"])) in message.body
    expected = f"{admin.email} invites you to" if is_by_somebody else "You are invited to"
    assert message.body.startswith(f"{expected} R&D <Contoso>, as Member.")


def test_recovery_code_is_in_the_body_alone(organization: Organization) -> None:
    message = checked(emails.recovery_code_mail(organization, "123456"))
    assert "123456" in message.body
    assert "123456" not in message.subject


def test_admins_hear_of_a_recovery(organization: Organization, admin: User) -> None:
    emails.tell_admins_of_recovery(admin.memberships.get(), "second factor")
    message = sent()
    assert message.to == [admin.email]
    assert admin.email in message.subject
    assert link_to(reverse("settings_audit", args=[organization.slug])) in message.body
    assert "with a password and a second factor" in message.body


def test_sign_in_pages(organization: Organization) -> None:
    message = checked(emails.sign_in_pages_mail([organization]))
    assert link_to(reverse("organization_sign_in", args=[organization.slug])) in message.body


@pytest.mark.parametrize("required", [True, False])
def test_admins_hear_that_single_sign_on_is_off(organization: Organization, admin: User, required: bool) -> None:
    organization.require_sso = required
    emails.tell_admins_of_suspension(organization, "Its signing keys are not accepted: RSA 1024 is too weak.")
    message = sent()
    assert message.to == [admin.email]
    assert message.subject == "Single sign-on of Contoso is off"
    assert link_to(reverse("settings_access", args=[organization.slug])) in message.body
    assert ("Require SSO is suspended" in message.body) is required


@pytest.mark.parametrize("undone", [False, True])
def test_relinked_members(organization: Organization, admin: User, make_user: MakeUser, undone: bool) -> None:
    Organization.objects.update(name="Win a prize at evil.example")
    organization.refresh_from_db()
    users = [make_user("ada@contoso.example"), make_user("grace@contoso.example")]
    emails.tell_of_relinking(organization, admin, users, undone=undone)
    message = sent()
    assert [message.to for message in mail.outbox] == [[user.email] for user in [*users, admin]]
    assert ("undone" in message.subject) == undone
    assert "ada@contoso.example\ngrace@contoso.example" in message.body
    assert link_to(reverse("relinked_members", args=[organization.slug])) in message.body
    assert ("can undo it here within 30 days" in message.body) == (not undone)
    for told in mail.outbox:
        assert "evil. example" in told.subject
        assert "evil.example" not in told.body
    assert link_to(reverse("organization_sign_in", args=[organization.slug])) in mail.outbox[0].body
    assert admin.email in mail.outbox[0].body
