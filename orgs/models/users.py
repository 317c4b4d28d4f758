"""User accounts: one per e-mail address."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction
from django.dispatch import Signal
from django.utils import timezone

from audit.targets import Target
from database.prefixes import ByBytes
from orgs.text.email_addresses import NORMAL_ADDRESS, normal_address
from orgs.text.visible_text import validate_name

# Sent in the transaction that makes an operator from the command line, with `user`.
operator_made = Signal()


class UserManager(BaseUserManager["User"]):
    """A manager that makes users whose address is in its normal form."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Return a new user; without a password the account cannot be used with one. Raises ValidationError."""
        user = self.model(email=normal_address(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Return a new operator who may do everything in the Django admin: `manage.py createsuperuser`."""
        with transaction.atomic(using=self._db):
            user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
            operator_made.send(sender=type(user), user=user)
        return user

    def get_by_natural_key(self, email: str | None) -> User:
        """Return a user by an address in any spelling."""
        return self.get(email=(email or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A user. The e-mail address is the login name and never changes (AM-64); there is no user name."""

    email = models.EmailField("e-mail address", max_length=254, unique=True)
    name = models.CharField(
        max_length=150, blank=True, help_text="Name that the user has entered.", validators=[validate_name]
    )
    is_active = models.BooleanField("may sign in", default=True)
    is_staff = models.BooleanField("operator", default=False, help_text="May open the Django admin.")
    date_joined = models.DateTimeField("since", default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["email"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email__regex=NORMAL_ADDRESS),
                name="user_email_in_normal_form",
                violation_error_message="The e-mail address must be in lower case, its domain in IDNA form.",
            ),
        ]

        indexes = [
            models.Index(ByBytes("email"), name="user_by_email"),
            models.Index(fields=["email"], condition=models.Q(is_staff=True), name="user_staff"),
            models.Index(fields=["email"], condition=models.Q(is_superuser=True), name="user_superuser"),
            models.Index(fields=["email"], condition=models.Q(is_active=False), name="user_disabled"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def audit_target(self) -> Target:
        """Return this account as a target of audit events, in the log of no organization."""
        return Target("user", self.pk, self.email)

    def clean(self) -> None:
        super().clean()
        self.email = normal_address(self.email)

    def get_full_name(self) -> str:
        """Return the user's name, else the address."""
        return self.name or self.email

    def get_short_name(self) -> str:
        """Return the user's name, else the address, for Django's admin."""
        return self.get_full_name()
