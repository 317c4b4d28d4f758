"""Organizations with and without an identity provider, for the pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from orgs.models import EmailDomain, Organization, User
from sso.models import Configuration, SignIn
from tests.sso_pages import rows

Upload = Callable[..., Configuration]
MakeSignIn = Callable[..., SignIn]


@pytest.fixture
def browser() -> Client:
    """Somebody who has never been here."""
    client = Client(headers={"host": "amplisso.example"})
    client.defaults["wsgi.url_scheme"] = "https"
    return client


@pytest.fixture
def upload(db: None) -> Upload:
    """Save a metadata file for an organization, as the command line does."""
    return rows.upload


@pytest.fixture
def sign_in_row(db: None) -> MakeSignIn:
    """Write a row of the sign-in log."""
    return rows.sign_in_row


@pytest.fixture
def connected(organization: Organization) -> Organization:
    """Contoso, connected to Entra, with a verified e-mail domain."""
    rows.upload(organization)
    EmailDomain.objects.create(organization=organization, domain="contoso.example", verified_at=timezone.now())
    return organization


@pytest.fixture
def required(connected: Organization, admin: User) -> Organization:
    """Contoso, where SSO is required and the admin has come in through it."""
    configuration = Configuration.objects.get(connection__organization=connected, state="active")
    rows.sign_in_row(configuration, user=admin, address=admin.email)
    rows.save(connected, require=True, by=admin)
    return connected
