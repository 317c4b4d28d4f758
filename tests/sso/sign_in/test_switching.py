"""A signed-in user is not replaced without consent, whatever a provider asserts."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from lxml import html

from audit.actors import COMMAND_LINE
from audit.models import Event
from orgs.models import Role, SessionGrant
from orgs.services import members
from sso.models import StartedBy
from tests.conftest import new_browser
from tests.sso.conftest import request_id_in
from tests.sso.sign_in.test_sign_in import who


@pytest.fixture
def victim(make_user, make_organization):
    """Return an admin of another organization."""
    person = make_user("victim@fabrikam.example")
    make_organization("Fabrikam", admin=person)
    return person


@pytest.fixture
def browser(journey, victim, client_of):
    """The victim's, in which an attacker's page begins a sign-in at Contoso."""
    journey.browser = client_of(victim)
    return journey.browser


@pytest.fixture
def question(journey, browser) -> str:
    """The address of the page that asks."""
    return journey.sign_in("ada")["Location"]


def test_nobody_becomes_somebody_else_silently(journey, browser, victim, question):
    assert question.startswith(f"/sso/{journey.organization.number}/switch?token=")
    assert who(browser)["email"] == victim.email
    page = html.document_fromstring(browser.get(question).content.decode()).text_content()
    assert victim.email in page
    assert "ada@contoso.example" in page
    assert who(browser)["email"] == victim.email, "looking changes nothing"


def test_who_continues_is_the_other_one_and_the_old_session_is_over(journey, browser, victim, question):
    old = browser.cookies["sessionid"].value
    answer = browser.post(question, {"action": "continue"})
    assert (answer.status_code, answer["Location"]) == (303, f"/o/{journey.organization.slug}/")
    assert who(browser)["email"] == "ada@contoso.example"
    assert not SessionGrant.objects.filter(user=victim, ended_at__isnull=True).exists()
    copied = new_browser()
    copied.cookies["sessionid"] = old
    assert who(copied) is None


def test_who_stays_is_who_they_were_and_the_answer_opens_nothing_any_more(journey, browser, victim, question):
    answer = browser.post(question, {"action": "stay"})
    assert (answer.status_code, answer["Location"]) == (303, "/")
    assert who(browser)["email"] == victim.email
    assert not SessionGrant.objects.filter(user__email="ada@contoso.example", ended_at__isnull=True).exists()
    begin_again(journey, browser.post(question, {"action": "continue"}))
    assert who(browser)["email"] == victim.email


def begin_again(journey, answer):
    assert answer["Location"] == f"/sso/{journey.organization.number}/start"


def test_the_question_is_for_this_browser_only(journey, question, client_of, admin):
    for other in (new_browser(), client_of(admin)):
        before = who(other)
        begin_again(journey, other.get(question))
        begin_again(journey, other.post(question, {"action": "continue"}))
        assert who(other) == before


def test_it_needs_a_form_of_ours(browser, question, victim):
    browser.handler.enforce_csrf_checks = True
    assert browser.post(question, {"action": "continue"}).status_code == 403
    assert who(browser)["email"] == victim.email


def test_it_can_be_answered_once_and_for_ten_minutes(journey, browser, question):
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        begin_again(journey, browser.post(question, {"action": "continue"}))
    browser.post(question, {"action": "continue"})
    begin_again(journey, browser.post(question, {"action": "continue"}))
    begin_again(journey, browser.get(question.split("?")[0] + "?token=made-up"))


def test_whoever_was_suspended_meanwhile_does_not_come_in(journey, browser, question, admin):
    ada = journey.organization.memberships.get(user__email="ada@contoso.example")
    members.suspend_member(membership=ada, by=journey.organization.memberships.get(role=Role.ADMIN), actor=COMMAND_LINE)
    begin_again(journey, browser.post(question, {"action": "continue"}))


def test_the_number_in_the_address_is_the_organizations(journey, browser, question, make_organization, connect):
    other = connect(make_organization("Litware"))
    path = question.replace(str(journey.organization.number), str(other.organization.number))
    begin_again(other, browser.post(path, {"action": "continue"}))


def test_an_open_session_that_ended_meanwhile_is_not_asked_about(journey, victim, client_of):
    journey.browser = client_of(victim)
    request_id = journey.start()
    SessionGrant.objects.filter(user=victim).update(ended_at=timezone.now())
    assert journey.post(journey.answer("ada", request_id))["Location"] == f"/o/{journey.organization.slug}/"


def test_the_same_person_is_asked_nothing(journey, admin, client_of):
    journey.browser = client_of(admin)
    answer = journey.sign_in("ada", name_id=admin.email)
    assert answer["Location"] == f"/o/{journey.organization.slug}/"


def test_what_nobody_asked_for_does_not_swap_anybody_either(journey, browser, victim):
    """The ACS sees no session of the victim's: it asks by way of the start page, which does."""
    without_session = new_browser()
    path = f"/saml/2/acs/{journey.organization.number}"
    answer = without_session.post(path, {"SAMLResponse": journey.answer("ada", "")})
    assert answer.status_code == 303
    asked = browser.get(answer["Location"])
    assert journey.last().started_by == StartedBy.PROVIDER
    question = journey.post(journey.answer("ada", request_id_in(asked["Location"])))["Location"]
    assert question.startswith(f"/sso/{journey.organization.number}/switch?token=")
    assert who(browser)["email"] == victim.email


def test_who_signs_out_instead_leaves_nothing_waiting(journey, browser, victim, question):
    browser.get(question)
    waiting = SessionGrant.objects.get(user__email="ada@contoso.example", ended_at__isnull=True)
    browser.post("/account/logout/")
    waiting.refresh_from_db()
    assert waiting.ended_at is not None
    assert not SessionGrant.objects.filter(ended_at__isnull=True).exists()
    ended = Event.objects.filter(name="user:signed_out", target="ada@contoso.example").get()
    assert (ended.organization_number, ended.after) == (journey.organization.number, {"by": "the signed-in user"})
    begin_again(journey, browser.post(question, {"action": "continue"}))


def test_looking_twice_remembers_once(browser, question):
    browser.get(question)
    browser.get(question)
    assert len(browser.session["waiting_grants"]) == 1
