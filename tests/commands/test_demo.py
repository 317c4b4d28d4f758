"""`manage.py demo`."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command

import simulator
from audit.actors import COMMAND_LINE
from audit.models import Event
from orgs.models import MembershipSource, MembershipState, Organization, Role, User
from orgs.selectors.organizations import organization_of_domain
from orgs.services import domains, members, organizations
from sso.management import demo
from sso.models import Configuration, Connection
from sso.services import connections
from tests.conftest import MakeOrganization

pytestmark = pytest.mark.django_db


def load(*arguments: str) -> dict[str, Any]:
    """What the command prints."""
    printed = io.StringIO()
    call_command("demo", "--json", *arguments, stdout=printed)
    return json.loads(printed.getvalue())


def states() -> list[object]:
    """What the command says of each organization."""
    return [organization["state"] for organization in load()["organizations"]]


def rows() -> list[int]:
    """How much there is of everything that the demo makes."""
    return [model.objects.count() for model in (User, Organization, Configuration, Event)]


def test_it_refuses_a_deployment() -> None:
    with pytest.raises(CommandError, match="can be loaded only with DEBUG on"):
        load()
    assert not User.objects.exists()


@pytest.mark.usefixtures("development")
def test_there_is_one_organization_for_each_thing_to_see(metadata_file: Path) -> None:
    facts = load("--metadata", str(metadata_file))
    contoso, fabrikam, initech = (Organization.objects.get(number=o["number"]) for o in facts["organizations"])
    assert [o.name for o in (contoso, fabrikam, initech)] == ["Contoso", "Fabrikam", "Initech"]
    assert contoso.number < fabrikam.number < initech.number
    assert [o.plan.slug for o in (contoso, fabrikam, initech)] == ["growth", "enterprise", "starter"]
    assert [o.can_sign_in_with_sso for o in (contoso, fabrikam, initech)] == [False, True, False]
    assert [o["is_connected"] for o in facts["organizations"]] == [False, True, False]
    assert contoso.memberships.filter(state=MembershipState.ACTIVE).count() == 4
    assert organization_of_domain("contoso.example") == contoso
    assert organization_of_domain("fabrikam.example") == fabrikam


@pytest.mark.usefixtures("development")
def test_everybody_can_sign_in_with_the_printed_password() -> None:
    facts = load()
    addresses = [organization["admin"] for organization in facts["organizations"]] + [facts["operator"]]
    assert addresses[0] == "ada@contoso.example"
    for user in User.objects.all():
        assert user.check_password(facts["password"])
        assert EmailAddress.objects.get(user=user).verified
    assert set(addresses) <= set(User.objects.values_list("email", flat=True))
    assert list(User.objects.filter(is_staff=True).values_list("email", flat=True)) == [facts["operator"]]


@pytest.mark.usefixtures("development")
def test_the_second_time_changes_nothing(metadata_file: Path) -> None:
    first = load("--metadata", str(metadata_file))
    before = rows()
    assert load("--metadata", str(metadata_file)) == first
    assert rows() == before


@pytest.mark.usefixtures("development")
def test_a_fresh_copy_of_the_same_metadata_changes_nothing(metadata_file: Path, tenant: simulator.Tenant) -> None:
    load("--metadata", str(metadata_file))
    before, earlier = rows(), metadata_file.read_bytes()
    metadata_file.write_bytes(tenant.metadata(next(iter(tenant.apps.values()))))
    assert metadata_file.read_bytes() != earlier
    load("--metadata", str(metadata_file))
    assert rows() == before


@pytest.mark.usefixtures("development")
def test_what_people_did_with_it_is_kept() -> None:
    load()
    june = User.objects.get(email="june@contoso.example").memberships.get()
    members.change_role(membership=june, role=Role.MANAGER, by=None, actor=COMMAND_LINE)
    User.objects.filter(email="ada@contoso.example").update(name="Ada Lovelace")
    load()
    june.refresh_from_db()
    assert june.role == Role.MANAGER
    assert User.objects.get(email="ada@contoso.example").name == "Ada Lovelace"


@pytest.mark.usefixtures("development")
def test_an_organization_is_still_known_after_its_admin_joined_another() -> None:
    first = demo.load()
    mira = User.objects.get(email="mira@fabrikam.example")
    organizations.create_organization(name="Tailspin", admin=mira, actor=COMMAND_LINE)
    source = MembershipSource.JUST_IN_TIME
    members.add_member(organization=first.contoso, user=mira, role=Role.MEMBER, source=source, actor=COMMAND_LINE)
    organizations.rename_organization(
        organization=first.fabrikam, name="Fabrikam Ltd", slug="fabrikam-ltd", actor=COMMAND_LINE
    )
    assert demo.load() == first


@pytest.mark.usefixtures("development")
def test_it_says_where_single_sign_on_stands_now(metadata_file: Path) -> None:
    loaded = demo.load(metadata_file.read_bytes())
    organizations.set_require_sso(organization=loaded.fabrikam, required=True, actor=COMMAND_LINE)
    organizations.close_organization(organization=loaded.initech, actor=COMMAND_LINE)
    assert states() == ["not connected yet: follow the nine steps", "connected, and requires single sign-on", "closed"]
    connections.disable_connection(connection=Connection.objects.get(), actor=COMMAND_LINE)
    organizations.reopen_organization(organization=loaded.initech, actor=COMMAND_LINE)
    assert states()[1:] == ["disconnected", "on Starter, without single sign-on"]


@pytest.mark.usefixtures("development")
def test_new_metadata_replaces_the_old(metadata_file: Path, tmp_path: Path) -> None:
    load("--metadata", str(metadata_file))
    other = simulator.Tenant.create(key_bits=2048)
    fresh = tmp_path / "fresh.xml"
    fresh.write_bytes(other.metadata(other.register("Amplisso", "https://amplisso.example/other")))
    load("--metadata", str(fresh))
    assert list(Configuration.objects.order_by("version").values_list("state", flat=True)) == ["retired", "active"]


@pytest.mark.usefixtures("development")
def test_a_domain_that_somebody_else_owns_stays_theirs(make_organization: MakeOrganization) -> None:
    theirs = make_organization("Earlier")
    domains.verify_domain(
        domain=domains.add_domain(organization=theirs, domain="contoso.example", actor=COMMAND_LINE), actor=COMMAND_LINE
    )
    load()
    assert organization_of_domain("contoso.example") == theirs


@pytest.mark.usefixtures("development")
def test_without_json_it_says_who_signs_in_where() -> None:
    printed = io.StringIO()
    call_command("demo", stdout=printed)
    lines = printed.getvalue().splitlines()
    number = Organization.objects.get(name="Contoso").number
    page = "https://amplisso.example/o/contoso/settings/access"
    state = "not connected yet: follow the nine steps"
    assert lines[0] == f"Contoso ({number}, growth), {state}: {page} as ada@contoso.example"
    assert lines[-1] == f"Password of all users: {demo.PASSWORD}"


@pytest.mark.usefixtures("development")
def test_metadata_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        load("--metadata", str(tmp_path / "none.xml"))
    empty = tmp_path / "empty.xml"
    empty.touch()
    with pytest.raises(CommandError, match="This file is empty"):
        load("--metadata", str(empty))
