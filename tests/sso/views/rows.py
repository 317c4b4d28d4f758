"""Connections and rows of the log, written as the command line and the protocol write them."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from audit.actors import COMMAND_LINE
from orgs.models import Organization, User
from sso.models import Configuration, SignIn
from sso.services import connections
from sso.services.sign_in.start import new_reference
from tests.sso.views.files import descriptor


def save(
    organization: Organization,
    text: str = "",
    provider: str = "azure",
    *,
    require: bool = False,
    by: User | None = None,
) -> Configuration | None:
    """Save the settings, with a file if there is one; return the configuration that it made."""
    saved = connections.save_settings(
        organization=organization,
        provider=provider,
        just_in_time_role=20,
        metadata=connections.read_upload(organization=organization, data=text.encode()) if text else None,
        metadata_text=text,
        require_sso=require,
        by=by,
        actor=COMMAND_LINE,
    )
    organization.refresh_from_db()
    return saved.configuration


def upload(organization: Organization, text: str = "", provider: str = "azure") -> Configuration:
    """Save a metadata file; whether SSO is required stays as it is."""
    configuration = save(organization, text or descriptor(), provider, require=organization.require_sso)
    assert configuration is not None
    return configuration


def sign_in_row(configuration: Configuration, state: str = "succeeded", **fields: object) -> SignIn:
    """One row of the sign-in log."""
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


def active(organization: Organization) -> Configuration | None:
    """The configuration in use."""
    return Configuration.objects.filter(connection__organization=organization, state="active").first()
