"""The pages of a visitor who wants to sign in."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from orgs.models import Organization, Role, User
from sso.crypto.encrypted_params import TokenPurpose, decrypt
from tests.conftest import Mailbox, MakeMember, MakeUser, SignedIn, deliver_outbox, new_browser
from tests.sso.views.conftest import MakeSignIn, Upload
from tests.sso.views.pages import errors_at, field, form_to, links, page, words

REFERENCE = "7KQ4-M2XD-P9TR"

ELSEWHERE = [
    "https://evil.example/",
    "http://amplisso.example/o/contoso/",  # ours, but not by https
    "//evil.example/o/contoso/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https://amplisso.example@evil.example/",
    "https://amplisso.example.evil.example/",
    "https://amplisso.example//evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "o/contoso/",
    "/o/contoso/\x00",
    "/o/contoso/\r\nLocation: https://evil.example",
    "/" + "a" * 2000,
]
OURS = {
    "/o/contoso/": "/o/contoso/",
    "/o/contoso/?tab=1&x=%2F%2Fevil.example": "/o/contoso/?tab=1&x=%2F%2Fevil.example",
    "https://amplisso.example/o/contoso/#top": "/o/contoso/",
    "/%2F%2Fevil.example": "/%2F%2Fevil.example",
}


@pytest.fixture
def browser() -> Client:
    """Return the browser of a new visitor."""
    return new_browser()


@pytest.mark.usefixtures("db")
def test_sign_in_asks_for_the_address_first(browser: Client) -> None:
    response = browser.get("/sign-in")
    document = page(response)
    assert response.status_code == 200
    assert field(document, "email").get("type") == "email"
    assert not document.xpath("//input[@type='password']")
    assert "no-store" in response["Cache-Control"]


def test_an_address_of_a_connected_domain_goes_to_its_provider(browser: Client, connected: Organization) -> None:
    response = browser.post("/sign-in", {"email": "Ada@Contoso.example", "next": "/o/contoso/reports?q=1"})
    document = page(response)
    assert response.status_code == 200
    assert "Contoso uses Microsoft Entra ID" in words(document)
    target = links(document)["Continue now"]
    (refresh,) = document.xpath("//meta[@http-equiv='refresh']/@content")
    assert refresh == f"0; url={target}"
    parts = urlsplit(target)
    query = parse_qs(parts.query)
    assert parts.path == f"/sso/{connected.number}/start"
    assert query["next"] == ["/o/contoso/reports?q=1"]
    assert decrypt(TokenPurpose.LOGIN_HINT, query["hint"][0]) == "ada@contoso.example"


def test_no_address_of_ours_holds_the_e_mail_address(browser: Client, connected: Organization) -> None:
    response = browser.post("/sign-in", {"email": "ada@contoso.example"})
    for link in page(response).xpath("//@href | //@action | //meta/@content"):
        assert "ada@" not in link
        assert "ada%40" not in link


@pytest.mark.usefixtures("connected")
def test_everybody_else_gets_one_and_the_same_page(
    browser: Client, make_user: MakeUser, member: MakeMember, organization: Organization
) -> None:
    make_user("known@elsewhere.example")
    make_user("staff@elsewhere.example", is_staff=True, is_superuser=True)
    member(organization, Role.ADMIN, make_user("admin@elsewhere.example"))
    answers = {name: _anonymous(browser, f"{name}@elsewhere.example") for name in ("known", "staff", "admin", "nobody")}
    assert len(set(answers.values())) == 1, answers


def _anonymous(browser: Client, address: str) -> tuple[int, str, tuple[str, ...], str]:
    """Everything about a response, without the address itself and the token against forged forms."""
    with CaptureQueriesContext(connection) as queries:
        response = browser.post("/sign-in", {"email": address})
    body = response.content.decode().replace(address, "ADDRESS")
    body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", body)
    headers = repr({name: value for name, value in response.items() if name not in {"Content-Length", "Expires"}})
    asked = tuple(query["sql"].replace(address, "ADDRESS") for query in queries)
    return response.status_code, body, asked, headers


@pytest.mark.usefixtures("db")
def test_the_other_page_offers_a_password_and_a_mail(browser: Client) -> None:
    document = page(browser.post("/sign-in", {"email": "ada@elsewhere.example", "next": "/o/contoso/"}))
    password = form_to(document, "/account/login/")
    assert dict(password.fields)["login"] == "ada@elsewhere.example"
    assert dict(password.fields)["next"] == "/o/contoso/"
    assert dict(form_to(document, "/sign-in/mail").fields)["email"] == "ada@elsewhere.example"
    assert {"Forgot your password?", "Create an account", "Use a passkey"} <= set(links(document))


@pytest.mark.parametrize("target", ["/o/contoso/recovery", "javascript:alert(1)"])
def test_every_page_on_the_way_offers_a_password(browser: Client, connected: Organization, target: str) -> None:
    """For the day when the provider fails."""
    password = "/account/login/" + ("?next=%2Fo%2Fcontoso%2Frecovery" if target.startswith("/") else "")
    asked = {"next": target}
    to_provider = browser.post("/sign-in", {"email": "ada@contoso.example", **asked})
    refused = browser.post("/sign-in", {"email": "ada", **asked})
    for response in (browser.get("/sign-in", asked), to_provider, refused):
        assert links(page(response))["Sign in with a password instead"] == password
    other_ways = links(page(browser.get(f"/o/{connected.slug}/sign-in")))["Other ways to sign in"]
    assert "Sign in with a password instead" in links(page(browser.get(other_ways)))


def test_who_is_signed_in_may_go_on(browser: Client, client_of: SignedIn, make_user: MakeUser) -> None:
    client, ada = client_of(make_user("ada@elsewhere.example")), "You are signed in as ada@elsewhere.example"
    document = page(client.get("/sign-in", {"next": "/o/contoso/"}))
    assert ada in words(document)
    assert links(document)["continue"] == "/o/contoso/"
    document = page(client.post("/sign-in", {"email": "", "next": "javascript:alert(1)"}))
    assert links(document)["continue"] == "/"
    assert "You are signed in" not in words(page(browser.get("/sign-in")))


def test_the_password_form_signs_in(browser: Client, make_user: MakeUser) -> None:
    make_user("ada@elsewhere.example")
    document = page(browser.post("/sign-in", {"email": "ada@elsewhere.example", "next": "/organizations/new"}))
    form = dict(form_to(document, "/account/login/").fields) | {"password": "correct horse battery"}
    response = browser.post("/account/login/", form)
    assert (response.status_code, response["Location"]) == (303, "/organizations/new")


def test_a_domain_that_is_not_verified_leads_nowhere(browser: Client, connected: Organization) -> None:
    connected.email_domains.update(verified_at=None)
    document = page(browser.post("/sign-in", {"email": "ada@contoso.example"}))
    assert document.xpath("//input[@type='password']")


@pytest.mark.parametrize("change", ["connection", "plan"])
def test_a_domain_whose_organization_cannot_sign_in_leads_nowhere(
    browser: Client, connected: Organization, change: str
) -> None:
    if change == "plan":
        connected.plan = type(connected.plan).objects.get(slug="starter")
        connected.save()
    else:
        connected.connections.update(state="disabled")
    document = page(browser.post("/sign-in", {"email": "ada@contoso.example"}))
    assert document.xpath("//input[@type='password']")


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    "text", ["", "ada", "ada@", "ada@contoso", "a b@contoso.example", "a" * 400 + "@contoso.example"]
)
def test_what_is_no_address_is_said_at_the_field(browser: Client, text: str) -> None:
    response = browser.post("/sign-in", {"email": text, "next": "/o/contoso/"})
    document = page(response)
    assert response.status_code == 422
    assert errors_at(document, "email")
    assert (field(document, "email").value or "") == text
    assert field(document, "next").value == "/o/contoso/"


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize("address", ["ada@contoso.example", "ada@elsewhere.example"])
@pytest.mark.parametrize("target", ELSEWHERE)
def test_next_never_leaves_this_site(browser: Client, target: str, address: str) -> None:
    first = browser.get("/sign-in", {"next": target})
    assert first.status_code == (400 if "\x00" in target else 200)
    assert first.status_code == 400 or not field(page(first), "next").value
    second = browser.post("/sign-in", {"email": address, "next": target})
    if second.status_code == 422:  # a NUL, which the form itself refuses
        assert "\x00" in target
        return
    for link in page(second).xpath("//main//@href"):
        assert not parse_qs(urlsplit(link).query).get("next"), link
    assert not page(second).xpath("//input[@name='next']")


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize(("target", "kept"), OURS.items())
def test_next_is_kept_all_the_way(browser: Client, target: str, kept: str) -> None:
    first = page(browser.get("/sign-in", {"next": target}))
    assert field(first, "next").value == kept
    to_provider = page(browser.post("/sign-in", {"email": "ada@contoso.example", "next": kept}))
    assert parse_qs(urlsplit(links(to_provider)["Continue now"]).query)["next"] == [kept]
    otherwise = page(browser.post("/sign-in", {"email": "ada@elsewhere.example", "next": kept}))
    assert dict(form_to(otherwise, "/account/login/").fields)["next"] == kept
    assert parse_qs(urlsplit(links(otherwise)["Use another address"]).query)["next"] == [kept]


class TestMailedPages:
    """'Send me my sign-in page' answers every visitor alike, and writes to those who have a page."""

    def test_members_and_invitees_get_their_pages(
        self, browser: Client, connected: Organization, member: MakeMember, mailoutbox: Mailbox
    ) -> None:
        address = member(connected).user.email
        response = browser.post("/sign-in/mail", {"email": address.upper()})
        assert (response.status_code, response["Location"]) == (303, "/sign-in/mailed")
        (email,) = mailoutbox
        assert email.to == [address]
        assert f"https://amplisso.example/o/{connected.slug}/sign-in" in email.body

    @pytest.mark.usefixtures("connected")
    def test_strangers_get_the_same_answer_and_no_mail(self, browser: Client, mailoutbox: Mailbox) -> None:
        response = browser.post("/sign-in/mail", {"email": "nobody@elsewhere.example"})
        assert (response.status_code, response["Location"], response.content) == (303, "/sign-in/mailed", b"")
        assert not mailoutbox
        assert "Check your e-mail" in words(page(browser.get("/sign-in/mailed")))

    def test_who_is_known_is_asked_when_the_mail_is_sent(
        self, browser: Client, connected: Organization, member: MakeMember, mailoutbox: Mailbox
    ) -> None:
        statements = []
        for address in (member(connected).user.email, "nobody@elsewhere.example"):
            with CaptureQueriesContext(connection) as captured:
                browser.post("/sign-in/mail", {"email": address})
            statements.append([each["sql"].split()[:3] for each in captured if "SAVEPOINT" not in each["sql"]])
        assert statements[0] == statements[1]
        assert not mail.outbox
        assert len(mailoutbox) == 1

    def test_one_address_gets_five_an_hour(
        self, browser: Client, connected: Organization, member: MakeMember, settings: Settings
    ) -> None:
        cache.clear()
        settings.ACCOUNT_RATE_LIMITS = {"mail_sign_in_page": "20/h/ip,5/h/key"}
        address = member(connected).user.email
        for _ in range(7):
            assert browser.post("/sign-in/mail", {"email": address})["Location"] == "/sign-in/mailed"
            deliver_outbox()
        assert len(mail.outbox) == 5
        cache.clear()

    @pytest.mark.usefixtures("db")
    def test_what_is_no_address_is_said_at_the_field(self, browser: Client) -> None:
        response = browser.post("/sign-in/mail", {"email": "ada"})
        assert response.status_code == 422
        assert errors_at(page(response), "email")

    @pytest.mark.usefixtures("db")
    def test_it_is_a_form(self, browser: Client) -> None:
        answer = browser.get("/sign-in/mail")
        assert (answer.status_code, answer["Location"]) == (303, "/sign-in")
        assert browser.put("/sign-in/mail")["Allow"] == "GET, HEAD, POST"


class TestAddressOfTheProvider:
    """A visitor opens the ACS by GET, such as by Enter in the address bar."""

    def test_it_says_how_to_sign_in_and_nothing_of_the_organization(
        self, browser: Client, connected: Organization
    ) -> None:
        pages = []
        for number in (connected.number, 99_999, 10**30):
            for path in (f"/saml/2/acs/{number}", f"/saml/2/acs/{number}/?SAMLResponse=x"):
                response = browser.get(path)
                assert (response.status_code, response["Allow"]) == (405, "POST")
                assert links(page(response)) == {
                    "Sign in with your identity provider": f"/sso/{number}/start",
                    "Sign in with your e-mail address": "/sign-in",
                }
                pages.append(response.content.decode().replace(str(number), ""))
        assert len(set(pages)) == 1
        assert "This address is for your identity provider" in pages[0]


class TestOrganizationPage:
    """The sign-in page that an organization gives to its people."""

    def test_with_sso_there_is_one_button(self, browser: Client, connected: Organization) -> None:
        document = page(browser.get(f"/o/{connected.slug}/sign-in", {"next": "/o/contoso/reports"}))
        found = links(document)
        assert (
            found["Sign in with Microsoft Entra ID"] == f"/sso/{connected.number}/start?next=%2Fo%2Fcontoso%2Freports"
        )
        assert found["Other ways to sign in"] == "/sign-in?next=%2Fo%2Fcontoso%2Freports"
        assert len(document.xpath("//*[contains(@class, 'btn-primary')]")) == 1

    def test_without_sso_it_asks_for_the_address(self, browser: Client, organization: Organization) -> None:
        document = page(browser.get(f"/o/{organization.slug}/sign-in"))
        assert dict(form_to(document, "/sign-in").fields)["next"] == f"/o/{organization.slug}/"

    def test_a_provider_nobody_knows_has_no_name(
        self, browser: Client, organization: Organization, upload: Upload
    ) -> None:
        upload(organization, provider="other")
        document = page(browser.get(f"/o/{organization.slug}/sign-in"))
        assert "Sign in with single sign-on" in links(document)

    @pytest.mark.usefixtures("db")
    def test_unknown_organizations_are_not_found(self, browser: Client) -> None:
        assert browser.get("/o/nobody/sign-in").status_code == 404

    def test_next_never_leaves_this_site(self, browser: Client, connected: Organization) -> None:
        document = page(browser.get(f"/o/{connected.slug}/sign-in", {"next": "//evil.example"}))
        assert links(document)["Sign in with Microsoft Entra ID"] == f"/sso/{connected.number}/start"


class TestRefusedPage:
    """The page of a refused sign-in shows a code, and nothing about the reason."""

    def test_it_looks_nothing_up(self, browser: Client) -> None:
        """Without the db fixture a look into the database is an error."""
        response = browser.get(f"/sso/10001/refused/{REFERENCE}")
        assert response.status_code == 403
        assert "no-store" in response["Cache-Control"]
        document = page(response)
        assert document.get_element_by_id("reference").text == REFERENCE
        assert links(document)["Try again"] == "/sso/10001/start"
        assert links(document)["Open this sign-in in the log"] == f"/sso/10001/refused/{REFERENCE}/log"

    @pytest.mark.parametrize("reference", ["7KQ4", "7KQ4-M2XD-P9TR-AAAA", "7KQ0-M2XD-P9TR", "<b>", "x" * 14])
    def test_what_is_no_reference_is_not_found(self, browser: Client, db: None, reference: str) -> None:
        assert browser.get(f"/sso/10001/refused/{reference}").status_code == 404

    def test_the_log_link_leads_an_admin_to_the_row(
        self, client_of: SignedIn, connected: Organization, admin: User, sign_in_row: MakeSignIn
    ) -> None:
        configuration = connected.connections.get().configurations.get()
        row = sign_in_row(configuration, "refused", reason="untrusted")
        response = client_of(admin).get(f"/sso/{connected.number}/refused/{row.reference}/log", follow=True)
        assert response.redirect_chain[-1][0] == f"/o/{connected.slug}/settings/sign-ins/{row.reference}"
        assert response.status_code == 200

    def test_the_log_link_leads_strangers_nowhere(
        self, client_of: SignedIn, make_user: MakeUser, connected: Organization
    ) -> None:
        path = f"/sso/{connected.number}/refused/{REFERENCE}/log"
        assert client_of(make_user()).get(path).status_code == 404
        assert Client().get(path).status_code == 302
