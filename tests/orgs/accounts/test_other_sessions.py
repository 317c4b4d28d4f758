"""What becomes of an account's other sessions when its password changes or a second factor is added."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from allauth.account.forms import default_token_generator as tokens
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.actors import COMMAND_LINE
from audit.events import EventName
from audit.models import Event
from orgs.models import GrantKind, Organization, SessionGrant, User
from orgs.services import grants
from tests.conftest import PASSWORD, MakeOrganization, MakeUser, SignedIn, new_browser, open_session

NEW = "quite another password"
CHANGE = "/account/password/change/"
OFFER = "/account/2fa/other-sessions/"


def change_password(browser: Client) -> None:
    fields = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert browser.post(CHANGE, fields).status_code == 303


def live(user: User) -> int:
    return SessionGrant.objects.filter(user=user, ended_at__isnull=True).count()


@pytest.fixture
def browser(admin: User, client_of: SignedIn) -> Client:
    """The browser in which the password is changed or the factor added."""
    return client_of(admin)


class TestPassword:
    def test_the_page_says_how_many_sessions_end(
        self, browser: Client, admin: User, organization: Organization, client_of: SignedIn, sso_client: SignedIn
    ) -> None:
        assert "You have no other sessions" in browser.get(CHANGE).content.decode()
        client_of(admin)
        assert "<strong>1 other session</strong> ends" in browser.get(CHANGE).content.decode()
        sso_client(admin, organization)
        assert "<strong>2 other sessions</strong> end" in browser.get(CHANGE).content.decode()

    def test_all_other_sessions_end_and_this_one_goes_on(
        self, browser: Client, admin: User, organization: Organization, client_of: SignedIn, sso_client: SignedIn
    ) -> None:
        others = [client_of(admin), sso_client(admin, organization)]
        change_password(browser)
        assert browser.get("/o/contoso/").status_code == 200
        assert [each.get("/session").status_code for each in others] == [401, 401]
        assert live(admin) == 1
        ended = Event.objects.filter(name=EventName.USER_SIGNED_OUT, organization_number=organization.number)
        assert [event.after for event in ended] == [{"by": "another session of theirs", "sessions": 2}]

    def test_a_sign_in_that_began_before_brings_no_password_session_back(
        self, browser: Client, organization: Organization, admin: User, client_of: SignedIn
    ) -> None:
        """A provider may assert the account's address to a session that began with the old password."""
        old = client_of(admin).session["session_name"]
        change_password(browser)
        into = grants.new_grant(
            session="a new session",
            user=admin,
            kind=GrantKind.SSO,
            organization=organization,
            expires_at=timezone.now() + timedelta(hours=1),
        )
        assert grants.carry_grants_over(from_session=old, to=into) == 0
        assert not SessionGrant.objects.filter(session="a new session").exists()

    def test_a_reset_by_mail_ends_every_session(self, browser: Client, admin: User, visitor: Client) -> None:
        path = f"/account/password/reset/key/{user_pk_to_url_str(admin)}-{tokens.make_token(admin)}/"
        form = visitor.get(path)["Location"]
        assert visitor.post(form, {"password1": NEW, "password2": NEW}).status_code == 303
        admin.refresh_from_db()
        assert admin.check_password(NEW)
        assert live(admin) == 0


class TestSecondFactor:
    def add_app(self, browser: Client) -> str:
        """Set up an authenticator app; return where the browser is led."""
        browser.post("/account/reauthenticate/", {"password": PASSWORD})
        secret = browser.get("/account/2fa/totp/activate/").context["form"].secret
        code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
        return str(browser.post("/account/2fa/totp/activate/", {"code": code})["Location"])

    def test_without_another_session_nothing_is_offered(self, browser: Client) -> None:
        assert self.add_app(browser) == "/account/2fa/recovery-codes/"

    def test_the_offer_names_the_number_and_leads_on_either_way(
        self, browser: Client, admin: User, client_of: SignedIn
    ) -> None:
        client_of(admin), client_of(admin)
        path = self.add_app(browser)
        assert path == f"{OFFER}?codes=1"
        page = browser.get(path).content.decode()
        assert "<strong>2 other sessions</strong>" in page
        assert 'href="/account/2fa/recovery-codes/">Stay signed in there' in page
        assert live(admin) == 3

    def test_taking_the_offer_ends_them_all(
        self, browser: Client, admin: User, organization: Organization, client_of: SignedIn, sso_client: SignedIn
    ) -> None:
        others = [client_of(admin), sso_client(admin, organization)]
        answer = browser.post(self.add_app(browser))
        assert (answer.status_code, answer["Location"]) == (303, "/account/2fa/recovery-codes/")
        assert [each.get("/session").status_code for each in others] == [401, 401]
        assert browser.get("/o/contoso/").status_code == 200
        assert Event.objects.get(name=EventName.USER_SIGNED_OUT).after["sessions"] == 2
        assert "You have no other sessions" in browser.get(OFFER).content.decode()

    def test_refusing_the_offer_ends_none(self, browser: Client, admin: User, client_of: SignedIn) -> None:
        other = client_of(admin)
        browser.get(self.add_app(browser))
        assert other.get("/session").status_code == 200

    def test_a_session_by_single_sign_on_cannot_end_others(
        self, admin: User, organization: Organization, browser: Client, sso_client: SignedIn
    ) -> None:
        assert sso_client(admin, organization).post(OFFER).status_code == 403
        assert browser.get("/session").status_code == 200
        assert not Authenticator.objects.exists()

    def test_sessions_of_others_stay(self, browser: Client, make_organization: MakeOrganization) -> None:
        stranger = make_organization("Fabrikam").memberships.get().user
        other = open_session(stranger, GrantKind.PASSWORD)
        browser.post(OFFER)
        assert other.get("/session").status_code == 200


class TestManySessions:
    """Any organization's provider can assert an account's address, and open as many sessions of it as it likes."""

    def statements(self, few: int, many: int, user: User, act: Callable[[], object]) -> tuple[int, int]:
        """Count the statements of something done beside few sessions and beside many."""
        counts = []
        for sessions in (few, many):
            self.hostile(user, sessions)
            with CaptureQueriesContext(connection) as captured:
                act()
            counts.append(len(captured))
        return counts[0], counts[1]

    def hostile(self, user: User, number: int) -> None:
        there = Organization.objects.get(name="Fabrikam")
        for _ in range(number):
            session = open_session(user, GrantKind.SSO, there).session
            UserSession.objects.create(user=user, ip="192.0.2.7", session_key=session.session_key)

    @pytest.fixture(autouse=True)
    def fabrikam(self, make_organization: MakeOrganization) -> None:
        make_organization("Fabrikam")

    def test_signing_in_costs_the_same(self, admin: User) -> None:
        def sign_in() -> None:
            answer = new_browser().post("/account/login/", {"login": admin.email, "password": PASSWORD})
            assert answer.status_code == 303

        few, many = self.statements(3, 60, admin, sign_in)
        assert many == few

    def test_ending_them_costs_the_same_and_leaves_none(self, admin: User, browser: Client) -> None:
        def end() -> None:
            assert browser.post("/account/sessions/").status_code == 303
            assert live(admin) == Session.objects.count() == UserSession.objects.count() == 1

        browser.get("/")
        few, many = self.statements(3, 60, admin, end)
        assert many == few

    def test_a_new_password_costs_the_same(self, admin: User, make_user: MakeUser) -> None:
        def change(user: User) -> int:
            browser = open_session(user, GrantKind.PASSWORD)
            browser.get("/")
            with CaptureQueriesContext(connection) as captured:
                change_password(browser)
            assert live(user) == 1
            return len(captured)

        other = make_user()
        self.hostile(admin, 60)
        self.hostile(other, 3)
        assert change(admin) <= change(other) + 5, "the admin's password opens an organization, which has it in its log"

    def test_the_page_lists_a_part_of_them(self, admin: User, browser: Client) -> None:
        self.hostile(admin, 60)
        page = browser.get("/account/sessions/")
        assert len(page.context["sessions"]) == 50
        assert page.context["sessions"][0].session_key == browser.session.session_key
        text = page.content.decode()
        assert "Page 1 of 2" in text
        assert "Sign out everywhere else" in text
        assert len(browser.get("/account/sessions/?page=2").context["sessions"]) == 11


class TestTheListOfSessions:
    """Whether the page offers to end others follows from what is live, not from allauth's rows."""

    def test_a_session_without_a_row_counts(self, browser: Client, admin: User) -> None:
        open_session(admin, GrantKind.PASSWORD)
        browser.get("/")
        assert UserSession.objects.count() == 1
        assert "Sign out everywhere else" in browser.get("/account/sessions/").content.decode()

    def test_a_row_of_a_dead_session_does_not(self, browser: Client, admin: User) -> None:
        UserSession.objects.create(user=admin, ip="192.0.2.7", session_key="of a dead session")
        page = browser.get("/account/sessions/")
        assert "You have no other sessions." in page.content.decode()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time")
def test_a_password_that_is_being_carried_over_ends_too(make_organization: MakeOrganization) -> None:
    """Single sign-on moves it to a new session at the moment at which all other sessions end."""
    organization = make_organization("Fabrikam")
    user = organization.memberships.get().user
    old = open_session(user, GrantKind.PASSWORD).session["session_name"]
    moved = threading.Event()

    def end() -> None:
        try:
            assert moved.wait(timeout=30)
            grants.end_other_sessions(user=user, session="the one that changes the password", actor=COMMAND_LINE)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            ending = pool.submit(end)
            into = grants.new_grant(
                session="a new session",
                user=user,
                kind=GrantKind.SSO,
                organization=organization,
                expires_at=timezone.now() + timedelta(hours=1),
            )
            assert grants.carry_grants_over(from_session=old, to=into) == 1
            moved.set()
            time.sleep(0.5)  # in which it would have ended long since, if nothing held it up
        ending.result(timeout=30)
    assert live(user) == 0
