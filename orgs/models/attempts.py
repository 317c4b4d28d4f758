"""Attempts to sign in with a password."""

from __future__ import annotations

from django.db import models


class PasswordAttempt(models.Model):
    """A password that was wrong, or is being checked. Accounts that do not exist have rows, too.

    `account` is a keyed hash of the address that was typed, which may be a password by mistake. `client` is what limits
    are counted by: an IPv4 address or IPv6 network, or the number of a known browser.
    """

    account = models.CharField(max_length=64, editable=False)
    client = models.CharField(max_length=64, blank=True, editable=False)
    is_known_browser = models.BooleanField(default=False, editable=False)
    at = models.DateTimeField(editable=False)

    class Meta:
        indexes = [models.Index(fields=["account", "at"], name="password_attempt_of_account")]

    def __str__(self) -> str:
        return f"Attempt at {self.at:%Y-%m-%d %H:%M} UTC"
