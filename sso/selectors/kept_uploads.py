"""Reading uploads that wait for their admin."""

from __future__ import annotations

import uuid

from django.db.models import Count, QuerySet
from django.utils import timezone

from orgs.models import Organization, User
from sso.models import (
    OfferedProvider,
    Upload,
)


def upload_by_public_id(organization: Organization, public_id: uuid.UUID) -> Upload | None:
    """Return an upload of this organization that waits for a choice."""
    return _waiting_uploads(organization).filter(public_id=public_id).first()


def upload_to_choose_from(organization: Organization, user: User) -> Upload | None:
    """Return the file with several providers that this admin uploaded and left without choosing one."""
    several = _waiting_uploads(organization).annotate(offered=Count("providers")).filter(offered__gt=1)
    return several.filter(created_by=user).first()


def offered_provider(organization: Organization, public_id: str) -> OfferedProvider | None:
    """Return one provider of an upload of this organization that still waits; None for any other text."""
    try:
        wanted = uuid.UUID(public_id)
    except ValueError:
        return None
    found = OfferedProvider.objects.select_related("upload").filter(upload__in=_waiting_uploads(organization))
    return found.filter(public_id=wanted).first()


def _waiting_uploads(organization: Organization) -> QuerySet[Upload]:
    return Upload.objects.filter(organization=organization, is_ready=True, expires_at__gt=timezone.now())
