"""Organizations: numbers, addresses, plans, closing."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.actors import COMMAND_LINE
from audit.models import Event
from orgs.errors import NotAllowedError
from orgs.models import MembershipSource, Organization, OrganizationNumber, Plan, Role, SessionGrant, User
from orgs.selectors.organizations import membership_in, open_organization, organization_by_slug, organization_of_domain
from orgs.services import domains, organizations
from sso.models import Connection, ConnectionState
from tests.conftest import MakeMember, MakeOrganization, MakeUser, SignedIn
from tests.orgs.conftest import RequireSSO


def test_a_new_organization_is_on_starter_with_its_creator_as_admin(make_user: MakeUser) -> None:
    ada = make_user()
    organization = organizations.create_organization(name="Contoso", admin=ada, actor=COMMAND_LINE)
    membership = organization.memberships.get()
    assert organization.plan.slug == "starter"
    assert (membership.user, membership.role, membership.source) == (ada, Role.ADMIN, MembershipSource.CREATED)
    assert membership.accepted_at is not None


def test_numbers_begin_at_10001_rise_and_are_never_used_again(make_organization: MakeOrganization) -> None:
    first, second = make_organization(), make_organization()
    assert first.number >= 10001
    assert second.number == first.number + 1
    Organization.objects.filter(pk=second.pk).delete()  # as a careless hand at the database would
    assert make_organization().number == second.number + 1


def test_a_transaction_that_fails_gives_no_number_away_twice(
    make_organization: MakeOrganization, make_user: MakeUser
) -> None:
    before = make_organization().number
    with transaction.atomic():
        make_organization()
        transaction.set_rollback(True)
    assert make_organization().number == before + 1


def test_there_is_one_counter(db: None) -> None:
    assert OrganizationNumber.objects.get().pk == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        OrganizationNumber.objects.create(pk=2, last=10000)


def test_a_number_below_10001_is_refused_by_the_database(organization: Organization) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Organization.objects.filter(pk=organization.pk).update(number=10000)


def test_an_address_given_up_is_kept_for_a_year(
    organization: Organization, make_organization: MakeOrganization
) -> None:
    def rename(renamed: Organization, slug: str) -> None:
        organizations.rename_organization(organization=renamed, name="Contoso", slug=slug, actor=COMMAND_LINE)

    other = make_organization("Evil")
    rename(organization, "contoso-europe")
    with pytest.raises(NotAllowedError, match="had this address recently"):
        rename(other, "contoso")
    assert make_organization("Contoso").slug == "contoso-2"
    rename(organization, "contoso")
    rename(organization, "contoso-europe")
    with time_machine.travel(timezone.now() + timedelta(days=366)):
        rename(other, "contoso")
    rename(other, "contoso-free")
    with pytest.raises(NotAllowedError, match="had this address recently"):
        rename(organization, "contoso")


@pytest.mark.parametrize(
    ("name", "slugs"),
    [
        ("Contoso", ["contoso", "contoso-2", "contoso-3"]),
        ("Müller & Söhne GmbH", ["muller-sohne-gmbh", "muller-sohne-gmbh-2"]),
        ("株式会社", ["organization", "organization-2"]),
        ("x" * 100, ["x" * 40, "x" * 40 + "-2"]),
    ],
)
def test_each_gets_an_address_of_its_own(make_organization: MakeOrganization, name: str, slugs: list[str]) -> None:
    assert [make_organization(name).slug for _ in slugs] == slugs


def test_renaming_moves_the_pages_and_keeps_the_number(organization: Organization) -> None:
    number = organization.number
    organizations.rename_organization(organization=organization, name="Fabrikam", slug="fabrikam", actor=COMMAND_LINE)
    assert organization_by_slug("contoso") is None
    found = organization_by_slug("fabrikam")
    assert found is not None
    assert (found.number, found.name) == (number, "Fabrikam")
    event = Event.objects.get(name="organization:renamed")
    assert (event.before, event.after) == (
        {"name": "Contoso", "slug": "contoso"},
        {"name": "Fabrikam", "slug": "fabrikam"},
    )


def test_an_address_that_is_taken_is_refused_and_nothing_changes(make_organization: MakeOrganization) -> None:
    contoso = make_organization("Contoso")
    closed = make_organization("Fabrikam")
    organizations.close_organization(organization=closed, actor=COMMAND_LINE)
    with pytest.raises(NotAllowedError, match="already has this address"):
        organizations.rename_organization(organization=contoso, name="New", slug="fabrikam", actor=COMMAND_LINE)
    contoso.refresh_from_db()
    assert (contoso.name, contoso.slug) == ("Contoso", "contoso")


def test_saving_without_a_change_writes_no_event(organization: Organization) -> None:
    before = Event.objects.count()
    organizations.rename_organization(organization=organization, name="Contoso", slug="contoso", actor=COMMAND_LINE)
    organizations.set_session_hours(organization=organization, hours=organization.session_hours, actor=COMMAND_LINE)
    organizations.set_require_sso(organization=organization, required=False, actor=COMMAND_LINE)
    assert Event.objects.count() == before


@pytest.mark.parametrize("hours", [0, 721])
def test_the_session_length_has_bounds_in_the_database(organization: Organization, hours: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Organization.objects.filter(pk=organization.pk).update(session_hours=hours)


def test_a_closed_organization_lets_nobody_in_and_opens_as_it_was(
    organization: Organization, admin: User, sso_client: SignedIn
) -> None:
    sso_client(admin, organization)
    organizations.close_organization(organization=organization, actor=COMMAND_LINE)
    assert open_organization(organization.number) is None
    assert organization_by_slug("contoso") is None
    assert membership_in("contoso", admin) is None
    assert not SessionGrant.objects.filter(organization=organization, ended_at__isnull=True).exists()
    with pytest.raises(NotAllowedError):
        organizations.close_organization(organization=organization, actor=COMMAND_LINE)
    organizations.reopen_organization(organization=organization, actor=COMMAND_LINE)
    assert membership_in("contoso", admin) is not None


@pytest.mark.parametrize(
    ("plan", "has_sso", "has_scim"),
    [
        ("starter", False, False),
        ("plus", False, False),
        ("growth", True, False),
        ("enterprise", True, True),
        ("scholarship", True, False),
    ],
)
def test_plans_include(db: None, plan: str, has_sso: bool, has_scim: bool) -> None:
    found = Plan.objects.get(slug=plan)
    assert (found.sso, found.scim) == (has_sso, has_scim)


def test_require_sso_is_suspended_while_sso_cannot_work(organization: Organization, require_sso: RequireSSO) -> None:
    require_sso(organization)
    assert organization.requires_sso
    organizations.change_plan(organization=organization, plan=Plan.objects.get(slug="plus"), actor=COMMAND_LINE)
    organization = Organization.objects.get(pk=organization.pk)
    assert organization.require_sso
    assert not organization.requires_sso
    organizations.change_plan(organization=organization, plan=Plan.objects.get(slug="growth"), actor=COMMAND_LINE)
    organization = Organization.objects.get(pk=organization.pk)
    assert organization.requires_sso
    Connection.objects.update(state=ConnectionState.DISABLED)
    assert not organization.requires_sso


def test_only_a_verified_domain_leads_to_its_organization(make_organization: MakeOrganization) -> None:
    contoso, fabrikam = make_organization("Contoso"), make_organization("Fabrikam")
    ours = domains.add_domain(organization=contoso, domain=" @Contoso.Example ", actor=COMMAND_LINE)
    theirs = domains.add_domain(organization=fabrikam, domain="contoso.example", actor=COMMAND_LINE)
    assert ours.domain == "contoso.example"
    assert organization_of_domain("contoso.example") is None
    domains.verify_domain(domain=ours, actor=COMMAND_LINE)
    assert organization_of_domain("contoso.example") == contoso
    with pytest.raises(NotAllowedError, match="already verified"):
        domains.verify_domain(domain=theirs, actor=COMMAND_LINE)
    domains.remove_domain(domain=ours, actor=COMMAND_LINE)
    assert organization_of_domain("contoso.example") is None


def test_adding_a_domain_twice_keeps_one(organization: Organization) -> None:
    for _ in range(2):
        domains.add_domain(organization=organization, domain="contoso.example", actor=COMMAND_LINE)
    assert organization.email_domains.count() == 1
    assert Event.objects.filter(name="domain:added").count() == 1


def test_a_plan_without_sso_ends_what_was_opened_by_it(
    organization: Organization, member: MakeMember, sso_client: SignedIn, client_of: SignedIn
) -> None:
    ada = member(organization).user
    by_sso, by_password = sso_client(ada, organization), client_of(ada)
    organizations.change_plan(organization=organization, plan=Plan.objects.get(slug="enterprise"), actor=COMMAND_LINE)
    assert by_sso.get("/o/contoso/").status_code == 200, "this one has single sign-on, too"
    organizations.change_plan(organization=organization, plan=Plan.objects.get(slug="starter"), actor=COMMAND_LINE)
    assert by_sso.get("/o/contoso/").status_code == 404
    assert by_password.get("/o/contoso/").status_code == 200
