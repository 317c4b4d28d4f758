"""django-allauth's pages: in our frame, in our words, without inline code, each for the person it is meant for."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.test import Client
from django.urls import reverse

from orgs.models import Organization, User
from tests.conftest import PASSWORD, MakeUser, SignedIn, deliver_outbox
from tests.ui.markup import heading, page_of

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def visitor(db: None) -> Client:
    """Return a browser without a signed-in user."""
    client = Client(headers={"host": "amplisso.example"})
    client.defaults["wsgi.url_scheme"] = "https"
    return client


@pytest.fixture
def person(make_user: MakeUser) -> User:
    """Ada, with a password."""
    return make_user("ada@contoso.example")


@pytest.fixture
def browser(visitor: Client, person: User) -> Client:
    """Ada's browser, in which she has signed in and has just typed her password again."""
    visitor.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    visitor.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return visitor


@pytest.fixture
def key(person: User) -> Authenticator:
    """A security key of Ada's; nothing here asks it to sign."""
    return Authenticator.objects.create(
        user=person, type=Authenticator.Type.WEBAUTHN, data={"name": "Work laptop", "credential": {}}
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("account_login", "Sign in with your password"),
        ("account_signup", "Create an account and an organization"),
        ("account_reset_password", "Forgot your password?"),
        ("account_reset_password_done", "Check your e-mail"),
        ("account_reset_password_from_key_done", "Your password was changed"),
        ("account_email_verification_sent", "Check your e-mail"),
        ("account_inactive", "This account is disabled"),
    ],
)
def test_page_of_a_visitor(visitor: Client, name: str, words: str) -> None:
    response = visitor.get(reverse(name))
    assert response.status_code == 200
    tree = page_of(response)
    assert heading(tree) == words
    assert not tree.xpath("//details[contains(@class, 'account-menu')]")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("account_change_password", "Password"),
        ("account_logout", "Sign out?"),
        ("account_reauthenticate", "Confirm your identity"),
        ("mfa_index", "Second factor and passkeys"),
        ("mfa_activate_totp", "Set up an authenticator app"),
        ("mfa_list_webauthn", "Passkeys and security keys"),
        ("mfa_add_webauthn", "Add a passkey or security key"),
        ("usersessions_list", "Sessions"),
    ],
)
def test_page_of_a_person(browser: Client, person: User, name: str, words: str) -> None:
    response = browser.get(reverse(name))
    assert response.status_code == 200
    tree = page_of(response)
    assert heading(tree) == words
    assert person.email in tree.xpath("//details[contains(@class, 'account-menu')]")[0].text_content()


@pytest.mark.parametrize(
    ("name", "current"),
    [
        ("account_change_password", "Password"),
        ("mfa_activate_totp", "Second factor and passkeys"),
        ("usersessions_list", "Sessions"),
    ],
)
def test_account_list_says_where_one_is(browser: Client, name: str, current: str) -> None:
    tree = page_of(browser.get(reverse(name)))
    marked = tree.xpath("//nav[@class='settings-nav']//a[@aria-current='page']")
    assert [link.text_content() for link in marked] == [current]


def test_sign_up_asks_for_the_organization(visitor: Client) -> None:
    tree = page_of(visitor.get(reverse("account_signup")))
    assert [i.name for i in tree.xpath("//main//form//input[@type!='hidden']")] == [
        "email",
        "organization_name",
        "password1",
        "password2",
    ]


def test_wrong_password_keeps_the_address(visitor: Client, person: User) -> None:
    tree = page_of(visitor.post(reverse("account_login"), {"login": person.email, "password": "wrong"}))
    assert tree.xpath("//input[@name='login']/@value") == [person.email]
    assert tree.xpath("//*[@role='alert' and contains(@class, 'alert-danger')]")


def test_error_stands_at_its_field(browser: Client) -> None:
    form = {"oldpassword": PASSWORD, "password1": "a new long password", "password2": "another one, longer"}
    tree = page_of(browser.post(reverse("account_change_password"), form))
    (control,) = tree.xpath("//input[@name='password2']")
    assert "is-invalid" in control.get("class")
    assert control.get("aria-invalid") == "true"
    described = [tree.get_element_by_id(target).text_content() for target in control.get("aria-describedby").split()]
    assert "same password" in " ".join(described)


def test_person_with_an_sso_grant_may_add_a_password_grant(
    organization: Organization, admin: User, sso_client: SignedIn
) -> None:
    browser = sso_client(admin, organization)
    refused = browser.get(reverse("account_change_password"))
    assert refused.status_code == 403
    assert heading(page_of(refused)) == "Sign in with your password to see this page"
    (link,) = page_of(refused).xpath("//main//a[contains(@class, 'btn-primary')]/@href")
    tree = page_of(browser.get(link))
    assert tree.xpath("//form[@action=$to]//input[@name='next']/@value", to=reverse("account_login")) == [
        reverse("account_change_password")
    ]
    answer = browser.post(link, {"login": admin.email, "password": PASSWORD})
    assert answer.headers["Location"] == reverse("account_change_password")
    assert browser.get(reverse("account_change_password")).status_code == 200


def test_account_links_need_a_password_grant(organization: Organization, admin: User, sso_client: SignedIn) -> None:
    menu = page_of(sso_client(admin, organization).get(reverse("home"), follow=True)).xpath(
        "//details[contains(@class, 'account-menu')]"
    )[0]
    assert reverse("account_change_password") not in menu.xpath(".//a/@href")
    assert menu.xpath(".//form/@action") == [reverse("account_logout")]


def test_link_of_the_password_mail(visitor: Client, person: User) -> None:
    visitor.post(reverse("account_reset_password"), {"email": person.email})
    deliver_outbox()
    (link,) = [line for line in mail.outbox[-1].body.splitlines() if "/password/reset/key/" in line]
    page = visitor.get(link, follow=True)
    assert heading(page_of(page)) == "Choose a new password"
    again = visitor.get(link.replace("-", "-x"), follow=True)
    assert heading(page_of(again)) == "This link no longer works"


def test_link_of_the_confirmation_mail(visitor: Client, person: User) -> None:
    address = EmailAddress.objects.get(user=person)
    address.verified = False
    address.save()
    page = visitor.get(reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key]))
    assert heading(page_of(page)) == "Confirm your address"
    assert person.email in page.content.decode()


def test_link_of_a_confirmation_that_is_over(visitor: Client) -> None:
    page = visitor.get(reverse("account_confirm_email", args=["nothing"]))
    assert heading(page_of(page)) == "This link no longer works"


def test_authenticator_app(browser: Client, person: User) -> None:
    tree = page_of(browser.get(reverse("mfa_activate_totp")))
    assert tree.xpath("//img[@class='qr']/@src")[0].startswith("data:image/svg+xml")
    TOTP.activate(person, SECRET)
    RecoveryCodes.activate(person)
    assert "10 left" in page_of(browser.get(reverse("mfa_index"))).text_content()
    assert heading(page_of(browser.get(reverse("mfa_deactivate_totp")))) == "Turn off the authenticator app?"
    codes = page_of(browser.get(reverse("mfa_view_recovery_codes"))).xpath("//ul[@class='codes']/li")
    assert len(codes) == 10
    assert heading(page_of(browser.get(reverse("mfa_generate_recovery_codes")))) == "Create new recovery codes?"
    again = page_of(browser.get(reverse("mfa_reauthenticate")))
    assert "A code from your app" not in again.text_content()
    assert again.xpath("//input[@name='code']")


def test_second_step(visitor: Client, person: User, key: Authenticator) -> None:
    TOTP.activate(person, SECRET)
    answer = visitor.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert answer.headers["Location"].startswith(reverse("mfa_authenticate"))
    key.delete()
    wrong = visitor.post(reverse("mfa_authenticate"), {"code": "no"})
    tree = page_of(wrong)
    assert heading(tree) == "One more step"
    assert tree.xpath("//input[@name='code' and contains(@class, 'is-invalid')]")


def test_keys(browser: Client, key: Authenticator) -> None:
    listed = page_of(browser.get(reverse("mfa_list_webauthn")))
    assert "Work laptop" in listed.text_content()
    renaming = page_of(browser.get(reverse("mfa_edit_webauthn", args=[key.pk])))
    assert renaming.xpath("//input[@name='name']/@value") == ["Work laptop"]
    removing = page_of(browser.get(reverse("mfa_remove_webauthn", args=[key.pk])))
    assert heading(removing) == "Remove Work laptop?"


def test_session_says_which_browser(visitor: Client, person: User) -> None:
    visitor.defaults["HTTP_USER_AGENT"] = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    )
    visitor.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    text = " ".join(page_of(visitor.get(reverse("usersessions_list"))).find(".//main").text_content().split())
    assert "Firefox on Windows" in text
    assert "This browser" in text
    assert "You have no other sessions." in text
