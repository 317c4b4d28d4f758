"""Every URL of ours, opened by every kind of visitor: the tables here say who may open it, and a URL that is missing
from them fails.

The test walks the URL resolver, so that no page is added without saying who it is for.
"""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from audit.actors import COMMAND_LINE
from orgs.models import GrantKind, MembershipState, Organization, Plan, Role, User
from orgs.services import organizations
from tests.conftest import MakeMember, MakeOrganization, MakeUser, activate_sso, new_browser, open_session

# --- The tables


@dataclass(frozen=True)
class For:
    """Who a page of an organization is for: the lowest role that sees it, and the lowest that may post to it."""

    see: Role
    change: Role | None = None
    recovery: bool = False


RECOVERY_PAGE = For(Role.ADMIN)  # by password alone, and also where SSO is required

ORGANIZATION_PAGES = {
    "organization_home": For(Role.VIEWER),
    "recovery": RECOVERY_PAGE,
    "settings": For(Role.VIEWER),
    "settings_general": For(Role.VIEWER, change=Role.MANAGER),
    "session_length": For(Role.ADMIN),
    "sign_everyone_out": For(Role.ADMIN),
    "add_domain": For(Role.ADMIN),
    "remove_domain": For(Role.ADMIN),
    "settings_members": For(Role.VIEWER),
    "invite": For(Role.MANAGER),
    "member_change": For(Role.MANAGER),
    "invitation_change": For(Role.MANAGER),
    "settings_audit": For(Role.ADMIN),
    "settings_audit_csv": For(Role.ADMIN),
    "settings_access": For(Role.ADMIN, recovery=True),
    "uploaded_metadata": For(Role.ADMIN, recovery=True),
    "choose_provider": For(Role.ADMIN, recovery=True),
    "create_key": For(Role.ADMIN, recovery=True),
    "promote_key": For(Role.ADMIN, recovery=True),
    "offer_for_encryption": For(Role.ADMIN, recovery=True),
    "retire_key": For(Role.ADMIN, recovery=True),
    "download_certificate": For(Role.ADMIN, recovery=True),
    "allow_waiver": For(Role.ADMIN, recovery=True),
    "end_waiver": For(Role.ADMIN, recovery=True),
    "test_sign_in": For(Role.ADMIN, recovery=True),
    "discard_draft": For(Role.ADMIN, recovery=True),
    "earlier_sessions": For(Role.ADMIN, recovery=True),
    "stop_requiring_sso": For(Role.ADMIN, recovery=True),
    "changed_identifiers": For(Role.ADMIN, recovery=True),
    "relink_members": For(Role.ADMIN, recovery=True),
    "relinked_members": For(Role.ADMIN, recovery=True),
    "undo_relinking": For(Role.ADMIN, recovery=True),
    "settings_sign_ins": For(Role.ADMIN),
    "settings_sign_in": For(Role.ADMIN),
    "unlink_person": For(Role.ADMIN),
}

PUBLIC_ORGANIZATION_PAGES = {"organization_sign_in"}

# Without a slug. What stands in none of these three needs a password grant.
PUBLIC = {
    "session",
    "invitation",
    "sign_in",
    "mail_sign_in_page",
    "sign_in_page_mailed",
    "start_sign_in",
    "repeated_response",
    "switch",
    "sign_in_refused",
    "saml_metadata",
    "saml_acs",
    "saml/2/acs/<int:number>/",
    "saml_slo",
    "saml/2/slo/<int:number>/",
    "sign_out_at_provider",
    "signed_out",
    "admin/login/",
    "admin:login",
    "admin:jsi18n",
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_confirm_email",
    "account_email_verification_sent",
    "account_confirm_login_code",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "mfa_trust",
}
ANY_GRANT = {"home", "sign_in_in_log"}

# --- The walk

SAMPLES = {
    "slug": "contoso",
    "number": "10001",
    "kind": "expired-certificates",
    "public_id": "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
    "reference": "7KQ4-M2XD-P9TR",
    "domain": "contoso.example",
    "token": "token",
    "object_id": "1",
    "app_label": "orgs",
    "content_type_id": "1",
    "pk": "1",
    "key": "key",
    "uidb36": "1",
    "url": "nowhere",
}


# An argument of a route, in a regular expression or in Django's own form.
_ARGUMENT = re.compile(r"\(\?P<(\w+)>[^()]*\)|<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Address:
    """One address: how it is named (its route if it has no name), and paths that lead there."""

    name: str
    route: str
    has_slug: bool
    is_public: bool
    is_guarded: bool

    @property
    def path(self) -> str:
        """A path with the sample of each argument."""
        return self.path_with({})

    @property
    def arguments(self) -> list[str]:
        """The names of what stands in the path."""
        return [first or second for first, second in _ARGUMENT.findall(self.route)]

    def path_with(self, values: Mapping[str, str]) -> str:
        """A path with these values in the place of samples."""
        filled = _ARGUMENT.sub(lambda m: {**SAMPLES, **values}[m.group(1) or m.group(2)], self.route)
        return "/" + filled


def walk(resolver: URLResolver, route: str = "", namespace: str = "") -> Iterator[Address]:
    for entry in resolver.url_patterns:
        full = route + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry, full, f"{entry.namespace}:" if entry.namespace else namespace)
        else:
            yield address_of(entry, full, namespace)


def address_of(entry: URLPattern, route: str, namespace: str) -> Address:
    return Address(
        name=f"{namespace}{entry.name}" if entry.name else route,
        route=route.replace("^", "").replace("$", "").replace("\\.", "."),
        has_slug="<slug:slug>" in route,
        is_public=not getattr(entry.callback, "login_required", True),
        is_guarded=getattr(entry.callback, "is_guarded", False),
    )


ADDRESSES = list(walk(get_resolver()))
BY_NAME = {address.name: address for address in reversed(ADDRESSES)}  # of two with one name the first one answers
OTHERS = [address for address in ADDRESSES if not address.has_slug]
CLOSED = [a for a in OTHERS if a.name not in PUBLIC | ANY_GRANT and BY_NAME[a.name] is a]
ids = lambda value: value.name if isinstance(value, Address) else None  # noqa: E731


def test_every_address_of_an_organization_is_in_the_table() -> None:
    found = {address.name for address in ADDRESSES if address.has_slug}
    assert found == set(ORGANIZATION_PAGES) | PUBLIC_ORGANIZATION_PAGES


def test_the_marks_of_all_other_addresses_are_in_the_tables() -> None:
    unknown = "None"  # allauth's pages that are switched off have no name
    assert {a.name for a in OTHERS if a.is_public} - {unknown} <= PUBLIC
    assert {a.name for a in OTHERS if a.is_guarded} == ANY_GRANT
    assert set(BY_NAME) >= (PUBLIC | ANY_GRANT) - {"mfa_trust"}


def test_public_pages_of_organizations_are_marked_so() -> None:
    assert {a.name for a in ADDRESSES if a.has_slug and a.is_public} == PUBLIC_ORGANIZATION_PAGES


# --- Pages of an organization


@dataclass(frozen=True)
class Visitor:
    """A browser and its user's relation to Contoso: a role by a grant that opens it, or none."""

    name: str
    client: Client
    role: Role | None = None
    refusal: int = 404
    grant: GrantKind | None = GrantKind.PASSWORD

    def expected(self, page: For, *, is_post: bool) -> int | None:
        """The status of the refusal; None where they get in."""
        needed = (page.change or page.see) if is_post else page.see
        if page is RECOVERY_PAGE and self.grant != GrantKind.PASSWORD:  # led to the password page
            return 303 if is_post else 302
        if page is RECOVERY_PAGE and self.role != Role.ADMIN:
            return 404
        if self.grant == GrantKind.RECOVERY and not page.recovery:
            return 404
        if self.role is None:
            return self.refusal
        return 403 if self.role < needed else None


@pytest.fixture
def visitors(
    organization: Organization, make_organization: MakeOrganization, make_user: MakeUser, member: MakeMember
) -> list[Visitor]:
    """Return every kind of visitor of Contoso."""
    stranger, both = make_user(), member(organization, Role.ADMIN).user
    fabrikam = make_organization("Fabrikam", admin=stranger)
    member(fabrikam, Role.ADMIN, both)
    suspended = member(organization, Role.ADMIN)
    type(suspended).objects.filter(pk=suspended.pk).update(state=MembershipState.SUSPENDED)
    not_accepted = member(organization, Role.MANAGER)
    type(not_accepted).objects.filter(pk=not_accepted.pk).update(accepted_at=None)
    without_grant = new_browser()
    without_grant.force_login(both)
    return [
        Visitor("stranger", new_browser(), grant=None),
        Visitor("signed in, but without a grant", without_grant, grant=None),
        Visitor("nobody's member", open_session(make_user(), GrantKind.PASSWORD)),
        Visitor("admin of another organization", open_session(stranger, GrantKind.PASSWORD)),
        Visitor(
            "SSO session of another organization", open_session(both, GrantKind.SSO, fabrikam), grant=GrantKind.SSO
        ),
        Visitor(
            "recovery in another organization",
            open_session(both, GrantKind.RECOVERY, fabrikam),
            grant=GrantKind.RECOVERY,
        ),
        Visitor("suspended admin", open_session(suspended.user, GrantKind.PASSWORD)),
        Visitor("manager who has not accepted", open_session(not_accepted.user, GrantKind.PASSWORD), refusal=403),
        *by_every_grant(organization, both, member),
    ]


def by_every_grant(organization: Organization, admin: User, member: MakeMember) -> Iterator[Visitor]:
    for role in Role:
        user = admin if role == Role.ADMIN else member(organization, role).user
        yield Visitor(f"{role.label} by password", open_session(user, GrantKind.PASSWORD), role)
        yield Visitor(
            f"{role.label} by SSO", open_session(user, GrantKind.SSO, organization), role, grant=GrantKind.SSO
        )
        recovery = open_session(user, GrantKind.RECOVERY, organization)
        may = role if role == Role.ADMIN else None  # for others the grant opens nothing, not even a 403
        yield Visitor(f"{role.label} by recovery", recovery, may, grant=GrantKind.RECOVERY)


def answer(client: Client, path: str, *, is_post: bool) -> tuple[int, bool]:
    """The status, and whether the guard let the request through to the page."""
    response = client.post(path) if is_post else client.get(path)
    assert response.status_code < 500
    return response.status_code, hasattr(response.wsgi_request, "membership")


@pytest.mark.parametrize("name", ORGANIZATION_PAGES)
def test_who_gets_in(visitors: list[Visitor], name: str) -> None:
    for is_post, visitor in itertools.product([False, True], visitors):
        refusal = visitor.expected(ORGANIZATION_PAGES[name], is_post=is_post)
        with transaction.atomic():
            status, entered = answer(visitor.client, BY_NAME[name].path, is_post=is_post)
            transaction.set_rollback(True)  # one visitor may sign all others out
        assert entered == (refusal is None), (visitor.name, is_post)
        assert refusal is None or status == refusal, (visitor.name, is_post)


def test_a_slug_that_does_not_exist_looks_like_one_that_is_not_yours(visitors: list[Visitor]) -> None:
    for visitor, name in itertools.product(visitors[:6], ORGANIZATION_PAGES):
        path = BY_NAME[name].path
        other = path.replace("/o/contoso/", "/o/nowhere/")
        real, made_up = visitor.client.get(path), visitor.client.get(other)
        led = ORGANIZATION_PAGES[name] is RECOVERY_PAGE and visitor.grant != GrantKind.PASSWORD
        assert real.status_code == made_up.status_code == (302 if led else 404)
        assert real.get("Location", "").replace(path, other) == made_up.get("Location", "")
        page = without_chance(real).replace(path, other).replace(quote(path, ""), quote(other, ""))
        assert page == without_chance(made_up), (visitor.name, name)


def without_chance(response: Any) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


def test_where_sso_is_required_a_password_opens_recovery_alone(
    organization: Organization, visitors: list[Visitor]
) -> None:
    activate_sso(organization)
    organizations.set_require_sso(organization=organization, required=True, actor=COMMAND_LINE)
    members = [visitor for visitor in visitors if visitor.role and visitor.grant != GrantKind.RECOVERY]
    for visitor, name in itertools.product(members, ORGANIZATION_PAGES):
        status, entered = answer(visitor.client, BY_NAME[name].path, is_post=False)
        if name == "recovery":
            may = visitor.role == Role.ADMIN and visitor.grant == GrantKind.PASSWORD
        elif visitor.grant == GrantKind.PASSWORD:
            may = False
            assert status == 403, (visitor.name, name)
        else:
            may = visitor.role is not None and visitor.role >= ORGANIZATION_PAGES[name].see
        assert entered == may, (visitor.name, name)


def test_a_closed_organization_is_there_for_nobody(organization: Organization, visitors: list[Visitor]) -> None:
    """No page for its admins, whatever grant they have; one page for every visitor, since all have the same guard."""
    organizations.close_organization(organization=organization, actor=COMMAND_LINE)
    admins = [visitor for visitor in visitors if visitor.role == Role.ADMIN]
    everywhere = itertools.product(admins, ORGANIZATION_PAGES)
    for visitor, name in itertools.chain(everywhere, ((each, "organization_home") for each in visitors)):
        status, entered = answer(visitor.client, BY_NAME[name].path, is_post=False)
        led = name == "recovery" and status == 302  # whose grant ended with it is a visitor now
        assert (status == 404 or led, entered) == (True, False), (visitor.name, name)


FORMS = {  # addresses that take a POST alone, and the pages that their forms stand on
    "session_length": "/o/contoso/settings/general",
    "add_domain": "/o/contoso/settings/general",
    "remove_domain": "/o/contoso/settings/general",
    "member_change": "/o/contoso/settings/members",
    "invitation_change": "/o/contoso/settings/members?view=pending",
    "create_key": "/o/contoso/settings/access",
    "promote_key": "/o/contoso/settings/access",
    "offer_for_encryption": "/o/contoso/settings/access",
    "retire_key": "/o/contoso/settings/access",
    "allow_waiver": "/o/contoso/settings/access",
    "end_waiver": "/o/contoso/settings/access",
    "test_sign_in": "/o/contoso/settings/access",
    "discard_draft": "/o/contoso/settings/access",
    "stop_requiring_sso": "/o/contoso/settings/access",
    "unlink_person": "/o/contoso/settings/sign-ins/7KQ4-M2XD-P9TR",
}


@pytest.mark.parametrize("name", ORGANIZATION_PAGES)
def test_whoever_opens_the_address_of_a_form_comes_to_its_page(
    organization: Organization, admin: User, name: str
) -> None:
    """After signing in again, by the link on the page about a form that is too old, by Enter in the address bar."""
    client, path = open_session(admin, GrantKind.PASSWORD), BY_NAME[name].path
    opened = client.get(path)
    assert opened.status_code != 405
    if name in FORMS:
        assert (opened.status_code, opened["Location"]) == (303, FORMS[name])
        refused = client.delete(path, headers={"accept": "text/html"})
        assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD, POST")
        assert "Your organizations" in refused.content.decode()


@pytest.mark.parametrize("name", FORMS)
def test_a_lost_session_or_an_old_form_ends_on_the_page(organization: Organization, admin: User, name: str) -> None:
    path, page = BY_NAME[name].path, FORMS[name]
    asked = new_browser().post(path)
    (after,) = re.findall(r'name="next" value="([^"]*)"', asked.content.decode())
    assert open_session(admin, GrantKind.PASSWORD).get(after)["Location"] == page
    client = open_session(admin, GrantKind.PASSWORD)
    client.handler.enforce_csrf_checks = True
    too_old = client.post(path)
    assert too_old.status_code == 403
    (again,) = re.findall(r'href="([^"]*)">Open the page again', too_old.content.decode())
    assert client.get(again)["Location"] == page


@pytest.mark.parametrize("name", sorted(PUBLIC_ORGANIZATION_PAGES))
def test_public_pages_are_there_for_everybody(visitors: list[Visitor], name: str) -> None:
    for visitor in visitors:
        assert visitor.client.get(BY_NAME[name].path).status_code == 200, visitor.name


def test_objects_of_another_organization_are_not_reached_by_their_id(
    organization: Organization, admin: User, make_organization: MakeOrganization, member: MakeMember
) -> None:
    theirs = member(make_organization("Fabrikam"))
    client = open_session(admin, GrantKind.PASSWORD)
    path = f"/o/{organization.slug}/settings/members/{theirs.public_id}"
    assert client.post(path, {"action": "remove"}).status_code == 404
    theirs.refresh_from_db()
    assert theirs.is_active


# --- All other addresses


@pytest.mark.parametrize("address", CLOSED, ids=ids)
def test_the_rest_needs_a_password_grant(
    organization: Organization, admin: User, address: Address, recovery_by: Callable[..., Client]
) -> None:
    """Account-wide settings and the Django admin, also for an operator who came by single sign-on (invariant 1)."""
    User.objects.filter(pk=admin.pk).update(is_staff=True, is_superuser=True)
    for method in ("get", "post"):
        asked = getattr(new_browser(), method)(address.path)
        assert asked.status_code in {302, 303}
        assert asked["Location"].startswith("/sign-in?next=")
        for kind in (GrantKind.SSO, GrantKind.RECOVERY):
            refused = getattr(recovery_by(admin, kind, organization), method)(address.path)
            assert refused.status_code == 403
            assert "Sign in with your password" in refused.content.decode()


@pytest.fixture
def recovery_by() -> Callable[..., Client]:
    """Open one session for each kind of grant and test, not one for each request."""
    kept: dict[GrantKind, Client] = {}
    return lambda user, kind, organization: kept.setdefault(kind, open_session(user, kind, organization))


def test_an_ordinary_person_is_no_operator(admin: User) -> None:
    answer = open_session(admin, GrantKind.PASSWORD).get("/admin/", follow=True)
    assert answer.status_code == 404


def test_an_operator_by_password_is_in(make_user: MakeUser) -> None:
    client = open_session(make_user(is_staff=True, is_superuser=True), GrantKind.PASSWORD)
    assert client.get("/admin/").status_code == 200


def test_pages_of_every_signed_in_person_ask_visitors_to_sign_in() -> None:
    for name in ANY_GRANT:
        asked = new_browser().get(BY_NAME[name].path)
        assert asked.status_code == 302
        assert asked["Location"].startswith("/sign-in?next="), name


def test_accepting_a_membership_is_for_its_own_person(
    organization: Organization, member: MakeMember, make_user: MakeUser
) -> None:
    waiting = member(organization)
    type(waiting).objects.filter(pk=waiting.pk).update(accepted_at=None)
    path = f"/memberships/{waiting.public_id}/accept"
    assert open_session(waiting.user, GrantKind.PASSWORD).get(path)["Location"] == "/"
    assert open_session(make_user(), GrantKind.PASSWORD).post(path).status_code == 404
    assert open_session(waiting.user, GrantKind.SSO, organization).post(path).status_code == 403
    assert open_session(waiting.user, GrantKind.PASSWORD).post(path).status_code == 303
    waiting.refresh_from_db()
    assert waiting.accepted_at is not None
    assert open_session(waiting.user, GrantKind.PASSWORD).post(f"/memberships/{uuid.uuid4()}/accept").status_code == 404


def test_plans_gate_nothing_but_what_they_leave_out(organization: Organization, admin: User) -> None:
    Organization.objects.update(plan=Plan.objects.get(slug="starter"))
    client = open_session(admin, GrantKind.PASSWORD)
    assert client.get(f"/o/{organization.slug}/settings/members").status_code == 200
