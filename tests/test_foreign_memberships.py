"""An identity provider may assert the address of any account. Its sessions learn nothing of other organizations."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie

import pytest
import time_machine
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from audit.actors import COMMAND_LINE
from orgs.models import GrantKind, Membership, MembershipSource, Organization, Role, User
from orgs.services import members
from tests.conftest import MakeOrganization, MakeUser, new_browser, open_session
from tests.test_access import ADDRESSES, SAMPLES

VICTIM = "ada@victim.example"
NAME, SLUG = "Northwind Traders", "northwind-traders"
# What a response may hold that differs from one request to the next.
_CHANCE = re.compile(
    r'name="csrfmiddlewaretoken" value="\w+"|SAMLRequest=[^&"]*|RelayState=[^&"]*|Signature=[^&"]*'
    r"|sign-in_[\w-]+=[\w-]+|csrftoken=\w+|sessionid=\w+|gAAAA[\w%-]*|Content-Length: \d+"
)


@dataclass(frozen=True)
class World:
    """A hostile organization's session for an account, and an organization of which it must learn nothing."""

    user: User
    hostile: Organization
    foreign: Organization
    cookies: SimpleCookie

    def paths(self) -> Iterator[str]:
        """Return every path but the Django admin's, with the arguments of both organizations."""
        for address in ADDRESSES:
            for organization in (self.hostile, self.foreign):
                path = address.path.replace(f"/o/{SAMPLES['slug']}/", f"/o/{organization.slug}/")
                yield path.replace(f"/{SAMPLES['number']}", f"/{organization.number}")

    def responses(self) -> dict[tuple[str, str], str]:
        """Request every path by GET and POST, and return what can be seen; nothing a request does remains."""
        paths = [path for path in dict.fromkeys(self.paths()) if not path.startswith("/admin/")]
        return {(method, path): self._see(method, path) for path in paths for method in ("get", "post")}

    def _see(self, method: str, path: str) -> str:
        browser = new_browser()
        browser.cookies = copy.deepcopy(self.cookies)
        with transaction.atomic():
            response = getattr(browser, method)(path, _form() if method == "post" else {"next": "/"})
            transaction.set_rollback(True)
        return _visible(response)


def _form() -> dict[str, str]:
    passwords = {"password": "a wrong password", "password1": "a long new password", "password2": "a long new password"}
    return {"email": VICTIM, "login": VICTIM, "organization_name": "Tailspin", "name": "Tailspin", **passwords}


def _visible(response: HttpResponse) -> str:
    headers = "".join(f"{name}: {value}\n" for name, value in sorted(response.items()))
    body = b"".join(response) if response.streaming else response.content
    whole = f"{response.status_code}\n{headers}{response.cookies}\n{body.decode(errors='replace')}"
    return _CHANCE.sub("", whole)


@pytest.fixture
def world(make_organization: MakeOrganization, make_user: MakeUser) -> World:
    """The victim's account came in by the hostile organization's provider, just in time."""
    user, hostile = make_user(VICTIM), make_organization("Hostile")
    foreign = make_organization(NAME)
    joined = members.join_just_in_time(organization=hostile, address=VICTIM, role=Role.MANAGER, actor=COMMAND_LINE)
    Membership.objects.filter(pk=joined.pk).update(role=Role.ADMIN)  # so that every page of its own is open
    return World(user, hostile, foreign, open_session(user, GrantKind.SSO, hostile).cookies)


def become_member(world: World, role: Role) -> Membership:
    return members.add_member(
        organization=world.foreign, user=world.user, role=role, source=MembershipSource.INVITED, actor=COMMAND_LINE
    )


def test_no_page_differs_by_a_membership_elsewhere(world: World) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        before = world.responses()
        become_member(world, Role.ADMIN)
        after = world.responses()
    assert len(before) > 150
    different = [key for key in before if before[key] != after[key]]
    assert different == []


def test_no_page_names_the_other_organization(world: World) -> None:
    become_member(world, Role.ADMIN)
    for (method, path), seen in world.responses().items():
        if SLUG not in path and f"/{world.foreign.number}" not in path:
            told = [each for each in (NAME, SLUG, str(world.foreign.number)) if each in seen]
            assert told == [], (method, path)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ADMIN])
def test_the_log_link_of_a_refused_sign_in_is_not_found(world: World, role: Role) -> None:
    become_member(world, role)
    paths = [f"/sso/{number}/refused/7KQ4-M2XD-P9TR/log" for number in (world.foreign.number, 99_999)]
    by_provider = Client(headers={"host": "amplisso.example"})
    by_provider.cookies = world.cookies
    assert [by_provider.get(path).status_code for path in paths] == [404, 404]
    by_password = open_session(world.user, GrantKind.PASSWORD)
    assert by_password.get(paths[0])["Location"] == f"/o/{SLUG}/settings/sign-ins/7KQ4-M2XD-P9TR"
