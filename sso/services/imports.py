"""Importing metadata without a form: the command line and the demo."""

from __future__ import annotations

from audit.actors import Actor
from orgs.models import Organization, Role
from sso import saml
from sso.selectors.connections import connection_of
from sso.services.connections import Saved, read_upload, save_settings


def import_metadata(
    *, organization: Organization, data: bytes, provider: str, actor: Actor, entity_id: str | None = None
) -> Saved:
    """Save a metadata file as the settings page does; all other settings stay as they are.

    Raises saml.MetadataError, saml.SeveralProviders and NotAllowedError.
    """
    connection = connection_of(organization)
    return save_settings(
        organization=organization,
        provider=provider,
        just_in_time_role=connection.just_in_time_role if connection else Role.MEMBER,
        metadata=read_upload(organization=organization, data=data, entity_id=entity_id),
        metadata_text=saml.metadata_text(data),
        require_sso=organization.require_sso,
        by=None,
        actor=actor,
    )
