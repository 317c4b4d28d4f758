"""Memberships with their roles, and invitations."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from audit.targets import Target
from database.prefixes import ByBytes, in_small_letters, words_after_the_first
from orgs.models.organizations import Organization
from orgs.text.email_addresses import NORMAL_ADDRESS


class Role(models.IntegerChoices):
    """What a member may do; a higher number may do all that a lower one may (AM-60)."""

    VIEWER = 10, "Viewer"
    MEMBER = 20, "Member"
    MANAGER = 30, "Manager"
    ADMIN = 40, "Admin"

    @property
    def slug(self) -> str:
        """Return the name of the role in JSON, URLs and on the command line."""
        return self.name.lower()


class MembershipState(models.TextChoices):
    """The state of a membership; only an active member may enter."""

    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    REMOVED = "removed", "Removed"
    REQUESTED = "requested", "Asked to join"


class MembershipSource(models.TextChoices):
    """How a user became a member."""

    CREATED = "created", "Created the organization"
    INVITED = "invited", "Invited"
    JUST_IN_TIME = "just_in_time", "Just in time, with single sign-on"
    OPERATOR = "operator", "Added by an operator"


def source_choices() -> list[tuple[str, str]]:
    """Return the (value, label) pairs of every source of a membership, for the model.

    The model takes this function instead of the list, so that a new source needs no migration.
    """
    return MembershipSource.choices


class Membership(models.Model):
    """One person in one organization. Names are as the identity provider gave them, and stay here (invariant 1)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    # A copy of the account's address, which never changes (AM-64), so that an index has the members of one organization
    # in the order of their addresses.
    email = models.CharField(max_length=254, blank=True, default="", db_default="", editable=False)
    role = models.PositiveSmallIntegerField(choices=Role.choices, default=Role.VIEWER)
    state = models.CharField(max_length=12, choices=MembershipState.choices, default=MembershipState.ACTIVE)
    source = models.CharField(max_length=12, choices=source_choices)
    given_name = models.CharField(max_length=150, blank=True)
    family_name = models.CharField(max_length=150, blank=True)
    display_name = models.CharField(max_length=200, blank=True)
    # Empty: only single sign-on opens this membership, until the person accepts it under their password (invariant 8).
    accepted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["user__email"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="membership_one_per_person"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
            models.CheckConstraint(condition=Q(state__in=MembershipState.values), name="membership_state_known"),
        ]
        indexes = [
            models.Index(fields=["organization", "state", "role"], name="membership_by_state_and_role"),
            # The list of members, and what it is searched by.
            models.Index(F("organization"), ByBytes("email"), F("id"), name="membership_by_email"),
            models.Index(F("organization"), F("role"), ByBytes("email"), F("id"), name="membership_by_role_and_email"),
            *(
                models.Index(F("organization"), in_small_letters(name), name=f"membership_by_{name}")
                for name in ("given_name", "family_name", "display_name")
            ),
            models.Index(F("organization"), words_after_the_first("display_name"), name="membership_by_second_word"),
            # The filters of the Django admin.
            models.Index(fields=["role", "-id"], name="membership_by_role"),
            models.Index(fields=["state", "-id"], name="membership_by_state"),
            models.Index(fields=["-id"], condition=Q(accepted_at__isnull=True), name="membership_not_accepted"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Copy the account's address into a new membership."""
        if self._state.adding:
            self.email = self.user.email
        super().save(*args, **kwargs)

    @property
    def audit_target(self) -> Target:
        """Return this member as a target of audit events."""
        return Target("member", self.public_id, self.user.email, self.organization.number)

    @property
    def is_active(self) -> bool:
        """Return whether this membership lets its user enter."""
        return self.state == MembershipState.ACTIVE

    @property
    def is_admin(self) -> bool:
        """Return whether this role runs the organization."""
        return self.role == Role.ADMIN

    @property
    def person_name(self) -> str:
        """Return the name to show in this organization; "" if it has none, since the account's own is private."""
        return self.display_name or f"{self.given_name} {self.family_name}".strip()


class Invitation(models.Model):
    """An email to an address: a link that works once, until it expires or is revoked."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.PositiveSmallIntegerField(choices=Role.choices, default=Role.VIEWER)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-sent_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_one_open_per_address",
            ),
            models.CheckConstraint(condition=Q(email__regex=NORMAL_ADDRESS), name="invitation_email_in_normal_form"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_known"),
        ]
        indexes = [
            models.Index(
                fields=["organization", "-sent_at", "-id"],
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_open",
            ),
            models.Index(
                F("organization"),
                ByBytes("email"),
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_open_by_email",
            ),
            models.Index(ByBytes("email"), name="invitation_by_email"),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.organization}"

    @property
    def audit_target(self) -> Target:
        """Return this invitation as a target of audit events."""
        return Target("invitation", self.public_id, self.email, self.organization.number)

    @property
    def is_expired(self) -> bool:
        """Return whether the link has expired; sending it again makes a new one."""
        return self.expires_at <= timezone.now()
