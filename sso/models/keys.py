"""Our own keys, one set for each organization."""

from __future__ import annotations

import base64
import uuid

from django.db import models
from django.db.models import Q

from audit.targets import Target
from orgs.models import Organization
from sso import saml
from sso.crypto import key_encryption


class KeyState(models.TextChoices):
    """State of a key. A rollover takes two steps, so that the provider can go on using the other key meanwhile.

    Every key that is not retired is published for signing and decrypts; only the current one signs.
    """

    NEXT = "next", "Next"
    CURRENT = "current", "In use"
    PREVIOUS = "previous", "Previous"
    RETIRED = "retired", "Retired"


LIVE = (KeyState.CURRENT, KeyState.NEXT, KeyState.PREVIOUS)


class ServiceProviderKey(models.Model):
    """One RSA key of ours with its certificate (base64 DER), known to one organization's identity provider.

    `encrypted_private_key` is what key_encryption.py made of the PKCS #8; it is forgotten when the key is retired.
    `for_encryption` says whether our metadata offers it for encryption: providers that import the metadata begin to
    encrypt as soon as it does. It decrypts in any case, since a certificate can also be handed over as a file.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="service_provider_keys")
    state = models.CharField(max_length=8, choices=KeyState.choices)
    certificate = models.TextField(editable=False)
    encrypted_private_key = models.TextField(blank=True, editable=False)
    # In the database true, as the release before published every key, which may still write rows during a deployment.
    for_encryption = models.BooleanField("offered for encryption", default=False, db_default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    promoted_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["organization", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "state"], condition=~Q(state=KeyState.RETIRED), name="key_one_in_each_state"
            ),
            models.CheckConstraint(
                condition=(Q(state=KeyState.RETIRED) & Q(encrypted_private_key="") & Q(retired_at__isnull=False))
                | (~Q(state=KeyState.RETIRED) & ~Q(encrypted_private_key="") & Q(retired_at__isnull=True)),
                name="key_retired_means_forgotten",
            ),
        ]

    def __str__(self) -> str:
        return f"Key {self.fingerprint[:8]} of {self.organization}"

    @property
    def audit_target(self) -> Target:
        """Return this key as a target of audit events."""
        return Target("key", self.public_id, f"Certificate {self.fingerprint[:8]}", self.organization.number)

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of the certificate in hexadecimal."""
        return self.signing_certificate().fingerprint

    def signing_certificate(self) -> saml.SigningCertificate:
        """Return the public half."""
        return saml.SigningCertificate(base64.b64decode(self.certificate))

    def key_pair(self) -> saml.KeyPair:
        """Return both halves. Raises LockedKeyError."""
        return saml.KeyPair(key_encryption.decrypt(self.encrypted_private_key), self.signing_certificate())
