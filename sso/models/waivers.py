"""Waivers: dated exceptions from what is normally refused (invariant 6)."""

from __future__ import annotations

from django.db import models


class Waiver(models.TextChoices):
    """Kind of a waiver. Each ends by itself, on a date that a configuration holds."""

    EXPIRED_CERTIFICATES = "expired_certificates", "Expired certificates"
    SHA1 = "sha1", "SHA-1 signatures"

    @property
    def field(self) -> str:
        """Return the column of a configuration that holds its end."""
        return f"{self.value}_until"

    @property
    def in_words(self) -> str:
        """Return its label for the middle of a sentence."""
        return self.label[0].lower() + self.label[1:] if self.label[1:2].islower() else self.label
