"""Uploads that wait for their admin. They are deleted when used, replaced by the next one, or an hour old."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from django.db.models import Q
from django.utils import timezone

from audit import retention
from database.batches import delete_in_batches
from orgs.models import Organization, User
from orgs.services import locks
from orgs.transactions import atomic
from sso import saml
from sso.models import OfferedProvider, Upload
from sso.models.kept_uploads import folded
from sso.selectors.keys import service_provider

# Rows, or bytes of documents, that are in memory at once while a file of thousands of providers is written.
_MOST_ROWS = 200
_MOST_BYTES = 500_000


def offer_providers(
    *, organization: Organization, by: User, file: BinaryIO, name: str, choices: dict[str, Any]
) -> Upload:
    """Write every identity provider of a file of up to 100 MB down, for this admin to choose from.

    `name` is what they know the file by, `choices` what they typed beside it. Not one transaction: reading takes
    seconds, and SQLite would block all other writers; what is not ready is hidden. Raises saml.MetadataError.
    """
    upload = _begin(organization, by, name, choices)
    offered = saml.offered_providers(file, our_entity_id=service_provider(organization.number).entity_id)
    try:
        for rows in _batches(_row(upload, provider) for provider in saml.each_in_own_thread(offered)):
            OfferedProvider.objects.bulk_create(rows)
    except Exception:
        upload.delete()
        raise
    return _make_ready(upload)


def keep_upload(*, organization: Organization, by: User, document: bytes, name: str) -> OfferedProvider:
    """Keep a usable file while something else on the page is corrected, so that it need not be uploaded twice."""
    upload = _begin(organization, by, name, {})
    provider = OfferedProvider.objects.create(upload=upload, packed=OfferedProvider.pack(document))
    _make_ready(upload)
    return provider


def forget_uploads(*, organization: Organization, by: User) -> None:
    """Delete what this admin has uploaded here, and expired uploads."""
    theirs, over = Q(created_by=by, is_ready=True), Q(expires_at__lt=timezone.now())
    Upload.objects.filter(theirs | over, organization=organization).delete()


def purge_uploads() -> int:
    """Delete expired uploads; return how many."""
    # A file of a federation is up to 100 MB in 20,000 rows.
    return delete_in_batches(Upload.objects.filter(expires_at__lt=timezone.now()), by="expires_at", size=1)


def _begin(organization: Organization, by: User, name: str, choices: dict[str, Any]) -> Upload:
    return Upload.objects.create(
        organization=organization,
        created_by=by,
        name=name,
        choices=choices,
        expires_at=timezone.now() + retention.UPLOADS,
    )


@atomic
def _make_ready(upload: Upload) -> Upload:
    """Replace the admin's previous upload by this one; of two at once the second waits for the first."""
    locks.hold_organization(upload.organization)
    forget_uploads(organization=upload.organization, by=upload.created_by)
    upload.is_ready = True
    upload.save(update_fields=["is_ready"])
    return upload


def _row(upload: Upload, provider: saml.OfferedProvider) -> OfferedProvider:
    name = next(iter(provider.names), "")
    return OfferedProvider(
        upload=upload,
        entity_id=provider.entity_id[:1024],
        name=name,
        search_text=folded("\n".join((name or provider.entity_id, provider.entity_id, *provider.names)))[:2000],
        packed=OfferedProvider.pack(provider.document),
    )


def _batches(rows: Iterable[OfferedProvider]) -> Iterator[list[OfferedProvider]]:
    batch: list[OfferedProvider] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(row.packed)
        if len(batch) == _MOST_ROWS or size > _MOST_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
