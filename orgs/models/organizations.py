"""Organizations, what they have paid for, and the e-mail domains that are theirs."""

from __future__ import annotations

from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from audit.targets import Target
from orgs.conditions import sso_works
from orgs.sessions import lifetimes
from orgs.text.email_addresses import NORMAL_DOMAIN
from orgs.text.visible_text import validate_name

_SHORTEST, _LONGEST = (lifetimes.hours(bound) for bound in (lifetimes.SESSION_SHORTEST, lifetimes.SESSION_LONGEST))


class Plan(models.Model):
    """What an organization has paid for. Operators edit the rows; a migration seeds them."""

    slug = models.SlugField(max_length=32, unique=True)
    name = models.CharField(max_length=64, unique=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="Order in lists.")
    sso = models.BooleanField("single sign-on", default=False)
    scim = models.BooleanField("SCIM provisioning", default=False)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_target(self) -> Target:
        """Return this plan as a target of audit events, in the log of no organization."""
        return Target("plan", self.slug, self.name)


class OrganizationNumber(models.Model):
    """The highest number given out: one row, raised in the transaction that creates an organization.

    Not the primary key: a sequence never reuses a number, but a copied or restored database may.
    """

    last = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="organization_number_one_row")]

    def __str__(self) -> str:
        return str(self.last)


class Organization(models.Model):
    """A customer. The number is public, stands in the URLs given to identity providers and never changes."""

    number = models.PositiveBigIntegerField(unique=True, editable=False)
    name = models.CharField(max_length=100, validators=[validate_name])
    slug = models.SlugField(max_length=50, unique=True, help_text="Part of the organization's addresses: /o/<slug>/")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="organizations")
    require_sso = models.BooleanField("Require SSO", default=False, help_text="Members cannot sign in with a password.")
    session_hours = models.PositiveSmallIntegerField(
        "session length in hours",
        default=lifetimes.hours(lifetimes.SESSION_DEFAULT),
        validators=[MinValueValidator(_SHORTEST), MaxValueValidator(_LONGEST)],
        help_text="Maximum time for which members stay signed in to this organization.",
    )
    # Sessions opened until then open nothing here any more: a password session belongs to no organization that could
    # end it.
    sessions_ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name", "number"]
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=10001), name="organization_number_from_10001"),
            models.CheckConstraint(
                condition=Q(session_hours__gte=_SHORTEST, session_hours__lte=_LONGEST),
                name="organization_session_hours_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_target(self) -> Target:
        """Return this organization as a target of audit events."""
        return Target("organization", self.number, self.name, self.number)

    @property
    def is_open(self) -> bool:
        """Return whether members may enter: organizations are closed, never deleted."""
        return self.closed_at is None

    @property
    def sso_active(self) -> bool:
        """Return whether an identity provider works here now; the connections are asked each time."""
        return Organization.objects.filter(sso_works(), pk=self.pk).exists()

    @property
    def can_sign_in_with_sso(self) -> bool:
        """Return whether the plan includes SSO and an identity provider works."""
        return self.is_open and self.plan.sso and self.sso_active

    @property
    def requires_sso(self) -> bool:
        """Return whether SSO is required now; the requirement is suspended while SSO cannot work (invariant 9)."""
        return self.require_sso and self.can_sign_in_with_sso

    @property
    def session_length(self) -> timedelta:
        """Return how long a grant for this organization lasts, at most."""
        return timedelta(hours=self.session_hours)


class FormerSlug(models.Model):
    """A slug that an organization has given up; links to it are still in use, so it stays reserved for a while."""

    slug = models.SlugField(max_length=50, unique=True)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="former_slugs")
    given_up_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.slug


class EmailDomain(models.Model):
    """A domain that an organization says is its own. Only a verified one leads visitors from /sign-in."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="email_domains")
    domain = models.CharField(max_length=253)
    verified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["domain"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "domain"], name="email_domain_once_per_organization"),
            models.UniqueConstraint(
                fields=["domain"],
                condition=Q(verified_at__isnull=False),
                name="email_domain_one_verified_owner",
                violation_error_message="Another organization already owns this domain.",
            ),
            models.CheckConstraint(condition=Q(domain__regex=NORMAL_DOMAIN), name="email_domain_in_normal_form"),
        ]

    def __str__(self) -> str:
        return self.domain

    @property
    def audit_target(self) -> Target:
        """Return this domain as a target of audit events."""
        return Target("domain", self.domain[:64], self.domain, self.organization.number)

    @property
    def is_verified(self) -> bool:
        """Return whether an operator (later: DNS) has confirmed that the domain is this organization's."""
        return self.verified_at is not None
