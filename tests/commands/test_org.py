"""`manage.py org`."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audit.actors import COMMAND_LINE
from audit.events import EventName
from audit.models import Event
from orgs.models import MembershipSource, Organization, Role, User
from orgs.services import organizations
from tests.conftest import MakeMember, MakeOrganization, MakeUser

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    """What the command prints."""
    printed = StringIO()
    call_command("org", *arguments, stdout=printed)
    return printed.getvalue()


def create(*arguments: str) -> dict[str, object]:
    """What `create --json` prints."""
    return json.loads(run("create", *arguments, "--json"))


def test_it_makes_an_organization_and_its_admins_account() -> None:
    made = create("Contoso", "--plan", "growth", "--admin", "Ada@Contoso.example")
    organization = Organization.objects.get()
    assert made == {
        "number": organization.number,
        "name": "Contoso",
        "slug": "contoso",
        "plan": "growth",
        "admin": "ada@contoso.example",
        "admin_is_new": True,
        "set_password_at": "https://amplisso.example/account/password/reset/",
        "home": "https://amplisso.example/o/contoso/",
    }
    admin = organization.memberships.get()
    assert (admin.user.email, admin.role) == ("ada@contoso.example", Role.ADMIN)
    assert admin.source == MembershipSource.OPERATOR
    assert not admin.user.has_usable_password()
    assert Event.objects.get(name=EventName.ORGANIZATION_CREATED).actor_email == "command line"


def test_it_takes_an_account_that_is_there(make_user: MakeUser) -> None:
    ada = make_user("ada@contoso.example")
    assert create("Contoso", "--plan", "Starter", "--admin", "ADA@contoso.example")["admin_is_new"] is False
    assert User.objects.get() == ada
    assert ada.memberships.get().organization.plan.slug == "starter"


def test_it_says_how_the_admin_gets_a_password(make_user: MakeUser) -> None:
    printed = run("create", "Contoso", "--plan", "growth", "--admin", "ada@contoso.example")
    assert "can set one at https://amplisso.example/account/password/reset/" in printed
    make_user("mira@fabrikam.example")
    assert "password" not in run("create", "Fabrikam", "--plan", "growth", "--admin", "mira@fabrikam.example")


def test_it_makes_a_second_one_of_the_same_name_but_says_so(make_organization: MakeOrganization) -> None:
    first = make_organization("Contoso")
    warned = StringIO()
    for name in ("contoso", "Fabrikam"):
        call_command("org", "create", name, "--plan", "plus", "--admin", f"ada@{name}.example", "--json",
                     stdout=StringIO(), stderr=warned)  # fmt: skip
    assert warned.getvalue() == f"Another organization has the name contoso, too: {first.number}.\n"
    assert Organization.objects.count() == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("Contoso", "--plan", "gold", "--admin", "ada@contoso.example"), "There is no plan 'gold'. Plans: starter,"),
        (("Contoso", "--plan", "growth", "--admin", "ada"), "This is not a valid e-mail address."),
        ((" ", "--plan", "growth", "--admin", "ada@contoso.example"), "must have 1 to 100 characters"),
        (("x" * 101, "--plan", "growth", "--admin", "ada@contoso.example"), "must have 1 to 100 characters"),
        (("Contoso", "--plan", "growth"), "--admin"),
    ],
)
def test_a_mistake_is_one_sentence_and_changes_nothing(arguments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=None) as raised:
        run("create", *arguments)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not Organization.objects.exists()
    assert not User.objects.exists()


def test_it_lists_every_organization(make_organization: MakeOrganization, member: MakeMember) -> None:
    first, second = make_organization("Contoso"), make_organization("Fabrikam", plan="starter")
    member(first)
    organizations.close_organization(organization=second, actor=COMMAND_LINE)
    assert json.loads(run("list", "--json")) == [
        {
            "number": first.number,
            "name": "Contoso",
            "slug": "contoso",
            "plan": "growth",
            "members": 2,
            "is_open": True,
            "is_connected": False,
            "requires_sso": False,
        },
        {
            "number": second.number,
            "name": "Fabrikam",
            "slug": "fabrikam",
            "plan": "starter",
            "members": 1,
            "is_open": False,
            "is_connected": False,
            "requires_sso": False,
        },
    ]
    assert run("list").splitlines() == [
        f"{first.number}  Contoso: growth, 2 members",
        f"{second.number}  Fabrikam: starter, 1 member, closed",
    ]
