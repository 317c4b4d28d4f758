"""Waivers in force, over, and in drafts. Every response is signed for real and posted to the ACS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from audit.actors import COMMAND_LINE
from audit.events import EventName
from audit.models import Event
from orgs.models import Organization, Role
from orgs.services import organizations
from sso.crypto.encrypted_params import TokenPurpose, encrypt
from sso.models import Configuration, SignIn, SignInState, Waiver
from sso.reasons import Reason
from sso.selectors.connections import active_configuration, draft_configuration, waivers_in_force
from sso.services import connections
from tests.attacks.conftest import Siege, connect
from tests.attacks.messages.target import Target
from tests.conftest import MakeOrganization, MakeUser, new_browser
from tests.saml.provider import DS, NOW, expired_key_pair, key_pair, stamp
from tests.sso.views.files import certificate, descriptor
from tests.sso.views.rows import save, upload
from tests.sso.waivers import EXPIRED, SHA1, TODAY, allow, each_kind, end, versions

SIGNED_SO: dict[Waiver, dict[str, Any]] = {
    EXPIRED: {"pair": expired_key_pair()},
    SHA1: {"signature_method": DS + "rsa-sha1", "digest_method": DS + "sha1"},
}
REFUSED_FOR = {EXPIRED: Reason.CERTIFICATE_EXPIRED, SHA1: Reason.WEAK_ALGORITHM}


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    """The day on which everything here begins."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def siege(organization: Organization) -> Siege:
    """Contoso, whose provider has one key with an expired certificate and one with a good one."""
    return connect(organization, expired_key_pair(), key_pair("another"))


def answer(target: Target, kind: Waiver, moment: datetime = NOW) -> str:
    """What the provider posts at a moment, right in everything but in how it is signed."""
    later = (moment - NOW).total_seconds() / 60
    times = {
        "issued": stamp(later),
        "confirmed_until": stamp(later + 60),
        "not_before": stamp(later - 5),
        "not_on_or_after": stamp(later + 60),
        "authn_instant": stamp(later - 5),
    }
    good = {"pair": key_pair("another")} if kind != EXPIRED else {}
    return target.answer(**times, **good, **SIGNED_SO[kind]).encoded()


def sign_in(siege: Siege, kind: Waiver, moment: datetime = NOW, sign: str = "assertion") -> SignIn:
    """Walk the whole way at a moment, and return what the log says."""
    with time_machine.travel(moment, tick=False):
        browser = new_browser()
        target = siege.ask(browser, sign)
        siege.post(browser, answer(target, kind, moment))
        return siege.row(target)


class TestThroughTheAcs:
    """What it is for: sign-ins that are refused without it, and accepted with it, until it is over."""

    @pytest.mark.parametrize("sign", ["assertion", "response", "both"])
    @each_kind
    def test_accepted_with_it_and_refused_without(self, siege: Siege, kind: Waiver, sign: str) -> None:
        before = sign_in(siege, kind, sign=sign)
        assert (before.state, before.reason) == (SignInState.REFUSED, REFUSED_FOR[kind])
        allow(siege.organization, kind)
        assert sign_in(siege, kind, sign=sign).state == SignInState.SUCCEEDED
        end(siege.organization, kind)
        after = sign_in(siege, kind, sign=sign)
        assert (after.state, after.reason) == (SignInState.REFUSED, REFUSED_FOR[kind])

    @each_kind
    def test_it_ends_by_itself_with_its_last_day(self, siege: Siege, kind: Waiver) -> None:
        allow(siege.organization, kind, TODAY + timedelta(days=2))
        midnight = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC) + timedelta(days=3)
        assert sign_in(siege, kind, midnight - timedelta(seconds=1)).state == SignInState.SUCCEEDED
        after = sign_in(siege, kind, midnight)
        assert (after.state, after.reason) == (SignInState.REFUSED, REFUSED_FOR[kind])
        with time_machine.travel(midnight):
            assert waivers_in_force(siege.organization) == {}

    def test_one_is_not_the_other(self, siege: Siege) -> None:
        allow(siege.organization, SHA1)
        assert sign_in(siege, EXPIRED).reason == REFUSED_FOR[EXPIRED]
        end(siege.organization, SHA1)
        allow(siege.organization, EXPIRED)
        assert sign_in(siege, SHA1).reason == REFUSED_FOR[SHA1]

    def test_both_at_once(self, siege: Siege) -> None:
        browser = new_browser()
        allow(siege.organization, SHA1)
        allow(siege.organization, EXPIRED)
        target = siege.ask(browser)
        siege.post(browser, target.answer(**SIGNED_SO[EXPIRED], **SIGNED_SO[SHA1]).encoded())
        assert siege.row(target).state == SignInState.SUCCEEDED

    @each_kind
    def test_only_the_provider_of_this_organization_is_excepted(
        self, siege: Siege, make_organization: MakeOrganization, kind: Waiver
    ) -> None:
        other = connect(make_organization("Fabrikam"), expired_key_pair(), key_pair("another"))
        allow(siege.organization, kind)
        assert sign_in(other, kind).reason == REFUSED_FOR[kind]

    @each_kind
    def test_a_forged_signature_stays_one(self, siege: Siege, kind: Waiver) -> None:
        allow(siege.organization, kind)
        browser = new_browser()
        target = siege.ask(browser)
        siege.post(browser, target.answer(**SIGNED_SO[kind] | {"pair": key_pair("somebody's")}).encoded())
        assert siege.row(target).reason == Reason.UNTRUSTED

    @each_kind
    def test_the_log_says_by_which_version_it_was_judged(self, siege: Siege, kind: Waiver) -> None:
        before = sign_in(siege, kind)
        until = allow(siege.organization, kind)
        after = sign_in(siege, kind)
        assert (before.configuration.version, after.configuration.version) == (1, 2)
        assert getattr(before.configuration, kind.field) is None
        assert getattr(after.configuration, kind.field) == until

    @each_kind
    def test_whoever_is_at_the_provider_meanwhile_signs_in_again(self, siege: Siege, kind: Waiver) -> None:
        """Their request was made by the version before, which does not accept it, whatever it was replaced by."""
        browser = new_browser()
        target, good = siege.ask(browser), {"pair": key_pair("another")}
        allow(siege.organization, kind)
        siege.post(browser, answer(target, kind))
        assert siege.row(target).reason == REFUSED_FOR[kind]
        target = siege.ask(browser)
        end(siege.organization, kind)
        siege.post(browser, target.answer(**good).encoded())
        assert siege.row(target).reason == Reason.REPLACED


@pytest.fixture
def required(siege: Siege) -> Organization:
    """Contoso, where SSO is required."""
    organizations.set_require_sso(organization=siege.organization, required=True, actor=COMMAND_LINE)
    siege.organization.refresh_from_db()
    return siege.organization


@pytest.fixture
def draft(required: Organization) -> Configuration:
    """Return a draft: the provider's next file, which waits for a test."""
    before = active_configuration(required)
    upload(required, before.metadata.replace("/saml2", "/saml2/next"))
    found = draft_configuration(required)
    assert found is not None
    return found


class TestDrafts:
    """A waiver belongs to the versions it is set on: what is in use, and a draft that waits."""

    def test_while_sso_is_required_it_takes_effect_at_once(self, siege: Siege, required: Organization) -> None:
        allow(required, EXPIRED)
        assert draft_configuration(required) is None
        assert required.requires_sso
        assert sign_in(siege, EXPIRED).state == SignInState.SUCCEEDED

    @each_kind
    def test_a_draft_that_waits_gets_it_too_and_stays_a_draft(
        self, required: Organization, draft: Configuration, kind: Waiver
    ) -> None:
        until = allow(required, kind)
        assert versions(required) == [(1, "retired"), (2, "retired"), (3, "draft"), (4, "active")]
        after = draft_configuration(required)
        assert (after.sso_redirect_url, after.activated_at) == (draft.sso_redirect_url, None)
        assert after.waivers_at(NOW) == active_configuration(required).waivers_at(NOW) == {kind: until}
        assert end(required, kind)
        assert draft_configuration(required).waivers_at(NOW) == waivers_in_force(required) == {}

    @each_kind
    def test_a_test_of_the_draft_succeeds_with_it(
        self, siege: Siege, required: Organization, draft: Configuration, make_user: MakeUser, kind: Waiver
    ) -> None:
        required.memberships.filter(role=Role.ADMIN).update(user=make_user("adele@contoso.example"))
        assert self._test(siege, kind).reason == REFUSED_FOR[kind]
        until = allow(required, kind)
        assert self._test(siege, kind).state == SignInState.SUCCEEDED
        active = active_configuration(required)
        assert active.sso_redirect_url.endswith("/next")
        assert active.waivers_at(NOW) == {kind: until}
        assert draft_configuration(required) is None

    def _test(self, siege: Siege, kind: Waiver) -> SignIn:
        browser = new_browser()
        draft = draft_configuration(siege.organization)
        target = siege.ask(browser, test=encrypt(TokenPurpose.TEST, draft.public_id.hex))
        siege.post(browser, answer(target, kind))
        return siege.row(target)

    def test_a_draft_alone(self, required: Organization, draft: Configuration) -> None:
        Configuration.objects.filter(state="active").update(state="retired")
        until = allow(required, SHA1)
        assert waivers_in_force(required) == {SHA1: until}
        assert active_configuration(required) is None

    def test_giving_the_draft_up_leaves_what_is_in_use(self, required: Organization, draft: Configuration) -> None:
        until = allow(required, SHA1)
        connections.discard_draft(organization=required, actor=COMMAND_LINE)
        assert waivers_in_force(required) == {SHA1: until}


class TestNewFiles:
    """A waiver goes on until its date, for the provider that it was made for."""

    @each_kind
    def test_a_new_file_of_the_same_provider_keeps_it(self, organization: Organization, kind: Waiver) -> None:
        upload(organization, descriptor(certificates=(certificate(),)))
        until = allow(organization, kind)
        upload(organization, descriptor(certificates=(certificate(),)))
        assert waivers_in_force(organization) == {kind: until}
        event = Event.objects.filter(name=EventName.CONFIGURATION_ACTIVATED).latest("pk")
        assert event.before["waivers"] == event.after["waivers"]
        assert event.after["waivers"] == [f"{kind.label} until 2026-03-02T23:59:59+00:00"]

    @each_kind
    def test_the_file_of_another_provider_begins_without(self, organization: Organization, kind: Waiver) -> None:
        upload(organization)
        allow(organization, kind)
        upload(organization, descriptor("https://idp.fabrikam.example/"))
        assert waivers_in_force(organization) == {}
        event = Event.objects.filter(name=EventName.CONFIGURATION_ACTIVATED).latest("pk")
        assert (len(event.before["waivers"]), event.after["waivers"]) == (1, [])
        upload(organization)
        assert waivers_in_force(organization) == {}, "nor does it come back"

    def test_a_draft_of_another_provider_takes_nothing_from_what_is_in_use(
        self, siege: Siege, required: Organization
    ) -> None:
        until = allow(required, SHA1)
        own = active_configuration(required).metadata
        upload(required, descriptor("https://idp.fabrikam.example/"))
        assert draft_configuration(required).waivers_at(NOW) == {}
        assert active_configuration(required).waivers_at(NOW) == {SHA1: until}
        upload(required, own)
        assert draft_configuration(required).waivers_at(NOW) == {SHA1: until}

    def test_what_is_over_is_not_carried_on(self, organization: Organization) -> None:
        upload(organization)
        allow(organization, SHA1)
        with time_machine.travel(NOW + timedelta(days=1)):
            assert upload(organization).sha1_until is None

    def test_another_setting_leaves_it(self, organization: Organization) -> None:
        upload(organization)
        until = allow(organization, SHA1)
        connections.save_settings(
            organization=organization,
            provider="azure",
            just_in_time_role=20,
            metadata=None,
            metadata_text="",
            require_sso=False,
            sign_requests=True,
            by=None,
            actor=COMMAND_LINE,
        )
        active = active_configuration(organization)
        assert (active.version, active.sign_requests, active.sha1_until) == (3, True, until)
        assert save(organization) is None
