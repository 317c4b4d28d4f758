"""What people are told right after a sign-in: that a test worked."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from orgs.models import Role
from sso.models import ConfigurationState
from tests.sso.conftest import request_id_in, upload


@pytest.fixture
def settings_path(organization):
    return f"/o/{organization.slug}/settings/access"


def try_it(journey, settings_path, alias="ada", **twists):
    """Press Test sign-in, sign in at the provider and come back; return the page."""
    leads_on = journey.browser.post(f"{settings_path}/test").content.decode()
    target = html.unescape(leads_on.split('<a class="btn btn-primary btn-wide" href="')[1].split('"')[0])
    query = dict(part.split("=", 1) for part in target.split("?")[1].split("&"))
    assert query["next"] == settings_path.replace("/", "%2F") + "%3Ftested%3D1"
    started = journey.browser.get(target)
    answer = journey.answer(alias, request_id_in(started["Location"]), **twists)
    return journey.browser.get(journey.post(answer)["Location"])


def test_the_settings_page_says_that_a_test_worked(journey, admin, client_of, settings_path):
    journey.browser = client_of(admin)
    said = try_it(journey, settings_path, name_id=admin.email).content.decode()
    assert "Your test sign-in worked." in said
    assert f'you are <span class="breakable">{admin.email}</span>' in said
    assert f"/settings/sign-ins/{journey.last().reference}" in said
    assert "The draft is now in use" not in said
    assert "Your test sign-in worked." not in journey.browser.get(settings_path).content.decode()


def test_it_says_when_the_draft_took_over(journey, admin, client_of, sso_client, settings_path):
    organization = journey.organization
    journey.browser = sso_client(admin, organization)
    try_it(journey, settings_path, name_id=admin.email)
    type(organization).objects.update(require_sso=True)
    organization.refresh_from_db()
    upload(organization, journey.tenant.metadata(journey.app))
    said = try_it(journey, settings_path, name_id=admin.email).content.decode()
    assert "The draft is now in use." in said
    assert journey.last().configuration.state == ConfigurationState.ACTIVE


def test_an_address_alone_does_not_make_a_test(journey, admin, member, client_of, sso_client, settings_path):
    tested = f"{settings_path}?tested=1"
    assert "test sign-in worked" not in client_of(admin).get(tested).content.decode()
    journey.browser = client_of(admin)
    journey.sign_in("ada", name_id=admin.email)  # an ordinary one, not a test
    assert "test sign-in worked" not in journey.browser.get(tested).content.decode()
    try_it(journey, settings_path, name_id=admin.email)
    other = client_of(member(journey.organization, Role.ADMIN).user)
    assert "test sign-in worked" not in other.get(tested).content.decode()


def test_two_addresses_of_one_person_are_noticed(journey, admin, client_of, settings_path):
    journey.browser = client_of(admin)
    claims = {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": ["ada@other.example"]}
    said = try_it(journey, settings_path, name_id=admin.email, claims=claims).content.decode()
    assert "user.mail" in said


@pytest.mark.parametrize(("seconds", "is_said"), [(150, True), (20, False)])
def test_a_clock_that_is_wrong_is_noticed_at_the_test(journey, admin, client_of, settings_path, seconds, is_said):
    journey.browser = client_of(admin)
    now = timezone.now().replace(microsecond=0)
    with time_machine.travel(now, tick=False):
        said = try_it(journey, settings_path, name_id=admin.email, issue_instant=now + timedelta(seconds=seconds))
    assert ("Clock of the provider: At least 2 minutes 30 seconds ahead of ours." in said.content.decode()) == is_said
    assert "Your test sign-in worked." in said.content.decode()
