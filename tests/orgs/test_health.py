"""What front ends get."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.test import Client

from orgs.models import Organization, Role, SessionGrant, User
from tests.conftest import MakeMember, MakeOrganization, SignedIn


def test_nobody_is_signed_in(visitor: Client) -> None:
    answer = visitor.get("/session")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/json"
    assert "no-store" in answer["Cache-Control"]
    assert answer.json() == {"error": "Not signed in."}


def test_a_password_session(
    organization: Organization, make_organization: MakeOrganization, member: MakeMember, client_of: SignedIn
) -> None:
    ada = member(make_organization("Fabrikam"), Role.MANAGER).user
    member(organization, Role.VIEWER, ada)
    make_organization("Litware")
    answer = client_of(ada).get("/session")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    found = answer.json()
    assert found["email"] == ada.email
    assert [(each["slug"], each["role"]) for each in found["organizations"]] == [
        ("contoso", "viewer"),
        ("fabrikam", "manager"),
    ]
    grant = SessionGrant.objects.get()
    assert found["organizations"][0] == {
        "number": organization.number,
        "slug": "contoso",
        "name": "Contoso",
        "role": "viewer",
        "grant": {
            "id": str(grant.public_id),
            "kind": "password",
            "until": min(grant.expires_at, grant.opened_at + timedelta(hours=12)).isoformat(),
        },
    }
    assert datetime.fromisoformat(found["organizations"][0]["grant"]["until"]).utcoffset() == timedelta(0)


def test_an_sso_session_knows_its_own_organization_only(
    organization: Organization, make_organization: MakeOrganization, member: MakeMember, sso_client: SignedIn
) -> None:
    ada = member(organization).user
    member(make_organization("Fabrikam"), Role.ADMIN, ada)
    found = sso_client(ada, organization).get("/session").json()
    assert [(each["slug"], each["grant"]["kind"]) for each in found["organizations"]] == [("contoso", "sso")]


def test_it_is_for_reading(visitor: Client, admin: User) -> None:
    assert visitor.post("/session").status_code == 405
