"""What front ends and monitors get."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NoReturn

from django.db import OperationalError, connection
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


def test_healthz_touches_no_session(visitor: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        answer = visitor.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")


def test_healthz_says_when_the_database_does_not_answer(visitor: Client) -> None:
    def fail(*args: object) -> NoReturn:
        raise OperationalError

    with connection.execute_wrapper(fail):
        answer = visitor.get("/healthz")
    assert answer.status_code == 503


def test_both_are_for_reading(visitor: Client, admin: User) -> None:
    assert visitor.post("/healthz").status_code == 405
    assert visitor.post("/session").status_code == 405
