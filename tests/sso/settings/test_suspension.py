"""Metadata that was stored before a rule that it breaks: passed over when it is used, and it locks no member out."""

from __future__ import annotations

import base64
import io
import json

import pytest
from django.core import checks, mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from audit.actors import COMMAND_LINE
from audit.events import EventName
from audit.models import Event
from orgs.models import EmailDomain, Organization, Role, User
from orgs.services import organizations
from sso.connection_view import connection_view
from sso.models import Configuration, ConfigurationState, SignIn
from sso.selectors.connections import active_configuration, draft_configuration
from sso.services import suspension
from tests.conftest import PASSWORD, MakeMember, MakeOrganization, SignedIn, deliver_outbox
from tests.saml.weak_keys import certificate_of, odd_modulus, rsa_public_key
from tests.sso.conftest import Journey, upload

pytestmark = pytest.mark.django_db


def weak() -> str:
    """Return a stored certificate whose private key is easy to compute."""
    return base64.b64encode(certificate_of(rsa_public_key(3 * odd_modulus(2048)))).decode()


def store(organization: Organization, **fields: object) -> Configuration:
    """Change what is stored of the active configuration, as if it were older than the rules."""
    active = active_configuration(organization)
    assert active is not None
    Configuration.objects.filter(pk=active.pk).update(**fields)
    active.refresh_from_db()
    return active


def require(organization: Organization) -> None:
    organizations.set_require_sso(organization=organization, required=True, actor=COMMAND_LINE)
    organization.refresh_from_db()
    assert organization.requires_sso


def warnings() -> list[checks.CheckMessage]:
    return [each for each in checks.run_checks(databases=["default"]) if isinstance(each, checks.Warning)]


@pytest.fixture
def required(journey: Journey) -> Journey:
    """Contoso, where SSO is required."""
    require(journey.organization)
    return journey


class TestAStart:
    """Starting a sign-in through a configuration that has no usable key left."""

    @pytest.fixture
    def started(self, required: Journey) -> Journey:
        store(required.organization, certificates=[weak()])
        answer = required.browser.get(f"/sso/{required.organization.number}/start")
        assert answer.status_code == 404
        assert "Single sign-on is not available here" in answer.content.decode()
        required.organization.refresh_from_db()
        deliver_outbox()
        return required

    def test_suspends_the_requirement(self, started: Journey) -> None:
        organization = started.organization
        assert organization.require_sso
        assert not organization.requires_sso
        assert not SignIn.objects.filter(organization=organization).exists()
        assert active_configuration(organization) is None
        suspended = connection_view(organization).suspended
        assert suspended is not None
        assert suspended.state == ConfigurationState.RETIRED

    def test_lets_passwords_in(self, started: Journey, member: MakeMember, visitor: Client) -> None:
        user = member(started.organization).user
        visitor.post("/account/login/", {"login": user.email, "password": PASSWORD})
        assert visitor.get(f"/o/{started.organization.slug}/").status_code == 200

    def test_tells_every_admin_once(self, started: Journey, member: MakeMember, admin: User) -> None:
        emails = [each for each in mail.outbox if each.subject == "Single sign-on of Contoso is off"]
        assert [each.to for each in emails] == [[admin.email]]
        assert "Its signing keys are not accepted: an RSA key whose modulus has a small factor" in emails[0].body
        assert "Require SSO is suspended" in emails[0].body
        assert "https://amplisso.example/o/contoso/settings/access" in emails[0].body
        assert started.browser.get(f"/sso/{started.organization.number}/start").status_code == 404
        deliver_outbox()
        assert len([each for each in mail.outbox if "Single sign-on" in each.subject]) == 1

    def test_is_in_the_audit_log(self, started: Journey) -> None:
        event = Event.objects.get(name=EventName.CONFIGURATION_SUSPENDED)
        assert event.organization_number == started.organization.number
        assert event.risk == "high"
        assert event.after["require_sso"] is True
        assert "small factor" in event.after["reason"]

    def test_is_explained_on_the_settings_page(self, started: Journey, client_of: SignedIn, admin: User) -> None:
        text = " ".join(client_of(admin).get("/o/contoso/settings/access").content.decode().split())
        assert "Members cannot sign in with the metadata that you uploaded last" in text
        assert "an RSA key whose modulus has a small factor is not accepted" in text
        assert "Suspended" in text

    def test_new_metadata_is_a_draft_that_a_sign_in_activates(self, started: Journey, admin: User) -> None:
        organization = started.organization
        upload(organization, started.tenant.metadata(started.app))
        assert active_configuration(organization) is None
        draft = draft_configuration(organization)
        assert draft is not None
        assert draft.flaw == ""
        assert not organization.requires_sso


@pytest.mark.parametrize("host", ["idp.test;script-src", "idp.test,x", "*.idp.test"])
def test_a_stored_host_that_could_change_our_policy_reaches_no_header(required: Journey, host: str) -> None:
    store(required.organization, sso_redirect_url="", sso_post_url=f"https://{host}/saml2")
    answer = required.browser.get(f"/sso/{required.organization.number}/start")
    assert answer.status_code == 404
    assert "idp.test" not in str(answer.headers)
    required.organization.refresh_from_db()
    assert not required.organization.requires_sso
    deliver_outbox()
    assert "Its sign-in address is not a web address" in mail.outbox[-1].body


def test_a_stored_sign_out_address_that_is_none_is_not_used(journey: Journey) -> None:
    active = store(journey.organization, slo_url="https://idp.test;x/slo", slo_response_url="javascript:alert(1)")
    assert active.identity_provider().slo_url == active.identity_provider().slo_response_url == ""


def test_a_sign_in_goes_on_through_the_keys_that_are_left(required: Journey) -> None:
    organization, active = required.organization, active_configuration(required.organization)
    assert active is not None
    store(organization, certificates=[weak(), *active.certificates])
    assert required.sign_in().status_code == 303
    assert required.last().state == "succeeded"
    assert suspension.suspend_if_flawed(organization=organization, actor=COMMAND_LINE) is None


def test_keys_beyond_the_twentieth_are_ignored(required: Journey) -> None:
    active = active_configuration(required.organization)
    assert active is not None
    other = base64.b64encode(certificate_of(rsa_public_key(odd_modulus(2048)))).decode()
    store(required.organization, certificates=[*([other] * 20), *active.certificates])
    required.sign_in()
    assert required.last().reason == "untrusted"


def test_sign_out_messages_are_held_to_the_same_bounds(required: Journey) -> None:
    store(required.organization, certificates=[weak()])
    answer = required.browser.get(f"/saml/2/slo/{required.organization.number}?SAMLRequest=AAAA")
    assert answer.status_code == 403


class TestTheCommand:
    """`manage.py connection suspend`, which the upgrade notes ask for."""

    def run(self, *arguments: str) -> str:
        printed = io.StringIO()
        call_command("connection", "suspend", *arguments, stdout=printed)
        return printed.getvalue()

    def test_it_suspends_every_organization_that_needs_it(
        self, required: Journey, admin: User, make_organization: MakeOrganization
    ) -> None:
        fine = make_organization("Fabrikam")
        upload(fine, required.tenant.metadata(required.app))
        store(required.organization, certificates=[weak()])
        printed = json.loads(self.run("--json"))
        assert [each["number"] for each in printed["suspended"]] == [required.organization.number]
        assert "small factor" in printed["suspended"][0]["reason"]
        deliver_outbox()
        assert [each.to for each in mail.outbox] == [[admin.email]]
        assert active_configuration(required.organization) is None
        assert active_configuration(fine) is not None
        assert self.run() == "Every connection can be used; nothing was changed.\n"

    def test_it_says_which(self, required: Journey) -> None:
        store(required.organization, certificates=[])
        name = f"Contoso ({required.organization.number})"
        assert self.run() == f"{name} is suspended. Its signing keys are not accepted: it has none.\n"


class TestTheCheck:
    """`manage.py check` lists who is affected."""

    def test_it_says_nothing_where_all_is_well(self, journey: Journey) -> None:
        assert [each for each in warnings() if str(each.id).startswith("sso.")] == []

    def test_it_lists_whom_nobody_can_sign_in_to(self, journey: Journey) -> None:
        store(journey.organization, certificates=[weak()])
        (warning,) = warnings()
        assert warning.id == "sso.W001"
        assert f"Contoso ({journey.organization.number})" in warning.msg
        assert "small factor" in warning.msg

    def test_it_lists_whose_keys_are_ignored(self, journey: Journey) -> None:
        active = active_configuration(journey.organization)
        assert active is not None
        store(journey.organization, certificates=[*active.certificates, weak()])
        (warning,) = warnings()
        assert warning.id == "sso.W002"

    def test_the_command_looks_into_the_database(self, journey: Journey) -> None:
        store(journey.organization, certificates=[weak()])
        printed = io.StringIO()
        call_command("check", stderr=printed)
        assert "sso.W001" in printed.getvalue()

    def test_a_closed_organization_is_left_alone(self, journey: Journey) -> None:
        store(journey.organization, certificates=[weak()])
        Organization.objects.filter(pk=journey.organization.pk).update(closed_at=timezone.now())
        assert warnings() == []


def test_a_way_to_the_settings_page_is_always_there(required: Journey, client_of: SignedIn, admin: User) -> None:
    """Also before the first sign-in is started: recovery does not depend on the requirement."""
    store(required.organization, certificates=[weak()])
    assert client_of(admin).get("/o/contoso/recovery").status_code == 200


def test_the_sign_in_page_leads_on(required: Journey, member: MakeMember) -> None:
    EmailDomain.objects.create(organization=required.organization, domain="contoso.example", verified_at=timezone.now())
    store(required.organization, certificates=[weak()])
    assert member(required.organization, Role.MEMBER).user.email.endswith("@contoso.example")
    first = required.browser.post("/sign-in", {"email": "ada@contoso.example"}).content.decode()
    assert "Taking you to your sign-in" in first
    required.browser.get(f"/sso/{required.organization.number}/start")
    again = required.browser.post("/sign-in", {"email": "ada@contoso.example"}).content.decode()
    assert "Taking you to your sign-in" not in again
