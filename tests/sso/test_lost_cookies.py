"""What a visitor is told who pressed Cancel, or whose browser keeps no cookies, and who is not told that."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import override_settings
from django.utils import timezone

from sso.crypto.encrypted_params import TokenPurpose, encrypt
from sso.models import Provider, SignInState
from sso.reasons import Reason
from sso.services.sign_in.finish import cookie_name
from tests.sso.conftest import new_browser, request_id_in
from tests.sso.sign_in.test_sign_in import refused_for
from tests.ui.markup import heading, page_of

SAID = "Your browser does not keep cookies for this site"
CANCELLED = "The sign-in was cancelled at your identity provider."
GENERAL = "Your sign-in could not be completed."


def lose_cookies_twice(journey, **cookies):
    """Sign in by a browser that forgets each cookie at once; `cookies` is what it brings instead."""
    request_id = journey.start()
    for _ in range(2):
        journey.browser.cookies.clear()
        journey.browser.cookies.load(cookies)
        answer = journey.post(journey.answer("ada", request_id))
        request_id = request_id_in(answer["Location"]) if "SAMLRequest" in answer["Location"] else ""
    return answer


@override_settings(BASE_URL="https://amplisso.example")
def test_the_page_says_that_the_browser_keeps_no_cookies(journey):
    answer = lose_cookies_twice(journey)
    assert refused_for(journey, answer) == Reason.COOKIE_LOST
    page = new_browser().get(answer["Location"])
    said = page.content.decode()
    assert (page.status_code, SAID in said, GENERAL in said) == (403, True, False)
    assert "amplisso.example</strong>" in said
    assert journey.last().reference in said


def test_a_browser_that_brings_another_cookie_is_not_told_so(journey):
    answer = lose_cookies_twice(journey, **{cookie_name(journey.organization.number): "of-another-sign-in"})
    assert refused_for(journey, answer) == Reason.COOKIE_LOST
    said = new_browser().get(answer["Location"]).content.decode()
    assert (SAID in said, GENERAL in said) == (False, True)


def test_no_other_reason_is_told(journey):
    answer = journey.sign_in(audience="https://other.example")
    assert refused_for(journey, answer) == Reason.WRONG_AUDIENCE
    assert answer["Location"].endswith(journey.last().reference)
    assert SAID not in journey.browser.get(answer["Location"]).content.decode()


def decline(journey, code):
    """Post the provider's refusal with this code of Entra's, and return where the visitor is led."""
    answer = journey.post(journey.tenant.decline(journey.app, code, "No.", in_response_to=journey.start()))
    assert refused_for(journey, answer) == Reason.DECLINED
    return answer["Location"]


@pytest.mark.parametrize("provider", Provider.values)
def test_a_visitor_who_pressed_cancel_is_told_so_and_may_try_again(journey, provider):
    journey.organization.connections.update(provider=provider)  # nothing of the organization decides
    location = decline(journey, 65004)
    page = page_of(new_browser().get(location))
    text = page.find(".//main").text_content()
    assert heading(page) == "Sign-in cancelled"
    assert (CANCELLED in text, GENERAL in text, "65004" in text) == (True, False, False)
    assert journey.last().reference in text
    assert f"/sso/{journey.organization.number}/start" in page.xpath("//main//a/@href")
    path, _, query = location.partition("?")
    assert CANCELLED not in new_browser().get(f"{path[:-4]}2222?{query}").content.decode()


def test_any_other_refusal_of_the_provider_is_for_the_admin_only(journey):
    location = decline(journey, 50105)
    assert location.endswith(journey.last().reference)
    text = new_browser().get(location).content.decode()
    assert (CANCELLED in text, GENERAL in text) == (False, True)


def test_it_is_said_of_that_sign_in_only(journey):
    """A visitor can have it said to themselves, but in no link that they give to others."""
    path, _, query = lose_cookies_twice(journey)["Location"].partition("?")
    said = new_browser().get(f"{path}?{query}").content.decode()
    assert SAID in said
    for other in (path.replace("/10001/", "/10002/"), path[:-4] + "2222"):
        said = new_browser().get(f"{other}?{query}").content.decode()
        assert (SAID in said, GENERAL in said) == (False, True)


def test_nobody_else_writes_that_page():
    for note in ("", "x", "cookies lost", "\u00e4", encrypt(TokenPurpose.SIGNED_OUT, "cookies lost")):
        said = new_browser().get("/sso/10001/refused/7KQ4-M2XD-P9TR", {"of": note}).content.decode()
        assert (SAID in said, GENERAL in said) == (False, True)


@pytest.mark.parametrize("note", ["", "cookies lost {} 7KQ4-M2XD-P9TR"])
def test_what_a_browser_that_is_signed_in_is_told_is_true(journey, client_of, admin, note):
    query = {"of": encrypt(TokenPurpose.REFUSED, note.format(journey.organization.number))}
    path = f"/sso/{journey.organization.number}/refused/7KQ4-M2XD-P9TR"
    said = {
        who: page_of(browser.get(path, query))
        for who, browser in (("admin", client_of(admin)), ("visitor", new_browser()))
    }
    told = {who: " ".join(page.find(".//main").text_content().split()) for who, page in said.items()}
    assert [heading(said["admin"]), said["admin"].findtext(".//title")] == [
        "This sign-in did not work",
        "This sign-in did not work · Amplisso",
    ]
    assert f"you are still signed in as {admin.email}." in told["admin"]
    assert SAID not in told["admin"]
    assert said["visitor"].findtext(".//title") == "You are not signed in · Amplisso"
    assert "still signed in" not in told["visitor"]
    assert (SAID in told["visitor"]) == bool(note)


def test_being_late_twice_is_no_lost_cookie(journey):
    request_id, now = journey.start(next="/o/contoso/settings/members"), timezone.now()
    for minutes in (11, 22, 33):
        with time_machine.travel(now + dt.timedelta(minutes=minutes), tick=False):
            answer = journey.post(journey.answer("ada", request_id))
            request_id = request_id_in(answer["Location"])
    assert journey.last().next_path == "/o/contoso/settings/members"
    with time_machine.travel(now + dt.timedelta(minutes=34), tick=False):
        journey.post(journey.answer("ada", request_id))
    assert journey.last().state == SignInState.SUCCEEDED
