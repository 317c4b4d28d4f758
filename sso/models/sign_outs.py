"""Sign-outs that the identity provider is told of, or that it tells us of."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from sso import saml
from sso.models.connections import Connection
from sso.models.sign_ins import SignIn


class Direction(models.TextChoices):
    """Direction of a sign-out: ours or the provider's request."""

    OURS = "ours", "We asked the provider"
    PROVIDERS = "providers", "The provider asked us"


class SignOutState(models.TextChoices):
    """State of a sign-out, from the request to its outcome."""

    ASKED = "asked", "Waiting for the identity provider"
    DONE = "done", "Signed out"
    PARTIAL = "partial", "Not every session was ended"
    REFUSED = "refused", "The provider did not confirm"


class SignOut(models.Model):
    """One request to end a session, ours or the provider's. The row prevents replay: each is used once.

    Of ours, `sign_in` is the one whose session was to be ended, and `detail` has what the provider said instead of yes,
    or why a response that names the request could not be used.
    """

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="sign_outs")
    direction = models.CharField(max_length=9, choices=Direction.choices)
    message_id = models.CharField("ID of the request", max_length=saml.MAX_LOGOUT_ID)
    state = models.CharField(max_length=7, choices=SignOutState.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    sign_in = models.ForeignKey(SignIn, on_delete=models.SET_NULL, null=True, blank=True, related_name="sign_outs")
    detail = models.TextField(blank=True, default="", db_default="", editable=False)
    grants_ended = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "sign-out"
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "direction", "message_id"], name="sign_out_one_per_request"),
        ]
        indexes = [
            models.Index(fields=["asked_at"], name="sign_out_age"),
            models.Index(fields=["state", "-asked_at"], name="sign_out_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()}: {self.message_id}"
