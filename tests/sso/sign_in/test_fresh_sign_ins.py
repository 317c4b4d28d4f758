"""The switch that asks for password or second factor at every sign-in, and that its response is held to it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone
from lxml import html

from audit.actors import COMMAND_LINE
from audit.models import Event
from orgs.services import organizations
from simulator.saml.requests import read_request
from sso.models import Configuration, SignIn, SignInState
from sso.reasons import Reason
from sso.wording.differences import differences
from tests.sso.conftest import Journey, new_browser, save_switches, upload

LONG_AGO = timedelta(hours=1)


def asked(location: str):
    """The request that the browser carries to the provider."""
    (message,) = parse_qs(urlsplit(location).query)["SAMLRequest"]
    return read_request(message, deflated=True)


def start(organization, **query: str):
    return asked(new_browser().get(f"/sso/{organization.number}/start", query)["Location"])


def test_the_switch_makes_a_version_that_asks(journey: Journey, organization) -> None:
    assert not start(organization).force_authn
    saved = save_switches(organization, force_authn=True)
    assert saved.configuration.version == 2
    assert start(organization).force_authn
    assert Event.objects.filter(name="configuration:activated").latest("id").after["asks_for_fresh_sign_in"] is True
    assert save_switches(organization, force_authn=True).configuration is None
    assert save_switches(organization).configuration is None
    assert save_switches(organization, sign_requests=True).configuration.force_authn, (
        "each switch leaves the other alone"
    )
    assert save_switches(organization, force_authn=False).configuration.sign_requests
    assert not start(organization).force_authn


def test_an_upload_keeps_the_switch(journey: Journey, organization) -> None:
    save_switches(organization, force_authn=True)
    upload(organization, journey.tenant.metadata(journey.app))
    assert Configuration.objects.get(state="active").force_authn


def test_a_draft_says_what_it_changes(journey: Journey, organization) -> None:
    before = Configuration.objects.get(state="active")
    after = save_switches(organization, force_authn=True).configuration
    assert differences(before, after) == ["A fresh sign-in will be required."]
    assert differences(after, before) == ["No fresh sign-in will be required."]


@pytest.mark.parametrize(("since", "state"), [(LONG_AGO, SignInState.REFUSED), (timedelta(0), SignInState.SUCCEEDED)])
def test_the_answer_is_held_to_it(journey: Journey, organization, since: timedelta, state: str) -> None:
    save_switches(organization, force_authn=True)
    journey.sign_in(authn_instant=timezone.now() - since)
    row = journey.last()
    assert (row.state, row.force_authn) == (state, True)
    assert row.reason == (Reason.NOT_FRESH if state == SignInState.REFUSED else "")


def test_an_answer_from_before_the_switch_is_for_a_version_of_the_past(journey: Journey, organization) -> None:
    request_id = journey.start()
    save_switches(organization, force_authn=True)
    journey.post(journey.answer("ada", request_id, authn_instant=timezone.now() - LONG_AGO))
    assert journey.last().reason == Reason.REPLACED


def test_while_sso_is_required_the_switch_waits_for_a_test_that_holds_the_provider_to_it(
    journey: Journey, organization
) -> None:
    journey.sign_in()
    organizations.set_require_sso(organization=organization, required=True, actor=COMMAND_LINE)
    organization.refresh_from_db()
    assert save_switches(organization, force_authn=True).is_draft
    assert not start(organization).force_authn


def test_what_is_asked_again_is_asked_as_before(journey: Journey, organization) -> None:
    """A lost cookie must not turn a request for a fresh sign-in into one that takes any."""
    request_id = journey.start(force="1")
    answer = journey.post(journey.answer("ada", request_id), browser=new_browser())
    assert asked(answer["Location"]).force_authn
    assert SignIn.objects.latest("id").restart_of.request_id == request_id
    plain = journey.start()
    answer = journey.post(journey.answer("ada", plain), browser=new_browser())
    assert not asked(answer["Location"]).force_authn


class TestPage:
    """The switch on Access & SSO Settings."""

    @pytest.fixture
    def visit(self, client_of, admin, organization):
        path, browser = f"/o/{organization.slug}/settings/access", client_of(admin)

        def visit(**fields) -> html.HtmlElement:
            typed = {"provider": "azure", "just_in_time_role": "20", **fields}
            answer = browser.post(path, typed, follow=True) if fields else browser.get(path)
            assert answer.status_code == 200
            return html.document_fromstring(answer.content.decode())

        return visit

    def test_on_and_off(self, journey: Journey, organization, visit) -> None:
        def switch(page) -> html.HtmlElement:
            return page.get_element_by_id("id_force_authn")

        assert switch(visit()).get("checked") is None
        page = visit(force_authn="on")
        assert switch(page).get("checked") is not None
        assert "A fresh sign-in is required." in page.text_content()
        assert start(organization).force_authn
        page = visit(require_sso="")
        assert switch(page).get("checked") is None
        assert "No fresh sign-in is required." in page.text_content()
        assert not start(organization).force_authn
