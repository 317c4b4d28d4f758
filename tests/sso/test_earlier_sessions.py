"""When another identity provider takes the place of one, an admin is offered to end what that one had opened."""

from __future__ import annotations

import pytest
from django.test import Client

import simulator
from audit.actors import COMMAND_LINE
from audit.events import EventName
from audit.models import Event
from orgs.models import GrantKind, Membership, Organization, Role, User
from orgs.services import organizations
from sso.crypto.encrypted_params import TokenPurpose, encrypt
from sso.selectors.connections import draft_configuration
from sso.selectors.keys import service_provider
from tests.conftest import MakeMember, MakeUser, open_session
from tests.sso.conftest import Connect, Journey, save_switches, upload

ACCESS = "/o/contoso/settings/access"
PAGE = f"{ACCESS}/earlier-sessions"
TITLE = "Sessions of your earlier identity provider"


@pytest.fixture(scope="module")
def next_tenant() -> simulator.Tenant:
    """The directory of the identity provider that takes the place of the first."""
    return simulator.Tenant.create(key_bits=2048)


@pytest.fixture
def ada(organization: Organization, connect: Connect) -> Journey:
    """A member who has come in through the first provider."""
    journey = connect(organization)
    journey.sign_in("ada")
    assert journey.last().state == "succeeded"
    return journey


@pytest.fixture
def by_password(admin: User) -> Client:
    """The admin, signed in with a password."""
    return open_session(admin, GrantKind.PASSWORD)


def draft_of(organization: Organization, tenant: simulator.Tenant) -> Journey:
    """Upload the other provider's metadata, which waits for a test, and return a browser at that provider."""
    us = service_provider(organization.number)
    app = tenant.app_with_identifier(us.entity_id) or tenant.register("Amplisso", us.entity_id, us.acs_url)
    app.name_id_source = "user.mail"
    upload(organization, tenant.metadata(app))
    return Journey(organization, tenant, app)


def replace(organization: Organization, tenant: simulator.Tenant) -> Journey:
    """Let an admin test the other provider in a browser of their own, so that it takes the place of the first."""
    testing = draft_of(organization, tenant)
    draft = draft_configuration(organization)
    assert draft is not None
    admin = organization.memberships.filter(role=Role.ADMIN).earliest("pk").user
    request_id = testing.start(test=encrypt(TokenPurpose.TEST, draft.public_id.hex))
    testing.post(testing.answer("oscar", request_id, name_id=admin.email))
    assert testing.last().state == "succeeded"
    return Journey(organization, tenant, testing.app)


def text(browser: Client, path: str) -> str:
    return " ".join(browser.get(path).content.decode().split())


def is_in(browser: Client) -> bool:
    return browser.get("/o/contoso/").status_code == 200


def test_the_page_offers_it_once_another_provider_is_in_use(
    organization: Organization, ada: Journey, by_password: Client, next_tenant: simulator.Tenant
) -> None:
    assert TITLE not in text(by_password, ACCESS)
    replace(organization, next_tenant)
    seen = text(by_password, ACCESS)
    assert "1 session is still open that started with a sign-in at" in seen
    assert f'href="{PAGE}"' in seen
    assert ada.tenant.issuer in seen
    assert "<strong>1 member</strong> is signed in to Contoso through it, in <strong>1 session</strong>" in text(
        by_password, PAGE
    )
    assert is_in(ada.browser)  # nothing has ended by itself


def test_it_ends_those_sessions_and_no_other(
    organization: Organization, ada: Journey, by_password: Client, next_tenant: simulator.Tenant
) -> None:
    after = replace(organization, next_tenant)
    after.sign_in("petra")
    assert after.last().state == "succeeded"
    answer = by_password.post(PAGE, follow=True)
    assert answer.redirect_chain == [(ACCESS, 303)]
    assert "1 session of your earlier identity provider ended." in answer.content.decode()
    assert not is_in(ada.browser)
    assert is_in(after.browser)
    assert is_in(by_password)
    assert TITLE not in text(by_password, ACCESS)
    event = Event.objects.get(name=EventName.EARLIER_SESSIONS_ENDED)
    assert event.organization_number == organization.number
    assert event.after == {"entity_id": ada.tenant.issuer, "members": 1, "sessions": 1}


def test_the_admins_own_session_goes_on(
    organization: Organization, ada: Journey, next_tenant: simulator.Tenant, member: MakeMember
) -> None:
    Membership.objects.filter(user__email=ada.last().user.email).update(role=Role.ADMIN)
    replace(organization, next_tenant)
    assert TITLE not in text(ada.browser, ACCESS)
    assert "It has no open session, except perhaps your own." in text(ada.browser, PAGE)
    ada.browser.post(PAGE)
    assert is_in(ada.browser)
    assert not Event.objects.filter(name=EventName.EARLIER_SESSIONS_ENDED).exists()


def test_a_draft_replaces_nothing_before_it_is_tested(
    organization: Organization, ada: Journey, by_password: Client, next_tenant: simulator.Tenant
) -> None:
    organizations.set_require_sso(organization=organization, required=True, actor=COMMAND_LINE)
    organization.refresh_from_db()
    draft_of(organization, next_tenant)
    recovering = open_session(organization.memberships.get(role=Role.ADMIN).user, GrantKind.RECOVERY, organization)
    assert TITLE not in text(recovering, ACCESS)
    recovering.post(PAGE)
    assert is_in(ada.browser)


def test_another_version_of_the_same_provider_replaces_nothing(
    organization: Organization, ada: Journey, by_password: Client
) -> None:
    upload(organization, ada.tenant.metadata(ada.app))
    save_switches(organization, force_authn=True)
    assert TITLE not in text(by_password, ACCESS)
    by_password.post(PAGE)
    assert is_in(ada.browser)


def test_a_later_version_of_the_new_provider_keeps_the_moment_of_the_change(
    organization: Organization, ada: Journey, by_password: Client, next_tenant: simulator.Tenant
) -> None:
    after = replace(organization, next_tenant)
    after.sign_in("petra")
    assert after.last().state == "succeeded"
    save_switches(organization, force_authn=True)
    by_password.post(PAGE)
    assert (is_in(ada.browser), is_in(after.browser)) == (False, True)


def test_recovery_opens_it(
    organization: Organization, admin: User, ada: Journey, next_tenant: simulator.Tenant, make_user: MakeUser
) -> None:
    replace(organization, next_tenant)
    recovering = open_session(admin, GrantKind.RECOVERY, organization)
    assert recovering.post(PAGE)["Location"] == ACCESS
    assert not is_in(ada.browser)
