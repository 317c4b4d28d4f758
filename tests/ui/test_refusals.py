"""Pages that say no: each says what opens the page instead."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client, override_settings
from django.urls import reverse

from orgs.models import Organization, Role, User
from tests.conftest import MakeMember, SignedIn, activate_sso
from tests.ui.markup import heading, page_of


@pytest.fixture
def sso_required(organization: Organization) -> Organization:
    """Return Contoso with SSO required: no member signs in with a password."""
    activate_sso(organization)
    organization.require_sso = True
    organization.save()
    return organization


def test_stranger_gets_the_sign_in_form(organization: Organization) -> None:
    page = reverse("settings_members", args=[organization.slug])
    response = Client(headers={"host": "amplisso.example"}).get(page, secure=True)
    assert response.status_code == 404
    (form,) = page_of(response).xpath("//main//form")
    assert form.get("action") == reverse("sign_in")
    assert form.fields["next"] == page
    assert "email" in form.fields


def test_role_too_low(organization: Organization, member: MakeMember, client_of: SignedIn) -> None:
    viewer = member(organization, Role.VIEWER).user
    response = client_of(viewer).get(reverse("settings_access", args=[organization.slug]))
    assert response.status_code == 403
    text = page_of(response).find(".//main").text_content()
    assert "Your role in Contoso is Viewer. This page is for the role Admin." in text


def test_lower_roles_are_not_shown_what_is_for_admins(
    organization: Organization, member: MakeMember, client_of: SignedIn
) -> None:
    viewer = member(organization, Role.VIEWER).user
    page = page_of(client_of(viewer).get(reverse("settings_general", args=[organization.slug])))
    assert [a.text for a in page.xpath("//nav[@class='settings-nav']//a")] == ["General", "Members"]


def test_admin_is_shown_everything(organization: Organization, admin: User, client_of: SignedIn) -> None:
    page = page_of(client_of(admin).get(reverse("settings_members", args=[organization.slug])))
    links = page.xpath("//nav[@class='settings-nav']//a")
    assert [a.text for a in links] == ["General", "Members", "Access & SSO Settings", "Sign-in log", "Audit log"]
    assert [a.text for a in links if a.get("aria-current")] == ["Members"]


@pytest.mark.parametrize(("role", "is_told"), [(Role.ADMIN, True), (Role.MEMBER, False)])
def test_password_where_sso_is_required(
    sso_required: Organization, member: MakeMember, client_of: SignedIn, role: Role, is_told: bool
) -> None:
    person = member(sso_required, role).user
    target = reverse("organization_home", args=[sso_required.slug])
    response = client_of(person).get(target)
    assert response.status_code == 403
    links = page_of(response).xpath("//main//a/@href")
    assert f"{reverse('start_sign_in', args=[sso_required.number])}?next={target.replace('/', '%2F')}" in links
    assert (reverse("recovery", args=[sso_required.slug]) in links) is is_told


def test_membership_that_only_sso_opens(organization: Organization, member: MakeMember, client_of: SignedIn) -> None:
    membership = member(organization)
    type(membership).objects.filter(pk=membership.pk).update(accepted_at=None)
    response = client_of(membership.user).get(reverse("organization_home", args=[organization.slug]))
    assert response.status_code == 403
    (form,) = page_of(response).xpath("//main//form")
    assert form.get("action") == reverse("accept_membership", args=[membership.public_id])


def test_form_without_its_cookie() -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "amplisso.example"})
    response = client.post(reverse("sign_in"), {"email": "a@contoso.example"}, secure=True)
    assert response.status_code == 403
    assert heading(page_of(response)) == "This form has expired"


def test_unknown_address(db: None) -> None:
    response = Client(headers={"host": "amplisso.example"}).get("/nothing/here", secure=True)
    assert response.status_code == 404
    assert heading(page_of(response)) == "Page not found"


def test_too_many_tries(db: None) -> None:
    cache.clear()
    client = Client(headers={"host": "amplisso.example"})
    with override_settings(ACCOUNT_RATE_LIMITS={"reset_password": "1/m/ip"}):
        answers = [client.post(reverse("account_reset_password"), {"email": "a@b.example"}, secure=True) for _ in "ab"]
    assert answers[1].status_code == 429
    assert heading(page_of(answers[1])) == "Too many attempts"
