"""People, organizations and signed-in browsers for every test."""

from __future__ import annotations

import gc
import itertools
import signal
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from audit.actors import COMMAND_LINE
from orgs.models import GrantKind, Membership, MembershipSource, Organization, Plan, Role, User
from orgs.services import grants, members, organizations
from outbox.delivery import deliver_due
from sso.models import Configuration, ConfigurationState, Connection, Provider

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)

MakeUser = Callable[..., User]
MakeOrganization = Callable[..., Organization]
MakeMember = Callable[..., Membership]
SignedIn = Callable[..., Client]


def pytest_configure() -> None:
    """Let Ctrl-C reach children: shells start what runs in the background with SIGINT ignored, and they inherit it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What commits for real is cleaned up by emptying tables: give back what migrations had seeded, each time."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        commits = marker is not None and marker.kwargs.get("transaction", False)
        if commits or {"live_server", "transactional_db"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.django_db(transaction=True, serialized_rollback=True), append=False)


def pytest_collection_finish() -> None:
    """Thousands of tests, and all that they import, need not be gone through for garbage again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def make_user(db: None) -> MakeUser:
    """Make a person with a confirmed address and a password; an operator has a second factor."""

    def make(email: str = "", password: str | None = PASSWORD, **fields: object) -> User:
        user = User.objects.create_user(email or f"person{next(_numbers):05}@contoso.example", password, **fields)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        if user.is_staff:
            TOTP.activate(user, generate_totp_secret())  # without a second factor operators get one page
        return user

    return make


@pytest.fixture
def make_organization(make_user: MakeUser) -> MakeOrganization:
    """Make an organization on a plan, with an admin."""

    def make(name: str = "Contoso", plan: str = "growth", admin: User | None = None) -> Organization:
        return organizations.create_organization(
            name=name, plan=Plan.objects.get(slug=plan), admin=admin or make_user(), actor=COMMAND_LINE
        )

    return make


@pytest.fixture
def organization(make_organization: MakeOrganization) -> Organization:
    """Contoso, on Growth."""
    return make_organization()


@pytest.fixture
def admin(organization: Organization) -> User:
    """The admin of Contoso."""
    return organization.memberships.get(role=Role.ADMIN).user


@pytest.fixture
def member(make_user: MakeUser) -> MakeMember:
    """Make a member of an organization, with a new person unless one is given."""

    def make(organization: Organization, role: Role = Role.MEMBER, user: User | None = None) -> Membership:
        return members.add_member(
            organization=organization,
            user=user or make_user(),
            role=role,
            source=MembershipSource.INVITED,
            actor=COMMAND_LINE,
        )

    return make


def deliver_outbox() -> None:
    """Send every message that is due, as a worker would have done by now."""
    deliver_due(seconds=60)


class Mailbox(Sequence[EmailMessage]):
    """The mails that have arrived. The outbox is delivered before each look."""

    def __len__(self) -> int:
        deliver_outbox()
        return len(mail.outbox)

    def __getitem__(self, index: Any) -> Any:
        deliver_outbox()
        return mail.outbox[index]

    def pop(self) -> EmailMessage:
        """Take the newest out."""
        deliver_outbox()
        return mail.outbox.pop()

    def clear(self) -> None:
        """Empty it."""
        deliver_outbox()
        mail.outbox.clear()


@pytest.fixture
def mailoutbox(db: None) -> Mailbox:
    """The mails that have arrived; real rows, really delivered, instead of pytest-django's list."""
    return Mailbox()


def new_browser() -> Client:
    """Return a browser without a signed-in user, at the address that BASE_URL names."""
    client = Client(headers={"host": "amplisso.example"})
    client.defaults["wsgi.url_scheme"] = "https"
    return client


@pytest.fixture
def visitor(db: None) -> Client:
    """Return a browser without a signed-in user."""
    return new_browser()


def connection_to(organization: Organization) -> Connection:
    """Return the organization's connection, made now if there is none; it has no configuration yet."""
    found = Connection.objects.filter(organization=organization).first()
    return found or Connection.objects.create(organization=organization, provider=Provider.AZURE)


def activate_sso(organization: Organization) -> Configuration:
    """Let single sign-on work, as far as the database knows, at a provider that does not exist."""
    return Configuration.objects.create(
        connection=connection_to(organization),
        version=1,
        state=ConfigurationState.ACTIVE,
        entity_id="https://provider.example/",
        sso_redirect_url="https://provider.example/sso",
        activated_at=timezone.now(),
    )


def open_session(user: User, kind: GrantKind, organization: Organization | None = None) -> Client:
    """Return a browser with one live grant, without walking through the sign-in pages."""
    client = new_browser()
    client.force_login(user)
    session = client.session
    session["session_name"] = uuid.uuid4().hex
    session.save()
    grants.create_grant(
        session=session["session_name"],
        user=user,
        kind=kind,
        organization=organization,
        connection=connection_to(organization).public_id if organization and kind == GrantKind.SSO else None,
        expires_at=timezone.now() + timedelta(hours=12),
    )
    return client


@pytest.fixture
def client_of(db: None) -> SignedIn:
    """A browser whose session was opened with a password."""
    return lambda user: open_session(user, GrantKind.PASSWORD)


@pytest.fixture
def sso_client(db: None) -> SignedIn:
    """A browser whose session was opened by single sign-on of one organization."""
    return lambda user, organization: open_session(user, GrantKind.SSO, organization)
