"""What operators do: each change goes through its service, into the log, with the operator's name."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.test import Client

from audit.actors import COMMAND_LINE
from audit.events import EventName
from audit.models import Event
from orgs.models import (
    EmailDomain,
    GrantKind,
    Membership,
    MembershipState,
    Organization,
    Plan,
    Role,
    SessionGrant,
    User,
)
from orgs.selectors.organizations import organization_of_domain
from orgs.services import grants, organizations
from orgs.services.domains import add_domain
from sso.models import Connection, Identity, SubjectKind
from tests.admin.test_pages import address
from tests.conftest import MakeMember, MakeOrganization, MakeUser, SignedIn, open_session


def act(browser: Client, action: str, *rows: Model) -> Any:
    """Choose rows in a list and carry an action out; the list as it then is."""
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
    answer = browser.post(address(type(rows[0]), "changelist"), chosen, follow=True)
    assert answer.status_code == 200
    return answer


def said(answer: Any) -> list[str]:
    """The messages of a page."""
    return [str(message) for message in answer.context["messages"]]


def recorded(name: EventName) -> Event:
    """The one event of this name, which the operator caused."""
    event = Event.objects.get(name=name)
    assert event.actor_email == "operator@amplisso.example"
    assert event.address == "127.0.0.1"
    return event


# --- Organizations -----------------------------------------------------------------------------------------------


def test_a_plan_is_changed_by_an_action(browser: Client, organization: Organization) -> None:
    answer = act(browser, "plan_enterprise", organization)
    assert said(answer) == ["Changed the plan of 1 organization to Enterprise."]
    organization.refresh_from_db()
    assert organization.plan.slug == "enterprise"
    assert recorded(EventName.ORGANIZATION_PLAN_CHANGED).before == {"plan": "growth"}


def test_an_action_says_to_how_many_rows_it_was_done(
    browser: Client, organization: Organization, make_organization: MakeOrganization
) -> None:
    assert said(act(browser, "close", organization, make_organization("Fabrikam"))) == ["Closed 2 organizations."]


def test_there_is_an_action_for_each_plan(browser: Client, organization: Organization) -> None:
    Plan.objects.create(slug="lifetime", name="Lifetime", sso=True)
    act(browser, "plan_lifetime", organization)
    organization.refresh_from_db()
    assert organization.plan.slug == "lifetime"


def test_an_organization_is_closed_and_opened_again(browser: Client, organization: Organization) -> None:
    act(browser, "close", organization)
    organization.refresh_from_db()
    assert not organization.is_open
    assert said(act(browser, "close", organization)) == ["Contoso: This organization is already closed."]
    act(browser, "reopen", organization)
    organization.refresh_from_db()
    assert organization.is_open
    recorded(EventName.ORGANIZATION_CLOSED)
    recorded(EventName.ORGANIZATION_REOPENED)


def test_require_sso_is_turned_off(browser: Client, organization: Organization) -> None:
    organizations.set_require_sso(organization=organization, required=True, actor=COMMAND_LINE)
    act(browser, "stop_requiring_sso", organization)
    organization.refresh_from_db()
    assert not organization.require_sso
    recorded(EventName.SSO_NOT_REQUIRED)


def test_the_form_changes_each_field_through_its_service(browser: Client, organization: Organization) -> None:
    plus = Plan.objects.get(slug="plus")
    form = {"name": "Contoso Ltd", "slug": "contoso-ltd", "plan": plus.pk, "session_hours": 8, "number": 5}
    answer = browser.post(address(Organization, "change", organization.pk), form)
    assert answer.status_code in {302, 303}, answer.content
    organization.refresh_from_db()
    assert (organization.name, organization.slug) == ("Contoso Ltd", "contoso-ltd")
    assert (organization.plan, organization.session_hours) == (plus, 8)
    assert organization.number >= 10001
    assert recorded(EventName.ORGANIZATION_RENAMED).after == {"name": "Contoso Ltd", "slug": "contoso-ltd"}
    recorded(EventName.ORGANIZATION_PLAN_CHANGED)
    recorded(EventName.SESSION_LENGTH_CHANGED)


def test_saving_the_form_as_it_was_records_nothing(browser: Client, organization: Organization) -> None:
    before = Event.objects.count()
    form = {"name": "Contoso", "slug": organization.slug, "plan": organization.plan_id, "session_hours": 12}
    browser.post(address(Organization, "change", organization.pk), form)
    assert Event.objects.count() == before


def test_a_new_organization_has_an_admin(browser: Client) -> None:
    growth = Plan.objects.get(slug="growth")
    form = {"name": "Fabrikam", "plan": growth.pk, "admin": "Mira@Fabrikam.example"}
    answer = browser.post(address(Organization, "add"), form)
    assert answer.status_code in {302, 303}, answer.content
    created = Organization.objects.get(name="Fabrikam")
    assert created.plan == growth
    assert [(m.user.email, m.role) for m in created.memberships.all()] == [("mira@fabrikam.example", Role.ADMIN)]
    assert not User.objects.get(email="mira@fabrikam.example").has_usable_password()
    recorded(EventName.ORGANIZATION_CREATED)


def test_a_new_organization_without_an_address_is_asked_for_it(browser: Client) -> None:
    form = {"name": "Fabrikam", "plan": Plan.objects.get(slug="growth").pk, "admin": "mira"}
    assert browser.post(address(Organization, "add"), form).status_code in {200, 422}
    assert not Organization.objects.exists()


# --- Members -----------------------------------------------------------------------------------------------------


def test_a_member_is_suspended_restored_and_removed(
    browser: Client, organization: Organization, member: MakeMember
) -> None:
    membership = member(organization)
    for action, state in [("suspend", "suspended"), ("restore", "active"), ("remove", "removed")]:
        act(browser, action, membership)
        membership.refresh_from_db()
        assert membership.state == state
    recorded(EventName.MEMBER_SUSPENDED)
    recorded(EventName.MEMBER_REMOVED)


def test_a_member_is_given_a_role(browser: Client, organization: Organization, member: MakeMember) -> None:
    membership = member(organization)
    act(browser, "make_admin", membership)
    membership.refresh_from_db()
    assert membership.role == Role.ADMIN
    recorded(EventName.MEMBER_ADMIN_CHANGED)


@pytest.mark.parametrize("action", ["suspend", "remove", "make_viewer"])
def test_the_only_admin_stays(action: str, browser: Client, organization: Organization) -> None:
    only = organization.memberships.get()
    answer = act(browser, action, only)
    only.refresh_from_db()
    assert (only.role, only.state) == (Role.ADMIN, MembershipState.ACTIVE)
    assert "only admin" in said(answer)[0]


# --- Accounts and plans ------------------------------------------------------------------------------------------


def test_a_disabled_account_is_out_at_once(browser: Client, make_user: MakeUser, client_of: SignedIn) -> None:
    user = make_user()
    theirs = client_of(user)
    act(browser, "disable", user)
    assert theirs.get("/session").status_code == 401
    assert not SessionGrant.objects.filter(user=user, ended_at__isnull=True).exists()
    recorded(EventName.ACCOUNT_DISABLED)
    act(browser, "enable", user)
    user.refresh_from_db()
    assert user.is_active
    recorded(EventName.ACCOUNT_ENABLED)


def test_the_account_of_an_only_admin_is_not_disabled(browser: Client, organization: Organization, admin: User) -> None:
    answer = act(browser, "disable", admin)
    admin.refresh_from_db()
    assert admin.is_active
    assert "only admin of Contoso" in said(answer)[0]


def test_one_refusal_stops_no_other_row(
    browser: Client, organization: Organization, admin: User, make_user: MakeUser
) -> None:
    other = make_user()
    assert len(said(act(browser, "disable", admin, other))) == 2
    other.refresh_from_db()
    assert not other.is_active


def test_an_address_never_changes(browser: Client, make_user: MakeUser) -> None:
    user = make_user("ada@contoso.example")
    answer = browser.post(
        address(User, "change", user.pk), {"email": "eve@contoso.example", "name": "Ada", "is_active": ""}
    )
    assert answer.status_code in {302, 303}, answer.content
    user.refresh_from_db()
    assert (user.email, user.name, user.is_active) == ("ada@contoso.example", "Ada", True)
    event = recorded(EventName.ACCOUNT_RENAMED)
    assert (event.target, event.before, event.after) == (user.email, {"name": ""}, {"name": "Ada"})


def test_a_new_account_has_no_password(browser: Client) -> None:
    answer = browser.post(address(User, "add"), {"email": "Grace@Contoso.example", "name": "Grace"})
    assert answer.status_code in {302, 303}, answer.content
    user = User.objects.get(email="grace@contoso.example")
    assert not user.has_usable_password()
    assert not user.is_staff
    recorded(EventName.USER_SIGNED_UP)


def test_making_an_operator_is_recorded_as_high_risk(browser: Client, make_user: MakeUser) -> None:
    user = make_user()
    browser.post(address(User, "change", user.pk), {"name": "", "is_staff": "on"})
    user.refresh_from_db()
    assert user.is_staff
    event = recorded(EventName.OPERATOR_CHANGED)
    assert (event.risk, event.after) == ("high", {"is_staff": True, "is_superuser": False})


def test_what_an_operator_may_do_is_recorded(browser: Client, make_user: MakeUser) -> None:
    user = make_user(is_staff=True)
    permission = Permission.objects.get(codename="view_organization")
    browser.post(address(User, "change", user.pk), {"name": "", "is_staff": "on", "user_permissions": [permission.pk]})
    assert user.has_perm("orgs.view_organization")
    assert recorded(EventName.OPERATOR_CHANGED).after == {"permissions": ["view_organization"]}


def test_rights_are_given_by_superusers_only(make_user: MakeUser, client_of: SignedIn) -> None:
    limited = make_user(is_staff=True)
    limited.user_permissions.add(*Permission.objects.filter(content_type__app_label="orgs"))
    browser = client_of(limited)
    answer = browser.post(address(User, "change", limited.pk), {"name": "Me", "is_staff": "on", "is_superuser": "on"})
    assert answer.status_code in {302, 303}, answer.content
    limited.refresh_from_db()
    assert (limited.name, limited.is_superuser) == ("Me", False)


def test_actions_are_for_those_who_may_change(
    make_user: MakeUser, client_of: SignedIn, organization: Organization
) -> None:
    looker = make_user(is_staff=True)
    looker.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    browser = client_of(looker)
    assert browser.get(address(Organization, "changelist")).status_code == 200
    for action in ("close", "plan_starter"):
        act(browser, action, organization)
    act(browser, "remove", organization.memberships.get())
    organization.refresh_from_db()
    assert organization.is_open
    assert organization.plan.slug == "growth"
    assert organization.memberships.get().state == MembershipState.ACTIVE


def test_a_plan_is_edited_on_record(browser: Client) -> None:
    plan = Plan.objects.get(slug="plus")
    form = {"slug": "other", "name": "Plus", "position": 2, "sso": "on"}
    browser.post(address(Plan, "change", plan.pk), form)
    plan.refresh_from_db()
    assert (plan.slug, plan.sso) == ("plus", True)
    event = recorded(EventName.PLAN_EDITED)
    assert (event.before["sso"], event.after["sso"]) == (False, True)


# --- Domains, grants, connections, identities ---------------------------------------------------------------------


def test_a_domain_is_added_verified_and_removed(browser: Client, organization: Organization) -> None:
    form = {"organization": organization.pk, "domain": "Contoso.Example"}
    assert browser.post(address(EmailDomain, "add"), form).status_code in {302, 303}
    domain = EmailDomain.objects.get(domain="contoso.example")
    assert organization_of_domain("contoso.example") is None
    act(browser, "verify", domain)
    assert organization_of_domain("contoso.example") == organization
    act(browser, "unverify", domain)
    assert organization_of_domain("contoso.example") is None
    browser.post(address(EmailDomain, "delete", domain.pk), {"post": "yes"})
    assert not EmailDomain.objects.exists()
    for name in ("DOMAIN_ADDED", "DOMAIN_VERIFIED", "DOMAIN_UNVERIFIED", "DOMAIN_REMOVED"):
        recorded(EventName[name])


def test_what_is_no_domain_is_refused_at_its_field(browser: Client, organization: Organization) -> None:
    answer = browser.post(address(EmailDomain, "add"), {"organization": organization.pk, "domain": "not a domain"})
    assert b"This is not a domain" in answer.content
    assert not EmailDomain.objects.exists()


def test_a_domain_has_one_verified_owner(
    browser: Client, organization: Organization, make_organization: MakeOrganization
) -> None:
    other = make_organization("Fabrikam")
    domains = [add_domain(organization=o, domain="contoso.example", actor=COMMAND_LINE) for o in (organization, other)]
    answer = act(browser, "verify", *domains)
    assert any("already verified for another" in message for message in said(answer))
    assert EmailDomain.objects.filter(verified_at__isnull=False).count() == 1


def test_an_ended_grant_lets_nobody_in(browser: Client, make_user: MakeUser) -> None:
    user = make_user()
    theirs = open_session(user, GrantKind.PASSWORD)
    assert theirs.get("/session").status_code == 200
    act(browser, "end", SessionGrant.objects.get(user=user))
    assert theirs.get("/session").status_code == 401
    event = recorded(EventName.SESSION_GRANT_ENDED)
    assert (event.target, event.organization_number, event.after) == (user.email, None, {"grant": "password"})


def test_a_grant_that_has_ended_already_is_not_ended_again(make_user: MakeUser) -> None:
    open_session(make_user(), GrantKind.PASSWORD)
    grant = SessionGrant.objects.get()
    for _ in range(2):
        grants.end_grant(grant=grant, actor=COMMAND_LINE)
    assert Event.objects.filter(name=EventName.SESSION_GRANT_ENDED).count() == 1


def test_a_connection_is_disabled_and_enabled(
    browser: Client, organization: Organization, connection: Connection
) -> None:
    act(browser, "disable", connection)
    organization.refresh_from_db()
    assert not organization.sso_active
    act(browser, "enable", connection)
    organization.refresh_from_db()
    assert organization.sso_active
    recorded(EventName.CONNECTION_DISABLED)
    recorded(EventName.CONNECTION_ENABLED)


def test_an_identity_is_unlinked(browser: Client, connection: Connection, admin: User) -> None:
    identity = Identity.objects.create(
        connection=connection,
        provider_entity_id="https://idp.example/",
        subject_kind=SubjectKind.NAME_ID,
        subject="ada",
        user=admin,
        address=admin.email,
    )
    act(browser, "unlink", identity)
    assert not Identity.objects.exists()
    assert Membership.objects.filter(user=admin, state=MembershipState.ACTIVE).exists()
    recorded(EventName.IDENTITY_UNLINKED)
