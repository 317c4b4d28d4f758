"""Connections to identity providers, and the versions of their configurations."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from audit.targets import Target
from orgs.models import Organization, Role
from sso import saml
from sso.models.waivers import Waiver


class Provider(models.TextChoices):
    """Products that the drop-down offers (AM-20)."""

    AZURE = "azure", "Microsoft Azure Active Directory"
    OKTA = "okta", "Okta"
    ONELOGIN = "onelogin", "OneLogin"
    GOOGLE = "google", "Google"
    AUTH0 = "auth0", "Auth0"
    AWS = "aws", "AWS IAM Identity Center"
    OTHER = "other", "Other"


def provider_choices() -> list[tuple[str, str]]:
    """Return the (value, label) pairs of every identity provider, for the model.

    The model takes this function instead of the list, so that a new provider needs no migration.
    """
    return Provider.choices


class ConnectionState(models.TextChoices):
    """State of a connection. A disabled one refuses every sign-in; its log and its identities stay."""

    ENABLED = "enabled", "Enabled"
    DISABLED = "disabled", "Disabled"


class ConfigurationState(models.TextChoices):
    """State of a configuration: a draft waits for a test, one is active, the rest are retired."""

    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    RETIRED = "retired", "Retired"


JUST_IN_TIME_ROLES = (Role.VIEWER, Role.MEMBER, Role.MANAGER)


class Connection(models.Model):
    """One identity provider of one organization."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="connections")
    provider = models.CharField("identity provider", max_length=16, choices=provider_choices)
    state = models.CharField(max_length=8, choices=ConnectionState.choices, default=ConnectionState.ENABLED)
    just_in_time_role = models.PositiveSmallIntegerField(
        choices=[(role.value, role.label) for role in JUST_IN_TIME_ROLES],
        null=True,
        blank=True,
        default=Role.MEMBER,
        help_text="Role of users who sign in without an invitation; empty: an invitation is required.",
    )
    single_logout = models.BooleanField(
        "sign out at the provider, too",
        default=False,
        help_text="Signing out here also signs out at the identity provider.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["organization", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(just_in_time_role__isnull=True) | Q(just_in_time_role__in=JUST_IN_TIME_ROLES),
                name="connection_just_in_time_role_below_admin",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_provider_display()} of {self.organization}"

    @property
    def audit_target(self) -> Target:
        """Return this connection as a target of audit events."""
        return Target("connection", self.public_id, self.get_provider_display(), self.organization.number)


class Configuration(models.Model):
    """One version of what we know about an identity provider.

    Never edited once it was active, so that every sign-in can say by which it was judged. `certificates` is a list of
    base64 DER.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="configurations")
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=ConfigurationState.choices, default=ConfigurationState.DRAFT)
    entity_id = models.CharField("entity ID of the provider", max_length=1024)
    sso_redirect_url = models.CharField(max_length=2048, blank=True)
    sso_post_url = models.CharField(max_length=2048, blank=True)
    slo_url = models.CharField("sign-out address", max_length=2048, blank=True)
    slo_response_url = models.CharField("address for responses to sign-outs", max_length=2048, blank=True)
    certificates = models.JSONField(default=list)
    wants_signed_requests = models.BooleanField(default=False)
    sign_requests = models.BooleanField(
        default=False, help_text="Sign requests even if the metadata does not ask for it."
    )
    force_authn = models.BooleanField(
        "ask for a fresh sign-in",
        default=False,
        db_default=False,
        help_text="The provider asks for the password or second factor each time, even if the user is signed in there.",
    )
    valid_until = models.DateTimeField(null=True, blank=True)
    findings = models.JSONField(default=list, blank=True)
    metadata = models.TextField()
    # Waivers (invariant 6): each ends by itself.
    expired_certificates_until = models.DateTimeField(null=True, blank=True)
    sha1_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    activated_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["connection", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "version"], name="configuration_version_once"),
            models.UniqueConstraint(
                fields=["connection"], condition=Q(state=ConfigurationState.ACTIVE), name="configuration_one_active"
            ),
            models.UniqueConstraint(
                fields=["connection"], condition=Q(state=ConfigurationState.DRAFT), name="configuration_one_draft"
            ),
            models.CheckConstraint(
                condition=~Q(sso_redirect_url="") | ~Q(sso_post_url=""), name="configuration_has_sign_in_address"
            ),
            models.CheckConstraint(
                condition=~Q(state=ConfigurationState.ACTIVE) | Q(activated_at__isnull=False),
                name="configuration_active_since",
            ),
        ]

    def __str__(self) -> str:
        return f"Version {self.version} of {self.connection}"

    @property
    def signs_requests(self) -> bool:
        """Return whether our requests have to be signed."""
        return self.wants_signed_requests or self.sign_requests

    def waivers_at(self, moment: datetime) -> dict[Waiver, datetime]:
        """Return the waivers that are in force at a moment, each with its end."""
        ends = {each: getattr(self, each.field) for each in Waiver}
        return {each: end for each, end in ends.items() if end is not None and moment < end}

    def accepts_signatures_at(self, moment: datetime) -> bool:
        """Return whether any certificate is accepted at a moment, by its dates as sso.saml judges them."""
        return bool(self.certificates_accepted_at(moment))

    def certificates_accepted_at(self, moment: datetime) -> list[saml.SigningCertificate]:
        """Return the certificates that are accepted at a moment, by their dates as sso.saml judges them."""
        expired = Waiver.EXPIRED_CERTIFICATES in self.waivers_at(moment)
        return [
            each
            for each in self.signing_certificates()
            if each.not_before - saml.SKEW <= moment and (expired or moment <= each.not_after)
        ]

    def identity_provider(self) -> saml.IdentityProvider:
        """Return what the protocol needs to know of this provider."""
        return saml.IdentityProvider(
            entity_id=self.entity_id,
            certificates=self.signing_certificates(),
            sso_redirect_url=self.sso_redirect_url,
            sso_post_url=self.sso_post_url,
            slo_url=_if_web_address(self.slo_url),
            slo_response_url=_if_web_address(self.slo_response_url),
            expired_certificates_until=self.expired_certificates_until,
            sha1_until=self.sha1_until,
        )

    @property
    def flaw(self) -> str:
        """Say in one sentence why no sign-in can go through this version, whatever the provider does; "" if one can."""
        usable, ignored = self.stored_keys()
        if not usable:
            found = "; ".join(ignored) or "it has none"
            return f"Its signing keys are not accepted: {found}."
        address = self.sso_redirect_url or self.sso_post_url
        return (
            "" if saml.is_web_address(address) else "Its sign-in address is not a web address with a plain host name."
        )

    def signing_certificates(self) -> tuple[saml.SigningCertificate, ...]:
        """Return the certificates whose keys may verify a signature today, in the order of the metadata."""
        return self.stored_keys().usable

    def stored_keys(self) -> saml.StoredKeys:
        """Check the stored certificates against today's bounds, which may be newer."""
        return saml.stored_keys([base64.b64decode(der) for der in self.certificates])


def latest_ends(configurations: Iterable[Configuration]) -> dict[Waiver, datetime]:
    """Return the waivers that are in force now in any of these versions, each with its latest end."""
    now, ends = timezone.now(), dict[Waiver, datetime]()
    for configuration in configurations:
        for each, end in configuration.waivers_at(now).items():
            ends[each] = max(end, ends.get(each, end))
    return ends


def _if_web_address(address: str) -> str:
    """Return an address a browser may be sent to; "" for any other, as in a new file: single logout is optional."""
    return address if address and saml.is_web_address(address) else ""
