"""Organizations with and without an identity provider, for the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audit.actors import COMMAND_LINE
from orgs.models import EmailDomain, Organization, User
from sso.models import Configuration, SignIn
from sso.services import read_upload, save_settings
from sso.services.start import new_reference
from tests.sso_pages.files import descriptor

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

    def make(organization: Organization, text: str = "", provider: str = "azure") -> Configuration:
        text = text or descriptor()
        saved = save_settings(
            organization=organization,
            provider=provider,
            just_in_time_role=20,
            metadata=read_upload(organization=organization, data=text.encode()),
            metadata_text=text,
            require_sso=organization.require_sso,
            by=None,
            actor=COMMAND_LINE,
        )
        organization.refresh_from_db()
        assert saved.configuration is not None
        return saved.configuration

    return make


@pytest.fixture
def connected(organization: Organization, upload: Upload) -> Organization:
    """Contoso, connected to Entra, with a verified e-mail domain."""
    upload(organization)
    EmailDomain.objects.create(organization=organization, domain="contoso.example", verified_at=timezone.now())
    return organization


@pytest.fixture
def sign_in_row(db: None) -> MakeSignIn:
    """Write a row of the sign-in log."""

    def make(configuration: Configuration, state: str = "succeeded", **fields: object) -> SignIn:
        now = timezone.now()
        reference = new_reference()
        return SignIn.objects.create(
            reference=reference,
            organization=configuration.connection.organization,
            connection=configuration.connection,
            configuration=configuration,
            state=state,
            request_id=f"_{reference}",
            nonce_hash="0" * 64,
            started_at=now,
            expires_at=now + timedelta(minutes=10),
            consumed_at=None if state == "started" else now,
            **fields,
        )

    return make


@pytest.fixture
def required(connected: Organization, admin: User, sign_in_row: MakeSignIn) -> Organization:
    """Contoso, where SSO is required and the admin has come in through it."""
    configuration = Configuration.objects.get(connection__organization=connected, state="active")
    sign_in_row(configuration, user=admin, address=admin.email)
    save_settings(
        organization=connected,
        provider="azure",
        just_in_time_role=20,
        metadata=None,
        metadata_text="",
        require_sso=True,
        by=admin,
        actor=COMMAND_LINE,
    )
    connected.refresh_from_db()
    return connected
