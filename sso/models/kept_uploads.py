"""Metadata files that were uploaded and wait: for the choice of one provider of many, or to be saved.

They wait in the database, so that the next request finds them on whichever machine it arrives.
"""

from __future__ import annotations

import unicodedata
import uuid
import zlib

from django.conf import settings
from django.db import models
from django.db.models import Q

from orgs.models import Organization


def folded(text: str) -> str:
    """Return text as it is searched: capitals and accents make no difference."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


class Upload(models.Model):
    """One upload of one admin. It is hidden until it is ready; `choices` are the form's other fields, as typed."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="uploads")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField("file name", max_length=255)
    choices = models.JSONField(default=dict)
    is_ready = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "created_by"], condition=Q(is_ready=True), name="upload_one_ready"
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="upload_age")]

    def __str__(self) -> str:
        return f"{self.name} of {self.organization}"

    def providers_with(self, search: str) -> models.QuerySet[OfferedProvider]:
        """Return what it offers, by name; `search` is words that a name, a domain or the entity ID has in it."""
        found = self.providers.defer("packed")
        for word in folded(search).split():
            found = found.filter(search_text__contains=word)
        return found


class OfferedProvider(models.Model):
    """One identity provider of an uploaded file, with its part of the file as a document of its own."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="providers")
    entity_id = models.CharField("entity ID", max_length=1024, blank=True)
    name = models.CharField(max_length=200, blank=True)
    search_text = models.TextField(blank=True)
    packed = models.BinaryField()

    class Meta:
        # The text begins with the name, in letters that every database sorts alike.
        ordering = ["search_text", "id"]

    def __str__(self) -> str:
        return self.name or self.entity_id

    @property
    def document(self) -> bytes:
        """Return metadata XML of this provider alone."""
        return zlib.decompress(self.packed)

    @staticmethod
    def pack(document: bytes) -> bytes:
        """Compress a document for storing; quick rather than small, since it is deleted within the hour."""
        return zlib.compress(document, 1)
