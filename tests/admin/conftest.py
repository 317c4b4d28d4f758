"""Operators and what they look after."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audit.actors import COMMAND_LINE
from orgs.models import GrantKind, Organization, Role, User
from orgs.services import accounts, domains, grants, invitations
from sso.models import Connection, Identity, SignIn, SubjectKind
from sso.services.sign_in.start import start_sign_in
from tests.conftest import MakeMember, MakeOrganization, MakeUser, SignedIn
from tests.sso.conftest import Connect, connect, tenant  # noqa: F401  fixtures


@pytest.fixture
def operator(make_user: MakeUser) -> User:
    """Return an operator with every permission in the admin (a superuser)."""
    return make_user("operator@amplisso.example", is_staff=True, is_superuser=True)


@pytest.fixture
def browser(operator: User, client_of: SignedIn) -> Client:
    """The operator's browser, signed in with a password."""
    return client_of(operator)


@pytest.fixture
def connection(connect: Connect, organization: Organization) -> Connection:  # noqa: F811
    """Contoso's connection to the simulator."""
    connect(organization)
    return Connection.objects.get(organization=organization)


class Crowd:
    """Adds one more row of everything, each time it is called."""

    def __init__(self, make_organization: MakeOrganization, member: MakeMember, connect: Connect) -> None:  # noqa: F811
        self.make_organization, self.member, self.connect = make_organization, member, connect
        self.size = 0

    def grow(self) -> None:
        """One organization with all that related objects."""
        self.size += 1
        organization = self.make_organization(f"Organization {self.size}")
        admin = organization.memberships.get()
        accounts.record_sign_up(user=admin.user, actor=COMMAND_LINE)
        self.member(organization, Role.MEMBER)
        invitations.invite(
            organization=organization,
            addresses=[f"guest{self.size}@fabrikam.example"],
            role=Role.VIEWER,
            by=admin,
            actor=COMMAND_LINE,
        )
        domains.add_domain(organization=organization, domain=f"company{self.size}.example", actor=COMMAND_LINE)
        self.connect(organization)
        self._come_in(organization, admin.user)

    def _come_in(self, organization: Organization, user: User) -> None:
        connection = Connection.objects.get(organization=organization)
        sign_in = start_sign_in(organization=organization, actor=COMMAND_LINE).sign_in
        SignIn.objects.filter(pk=sign_in.pk).update(user=user)
        Identity.objects.create(
            connection=connection,
            provider_entity_id="https://idp.example/",
            subject_kind=SubjectKind.NAME_ID,
            subject=str(self.size),
            user=user,
            address=user.email,
        )
        grants.create_grant(
            session=uuid.uuid4().hex,
            user=user,
            kind=GrantKind.SSO,
            organization=organization,
            connection=connection.public_id,
            expires_at=timezone.now() + timedelta(hours=1),
        )


@pytest.fixture
def crowd(make_organization: MakeOrganization, member: MakeMember, connect: Connect) -> Crowd:  # noqa: F811
    """Nothing yet."""
    return Crowd(make_organization, member, connect)
