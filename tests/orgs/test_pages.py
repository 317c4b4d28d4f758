"""The pages: home, the organization's own, General, Members."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from audit.actors import COMMAND_LINE
from audit.models import Event
from orgs.models import EmailDomain, MembershipState, Organization, Role, User
from orgs.services import domains, invitations, members
from orgs.views.members import _CHANGES
from tests.conftest import MakeMember, MakeOrganization, MakeUser, SignedIn, activate_sso
from tests.orgs.conftest import RequireSSO

GENERAL = "/o/contoso/settings/general"
MEMBERS = "/o/contoso/settings/members"


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("accept", ["text/html,application/xhtml+xml", "application/json", "*/*"])
@pytest.mark.parametrize(("method", "path", "allowed"), [
    ("put", "/", "GET, HEAD"),
    ("post", "/session", "GET, HEAD"),
    ("delete", "/account/login/", "GET, POST, PUT, HEAD, OPTIONS"),
])  # fmt: skip
def test_what_an_address_does_not_do_is_said_to_people(
    admin: User,
    client_of: SignedIn,
    caplog: pytest.LogCaptureFixture,
    method: str,
    path: str,
    allowed: str,
    accept: str,
) -> None:
    answer = getattr(client_of(admin), method)(path, headers={"accept": accept})
    assert answer.status_code == 405
    assert set(answer["Allow"].split(", ")) <= set(allowed.split(", "))
    assert ("Nothing was changed" in answer.content.decode()) == accept.startswith("text/html")
    assert "no-store" in answer["Cache-Control"] or not accept.startswith("text/html")
    assert len(caplog.records) == 1


# --- Home


def test_one_organization_is_gone_to_at_once(admin: User, client_of: SignedIn) -> None:
    answer = client_of(admin).get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/o/contoso/")


@pytest.mark.parametrize(
    ("role", "plan", "connected", "step"),
    [
        (Role.ADMIN, "growth", False, ("access", "Set up single sign-on")),
        (Role.ADMIN, "growth", True, ("members", "See the members")),
        (Role.ADMIN, "starter", False, ("access", "See Access &amp; SSO Settings")),
        (Role.MANAGER, "growth", False, ("members", "See the members")),
        (Role.VIEWER, "starter", False, ("members", "See the members")),
    ],
)
def test_the_first_page_has_one_next_step(
    make_organization: MakeOrganization, member: MakeMember, client_of: SignedIn,
    role: Role, plan: str, connected: bool, step: tuple[str, str],
) -> None:  # fmt: skip
    organization = make_organization("Contoso", plan)
    if connected:
        activate_sso(organization)
    page = text_of(client_of(member(organization, role).user), "/o/contoso/")
    assert re.findall(r'class="btn btn-primary" href="/o/contoso/settings/(\w+)">([^<]+)<', page) == [step]
    assert '<a class="menu-item" href="/o/contoso/settings">Settings</a>' in page


def test_visitors_are_asked_to_sign_in(visitor: Client) -> None:
    assert visitor.get("/")["Location"] == "/sign-in?next=/"


def test_several_are_listed_with_what_opens_them(
    organization: Organization, admin: User, make_organization: MakeOrganization, member: MakeMember,
    client_of: SignedIn, require_sso: RequireSSO,
) -> None:  # fmt: skip
    fabrikam = make_organization("Fabrikam")
    member(fabrikam, Role.VIEWER, admin)
    litware = require_sso(make_organization("Litware"))
    member(litware, Role.VIEWER, admin)
    members.join_just_in_time(
        organization=make_organization("Adatum"), address=admin.email, role=Role.MEMBER, actor=COMMAND_LINE
    )
    page = text_of(client_of(admin), "/")
    assert 'href="/o/contoso/"' in page
    assert 'href="/o/fabrikam/"' in page
    assert f'href="/sso/{litware.number}/start"' in page
    assert "Accept<span" in page
    assert "Adatum" in page


def test_an_sso_session_hears_nothing_of_the_other_organizations(
    organization: Organization,
    admin: User,
    make_organization: MakeOrganization,
    member: MakeMember,
    sso_client: SignedIn,
) -> None:
    member(make_organization("Fabrikam"), Role.VIEWER, admin)
    members.join_just_in_time(
        organization=make_organization("Adatum"), address=admin.email, role=Role.MEMBER, actor=COMMAND_LINE
    )
    client = sso_client(admin, organization)
    assert client.get("/")["Location"] == "/o/contoso/"
    assert "New organization" not in text_of(client, "/o/contoso/")


def test_nobodys_member_hears_how_to_begin(make_user: MakeUser, client_of: SignedIn) -> None:
    page = text_of(client_of(make_user()), "/")
    assert "No organization yet" in page
    assert "/organizations/new" in page


def test_a_new_organization(make_user: MakeUser, client_of: SignedIn) -> None:
    client = client_of(make_user())
    assert client.get("/organizations/new").status_code == 200
    assert client.post("/organizations/new", {"name": " "}).status_code == 422
    answer = client.post("/organizations/new", {"name": "Fabrikam"}, follow=True)
    assert answer.redirect_chain == [("/o/fabrikam/", 303)]
    assert "Fabrikam is ready" in answer.content.decode()


def test_the_first_page_says_who_as_what_how_and_until_when(
    organization: Organization, member: MakeMember, sso_client: SignedIn
) -> None:
    ada = member(organization, Role.MANAGER)
    page = text_of(sso_client(ada.user, organization), "/o/contoso/")
    for shown in (ada.user.email, "Manager", "single sign-on", "hours from now", str(organization.number), "Growth"):
        assert shown in page


# --- General


def test_general_is_read_by_all_and_changed_by_managers(
    organization: Organization, member: MakeMember, client_of: SignedIn
) -> None:
    for role in Role:
        page = text_of(client_of(member(organization, role).user), GENERAL)
        assert str(organization.number) in page
        assert ("Save name and address" in page) == (role >= Role.MANAGER)
        assert ("Save session length" in page) == (role == Role.ADMIN)
        assert ("Add domain" in page) == (role == Role.ADMIN)


def test_a_new_name_and_address(admin: User, client_of: SignedIn) -> None:
    answer = client_of(admin).post(GENERAL, {"name": "Fabrikam", "slug": "Fabrikam-Europe"}, follow=True)
    assert answer.redirect_chain == [("/o/fabrikam-europe/settings/general", 303)]
    assert "name and address were saved" in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"name": "Contoso", "slug": "fabrikam"}, "Another organization already has this address"),
        ({"name": "Contoso", "slug": "a b"}, "single hyphens"),
        ({"name": "Contoso", "slug": "-a"}, "single hyphens"),
        ({"name": "Contoso", "slug": "../admin"}, "single hyphens"),
        ({"name": "Contoso", "slug": "x" * 51}, "at most 50 characters"),
        ({"name": "", "slug": "contoso"}, "required"),
        ({"name": "Con\ntoso", "slug": "contoso"}, "on one line"),
    ],
)
def test_general_says_at_the_field_what_is_wrong(
    organization: Organization, admin: User, make_organization: MakeOrganization, client_of: SignedIn,
    typed: dict[str, str], error: str,
) -> None:  # fmt: skip
    make_organization("Fabrikam")
    answer = client_of(admin).post(GENERAL, typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert error in page
    assert "is-invalid" in page
    assert "field-errors" in page
    organization.refresh_from_db()
    assert (organization.name, organization.slug) == ("Contoso", "contoso")
    assert 'href="/o/contoso/settings/members"' in page, "the frame still shows what holds"


@pytest.mark.parametrize(
    ("hours", "status"), [("1", 303), ("720", 303), ("0", 422), ("721", 422), ("x", 422), ("", 422)]
)
def test_session_length(organization: Organization, admin: User, client_of: SignedIn, hours: str, status: int) -> None:
    answer = client_of(admin).post(f"{GENERAL}/session-length", {"hours": hours})
    assert answer.status_code == status
    organization.refresh_from_db()
    assert organization.session_hours == (int(hours) if status == 303 else 12)


def test_domains_come_unverified_and_go(organization: Organization, admin: User, client_of: SignedIn) -> None:
    client = client_of(admin)
    assert client.post(f"{GENERAL}/domains", {"domain": "not a domain"}).status_code == 422
    assert client.post(f"{GENERAL}/domains", {"domain": "Contoso.Example"}).status_code == 303
    assert "Not verified yet" in text_of(client, GENERAL)
    domains.verify_domain(domain=EmailDomain.objects.get(), actor=COMMAND_LINE)
    assert "Verified" in text_of(client, GENERAL)
    assert client.post(f"{GENERAL}/domains/contoso.example/remove").status_code == 303
    assert client.post(f"{GENERAL}/domains/contoso.example/remove").status_code == 404
    assert client.post(f"{GENERAL}/domains/%00/remove").status_code == 400
    assert not EmailDomain.objects.exists()


def test_the_domain_of_another_organization_is_not_removed(
    make_organization: MakeOrganization, admin: User, client_of: SignedIn
) -> None:
    EmailDomain.objects.create(organization=make_organization("Fabrikam"), domain="fabrikam.example")
    assert client_of(admin).post(f"{GENERAL}/domains/fabrikam.example/remove").status_code == 404
    assert EmailDomain.objects.exists()


# --- Members


def test_counts_and_views(organization: Organization, admin: User, member: MakeMember, client_of: SignedIn) -> None:
    by = organization.memberships.get(user=admin)
    joined, suspended, removed = member(organization), member(organization), member(organization)
    members.suspend_member(membership=suspended, by=by, actor=COMMAND_LINE)
    type(removed).objects.filter(pk=removed.pk).update(state=MembershipState.REMOVED)
    invitations.invite(
        organization=organization, addresses=["new@x.example"], role=Role.VIEWER, by=by, actor=COMMAND_LINE
    )
    client = client_of(admin)
    answer = client.get(MEMBERS)
    counts = answer.context["counts"]
    assert (counts.joined, counts.suspended, counts.pending) == (2, 1, 1)
    shown = {row.entry.user.email for row in answer.context["rows"]}
    assert shown == {admin.email, joined.user.email, suspended.user.email}
    pending = text_of(client, f"{MEMBERS}?view=pending")
    assert "new@x.example" in pending
    assert joined.user.email not in pending


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=ADA", {"ada@x.example", "bob@x.example"}),
        ("search=lovelace", {"bob@x.example"}),
        ("role=30", {"bob@x.example"}),
        ("search=ada&role=20", {"ada@x.example"}),
        ("search=nobody", set()),
        ("role=99", {"ada@x.example", "bob@x.example", "boss@x.example"}),
    ],
)
def test_search(
    make_organization: MakeOrganization,
    make_user: MakeUser,
    member: MakeMember,
    client_of: SignedIn,
    query: str,
    found: set[str],
) -> None:
    boss = make_user("boss@x.example")
    organization = make_organization(admin=boss)
    member(organization, Role.MEMBER, make_user("ada@x.example"))
    bob = member(organization, Role.MANAGER, make_user("bob@x.example"))
    bob.display_name = "Ada Lovelace"
    bob.save()
    answer = client_of(boss).get(f"{MEMBERS}?{query}")
    assert {row.entry.user.email for row in answer.context["rows"]} == found


def test_buttons_are_there_for_those_whom_the_service_lets(
    organization: Organization, admin: User, member: MakeMember, client_of: SignedIn
) -> None:
    manager, viewer = member(organization, Role.MANAGER), member(organization, Role.VIEWER)
    for user, changeable in ((admin, {manager.user, viewer.user}), (manager.user, {viewer.user}), (viewer.user, set())):
        answer = client_of(user).get(MEMBERS)
        assert {row.entry.user for row in answer.context["rows"] if row.may_change} == changeable
        assert ("Invite people" in answer.content.decode()) == bool(changeable)
        assert ('name="action"' in answer.content.decode()) == bool(changeable)


def change(client: Client, membership: Any, **typed: object) -> str:
    answer = client.post(f"{MEMBERS}/{membership.public_id}", typed, follow=True)
    assert answer.redirect_chain[0][1] == 303
    membership.refresh_from_db()
    return answer.content.decode()


def test_changing_a_member(organization: Organization, admin: User, member: MakeMember, client_of: SignedIn) -> None:
    ada, client = member(organization), client_of(admin)
    assert "is now Manager" in change(client, ada, action="role", role=30)
    assert ada.role == Role.MANAGER
    assert "was suspended" in change(client, ada, action="suspend")
    assert ada.state == MembershipState.SUSPENDED
    assert "was restored" in change(client, ada, action="restore")
    assert ada.state == MembershipState.ACTIVE
    assert "was removed" in change(client, ada, action="remove")
    assert ada.state == MembershipState.REMOVED
    actors = set(
        Event.objects.filter(target_id=ada.public_id).exclude(name="member:added").values_list("actor_email", flat=True)
    )
    assert actors == {admin.email}


def test_refusals_are_messages(
    organization: Organization, admin: User, member: MakeMember, client_of: SignedIn
) -> None:
    boss, manager, ada = (
        organization.memberships.get(user=admin),
        member(organization, Role.MANAGER),
        member(organization),
    )
    for action in ("remove", "suspend"):
        assert "Only admins" in change(client_of(manager.user), boss, action=action)
        boss.refresh_from_db()
        assert boss.is_active
    assert "Only admins" in change(client_of(manager.user), ada, action="role", role=40)
    assert "your own membership" in change(client_of(admin), boss, action="role", role=10)
    assert "Choose one of the roles" in change(client_of(admin), ada, action="role", role=11)
    assert "Only a suspended member" in change(client_of(admin), ada, action="restore")
    assert (boss.role, boss.is_active, ada.role) == (Role.ADMIN, True, Role.MEMBER)


def test_who_is_gone_or_never_was_is_not_there(
    organization: Organization, admin: User, member: MakeMember, client_of: SignedIn
) -> None:
    ada, client = member(organization), client_of(admin)
    assert client.post(f"{MEMBERS}/{ada.public_id}", {"action": "explode"}).status_code == 404
    change(client, ada, action="remove")
    for action in _CHANGES:
        assert client.post(f"{MEMBERS}/{ada.public_id}", {"action": action, "role": 20}).status_code == 404


def test_a_change_leads_back_to_the_same_page_of_the_list(
    organization: Organization, admin: User, member: MakeMember, client_of: SignedIn
) -> None:
    ada = member(organization)
    typed = {"action": "suspend", "query": "search=per&after=WyJhIl0&next=//evil.example"}
    answer = client_of(admin).post(f"{MEMBERS}/{ada.public_id}", typed)
    assert answer["Location"] == f"{MEMBERS}?search=per&after=WyJhIl0"


def test_names_that_look_like_markup_are_text(
    organization: Organization, admin: User, member: MakeMember, client_of: SignedIn
) -> None:
    ada = member(organization)
    ada.display_name = "<script>alert(1)</script>"
    ada.save()
    assert "<script>alert" not in text_of(client_of(admin), MEMBERS)


def count_queries(client: Client, path: str, counter: Any) -> int:
    client.get(path)
    with counter(100) as found:
        assert client.get(path).status_code == 200
    return len(found)


@pytest.mark.parametrize("path", [MEMBERS, f"{MEMBERS}?view=pending", "/", GENERAL])
def test_twenty_cost_no_more_queries_than_two(
    path: str, organization: Organization, admin: User, member: MakeMember, make_organization: MakeOrganization,
    client_of: SignedIn, django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    by = organization.memberships.get(user=admin)
    client = client_of(admin)

    def grow(start: int, end: int) -> None:
        for n in range(start, end):
            member(organization)
            member(make_organization(f"Other {n}"), Role.VIEWER, admin)
            EmailDomain.objects.create(organization=organization, domain=f"d{n}.example")
            invitations.invite(
                organization=organization, addresses=[f"n{n}@x.example"], role=Role.VIEWER, by=by, actor=COMMAND_LINE
            )

    grow(0, 2)
    few = count_queries(client, path, django_assert_max_num_queries)
    grow(2, 20)
    assert count_queries(client, path, django_assert_max_num_queries) == few


def test_fifty_on_a_page(organization: Organization, admin: User, member: MakeMember, client_of: SignedIn) -> None:
    for _ in range(51):
        member(organization)
    client = client_of(admin)
    first = client.get(MEMBERS)
    second = client.get(f"{MEMBERS}?after={first.context['page'].after}")
    assert (len(first.context["rows"]), len(second.context["rows"])) == (50, 2)
    shown = [row.entry.user.email for row in [*first.context["rows"], *second.context["rows"]]]
    assert shown == sorted(organization.memberships.values_list("user__email", flat=True))
    assert ">Next</a>" in first.content.decode()
    assert ">Previous</a>" in second.content.decode()
    assert client.get(f"{MEMBERS}?after=nonsense&search=nobody").status_code == 200
    assert client.get(f"{MEMBERS}?search=%00").status_code == 400
