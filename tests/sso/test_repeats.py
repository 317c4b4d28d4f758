"""One response posted twice from one browser: a double click, Back, Reload (invariant 4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib.auth.signals import user_logged_in
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.actors import COMMAND_LINE
from orgs.models import GrantKind, Membership, Role, SessionGrant, User
from orgs.services import grants, members, organizations
from sso.models import SignIn, SignInState
from sso.reasons import Reason
from sso.services import connections
from tests.conftest import open_session
from tests.sso.conftest import Journey, new_browser, request_id_in

HOME, SIGN_IN = "/o/contoso/", "/o/contoso/sign-in"


def acs(browser: Client, encoded: str) -> HttpResponse:
    return browser.post("/saml/2/acs/10001", {"SAMLResponse": encoded})


def repeat(journey: Journey, encoded: str, browser: Client | None = None) -> str:
    """Post a response that has been posted before, and return where the page behind the ACS leads."""
    browser = browser or journey.browser
    answer = acs(browser, encoded)
    sign_in = SignIn.objects.filter(state=SignInState.SUCCEEDED, reference__in=answer["Location"].split("/")).get()
    assert (answer.status_code, answer["Location"]) == (303, f"/sso/10001/start/repeated/{sign_in.reference}")
    assert not any(cookie.value for cookie in answer.cookies.values()), "no session, and no cookie for the next answer"
    page = browser.get(answer["Location"])
    assert page.status_code == 303
    assert "no-store" in page["Cache-Control"]
    return page["Location"]


def is_restart(location: str) -> bool:
    return location.startswith("/sso/10001/start?again=")


def is_in(browser: Client) -> bool:
    return browser.get("/session").status_code == 200


def left_by(journey: Journey) -> tuple[object, ...]:
    """Everything that signing in leaves in the database, except the count of restarts."""
    rows = [{**row, "repeat_restarts": 0} for row in SignIn.objects.order_by("id").values()]
    return rows, list(SessionGrant.objects.order_by("id").values()), User.objects.count(), Membership.objects.count()


@pytest.fixture
def encoded(journey: Journey) -> str:
    """A response that has just signed Ada in, on her way to the members."""
    response = journey.answer("ada", journey.start(next="/o/contoso/settings/members"))
    assert journey.post(response)["Location"] == "/o/contoso/settings/members"
    return response


@pytest.fixture
def cut_off(journey: Journey, encoded: str) -> str:
    """Return the response for a browser that aborted its first post before the session cookie had come."""
    del journey.browser.cookies[django_settings.SESSION_COOKIE_NAME]
    assert not is_in(journey.browser)
    return encoded


def test_a_live_session_leads_on_and_nothing_changes(journey, encoded):
    before, key = left_by(journey), journey.browser.session.session_key
    for _ in range(5):
        assert repeat(journey, encoded) == "/o/contoso/settings/members"
    assert left_by(journey) == before
    assert journey.last().repeat_restarts == 0
    assert journey.browser.session.session_key == key
    assert is_in(journey.browser)


def test_a_sign_in_that_began_at_no_page_leads_to_the_organization(journey):
    encoded = journey.answer("ada", journey.start())
    journey.post(encoded)
    assert repeat(journey, encoded) == HOME


def test_no_session_of_it_leads_to_one_restart(journey, cut_off):
    before = left_by(journey)
    location = repeat(journey, cut_off)
    assert is_restart(location)
    assert left_by(journey) == before
    assert journey.last().repeat_restarts == 1
    asked = journey.browser.get(location)
    row = journey.last()
    assert row.restart_of.reference != row.reference
    assert (row.next_path, row.repeat_restarts) == ("/o/contoso/settings/members", 1)
    assert journey.post(journey.answer("ada", request_id_in(asked["Location"])))["Location"] == row.next_path
    assert is_in(journey.browser)


def test_a_second_time_leads_to_a_button(journey, cut_off):
    repeat(journey, cut_off)
    for _ in range(3):
        location = repeat(journey, cut_off)
        assert location == f"{SIGN_IN}?next=%2Fo%2Fcontoso%2Fsettings%2Fmembers"
    page = journey.browser.get(location)
    assert b"Sign in with" in page.content
    assert SignIn.objects.count() == 1


def test_a_restart_is_not_restarted(journey, cut_off):
    asked = journey.browser.get(repeat(journey, cut_off))
    second = journey.answer("ada", request_id_in(asked["Location"]))
    journey.post(second)
    del journey.browser.cookies[django_settings.SESSION_COOKIE_NAME]
    assert repeat(journey, second).startswith(SIGN_IN)


def test_after_an_unsolicited_answer_it_is_restarted_all_the_same(journey):
    """The tile in My Apps, and an impatient click."""
    asked = journey.post(journey.answer("ada", ""))
    encoded = journey.answer("ada", request_id_in(asked["Location"]))
    journey.post(encoded)
    del journey.browser.cookies[django_settings.SESSION_COOKIE_NAME]
    assert is_restart(repeat(journey, encoded))


@pytest.mark.parametrize("reload", [False, True])
def test_signed_out_stays_signed_out(journey, encoded, reload):
    journey.browser.post("/account/logout/")
    before = left_by(journey)
    for _ in range(1 + reload):
        assert repeat(journey, encoded).startswith(SIGN_IN)
        assert not is_in(journey.browser)
    assert left_by(journey) == before
    assert journey.last().repeat_restarts == 0


def test_signing_out_counts_for_the_other_tab_too(journey):
    """Two tabs began before there was a session: the second one's replaced the first one's in the browser."""
    first, second = (journey.answer("ada", request) for request in (journey.start(), journey.start()))
    journey.post(first)
    journey.post(second)
    journey.browser.post("/account/logout/")
    assert SessionGrant.objects.filter(ended_at__isnull=True).count() == 1
    assert repeat(journey, second) == repeat(journey, first) == SIGN_IN


def suspend(journey: Journey) -> None:
    ada = journey.organization.memberships.get(user__email="ada@contoso.example")
    by = journey.organization.memberships.get(role=Role.ADMIN)
    members.suspend_member(membership=ada, by=by, actor=COMMAND_LINE)


def end(journey: Journey) -> None:
    grants.end_grant(grant=SessionGrant.objects.get(), actor=COMMAND_LINE)


def sign_out_everyone(journey: Journey) -> None:
    organizations.sign_everyone_out(organization=journey.organization, actor=COMMAND_LINE)


def disable(journey: Journey) -> None:
    connections.disable_connection(connection=journey.organization.connections.get(), actor=COMMAND_LINE)


def suspend_behind_the_back(journey: Journey) -> None:
    Membership.objects.filter(user__email="ada@contoso.example").update(state="suspended")


def forget_the_grants(journey: Journey) -> None:
    SessionGrant.objects.all().delete()


@pytest.mark.parametrize(
    "shut_out", [suspend, end, sign_out_everyone, disable, suspend_behind_the_back, forget_the_grants]
)
@pytest.mark.parametrize("with_session", [True, False])
def test_who_was_shut_out_gets_a_button(journey, encoded, shut_out, with_session):
    shut_out(journey)
    if not with_session:
        del journey.browser.cookies[django_settings.SESSION_COOKIE_NAME]
    assert repeat(journey, encoded).startswith(SIGN_IN)
    assert not is_in(journey.browser)
    assert journey.last().repeat_restarts == 0


def test_a_session_that_has_expired_is_restarted(journey, encoded):
    cookies = journey.browser.cookies
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        assert "start-10001" in cookies
        assert is_restart(repeat(journey, encoded))


def test_a_session_longer_than_the_organization_allows_is_restarted(journey, encoded):
    SessionGrant.objects.update(opened_at=timezone.now() - timedelta(days=2))
    assert is_restart(repeat(journey, encoded))


def test_a_session_that_a_later_sign_in_replaced_is_restarted(journey, encoded):
    """The user has not signed out: after one more request to the provider they are signed in as before."""
    journey.sign_in("ada")
    assert SessionGrant.objects.filter(ended_at__isnull=False).count() == 1
    assert is_restart(repeat(journey, encoded))


def test_signed_out_and_in_again_is_no_replacement(journey, encoded):
    journey.browser.post("/account/logout/")
    journey.sign_in("ada")
    assert repeat(journey, encoded).startswith(SIGN_IN)
    assert is_in(journey.browser)


def test_the_session_of_somebody_else_opens_nothing(journey, encoded, make_organization, make_user):
    """Nor does another grant of the same person: it has to be the one of exactly this sign-in."""
    for user in (make_user("grace@fabrikam.example"), User.objects.get(email="ada@contoso.example")):
        other = open_session(user, GrantKind.PASSWORD)
        for name in ("sign-in-10001", "start-10001"):
            other.cookies[name] = journey.browser.cookies[name].value
        SignIn.objects.update(repeat_restarts=0)
        assert is_restart(repeat(journey, encoded, other))


def test_a_refused_answer_stays_refused(journey):
    request_id = journey.start()
    first = journey.post(journey.answer("ada", request_id, audience="https://other.example"))["Location"]
    before = left_by(journey)
    assert acs(journey.browser, journey.answer("ada", request_id))["Location"] == first
    assert journey.last().reason == Reason.WRONG_AUDIENCE
    assert left_by(journey) == before
    page = reverse("repeated_response", args=[10001, journey.last().reference])
    assert journey.browser.get(page)["Location"] == first


def test_another_browser_learns_nothing(journey, encoded):
    """The page says the same of a sign-in that is open, that has ended, that waits or that never was."""
    waiting = journey.start()
    done, open_one = SignIn.objects.get(state=SignInState.SUCCEEDED), SignIn.objects.get(request_id=waiting)
    for reference in (done.reference, open_one.reference, "2222-2222-2222"):
        page = reverse("repeated_response", args=[10001, reference])
        for nonce in ("", "x", "a" * 43):
            stranger = new_browser()
            stranger.cookies["start-10001"] = nonce
            answer = stranger.get(page)
            assert (answer.status_code, answer["Location"]) == (303, "/sign-in")
            assert not answer.cookies
    assert journey.browser.get(reverse("repeated_response", args=[10001, open_one.reference]))["Location"] == "/sign-in"
    done.refresh_from_db()
    assert done.repeat_restarts == 0


def test_it_belongs_to_its_organization(journey, encoded, connect, make_organization):
    other = connect(make_organization("Fabrikam"))
    browser = journey.browser
    browser.cookies[f"start-{other.organization.number}"] = browser.cookies["start-10001"].value
    page = reverse("repeated_response", args=[other.organization.number, journey.last().reference])
    assert browser.get(page)["Location"] == "/sign-in"


@pytest.mark.parametrize("number", ["0", "99999", "99999999999999999999999"])
def test_no_such_organization_is_no_error(journey, encoded, number):
    path = f"/sso/{number}/start/repeated/{journey.last().reference}"
    journey.browser.cookies[f"start-{number}"] = journey.browser.cookies["start-10001"].value
    assert journey.browser.get(path)["Location"] == "/sign-in"


def test_a_closed_organization_leads_to_no_restart(journey, cut_off):
    path = acs(journey.browser, cut_off)["Location"]
    journey.organization.closed_at = timezone.now()
    journey.organization.save()
    assert acs(journey.browser, cut_off).status_code == 404
    assert journey.browser.get(path)["Location"] == "/sign-in"


def test_only_get_reads_it(journey, encoded):
    path = acs(journey.browser, encoded)["Location"]
    assert journey.browser.post(path).status_code == 405


def test_a_process_that_ends_before_the_session_is_made_costs_one_more_round(journey):
    """The request is consumed by then, so the browser sends a response that it has sent before."""

    def crash(**_: object) -> None:
        raise MemoryError

    encoded = journey.answer("ada", journey.start())
    journey.browser.raise_request_exception = False
    user_logged_in.connect(crash)
    try:
        assert acs(journey.browser, encoded).status_code == 500
    finally:
        user_logged_in.disconnect(crash)
    assert journey.browser.get("/session").status_code == 401
    assert is_restart(repeat(journey, encoded))
