"""Organizations with and without an identity provider, for the pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from orgs.models import EmailDomain, Organization, User
from sso.models import Configuration, SignIn
from tests.conftest import SignedIn
from tests.sso.views import rows
from tests.sso.views.choices import typed
from tests.sso.views.files import federation, uploaded

Upload = Callable[..., Configuration]
MakeSignIn = Callable[..., SignIn]


@pytest.fixture
def browser(client_of: SignedIn, admin: User) -> Client:
    """The admin of Contoso."""
    return client_of(admin)


@pytest.fixture
def path(organization: Organization) -> str:
    """The settings page of Contoso."""
    return f"/o/{organization.slug}/settings/access"


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


@pytest.fixture
def listed(browser: Client, path: str) -> Callable[..., str]:
    """Upload a file and return the page to choose on."""

    def upload(text: str = "", name: str = "federation.xml", **fields: object) -> str:
        response = browser.post(path, typed(metadata_file=uploaded(text or federation(), name), **fields))
        assert response.status_code == 303
        assert response["Location"].startswith(f"{path}/providers/")
        return response["Location"]

    return upload
