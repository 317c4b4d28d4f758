"""Attempts to sign in through a connection; the rows are the log."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from audit.targets import Target
from database.prefixes import ByBytes
from orgs.models import Organization
from sso.models.connections import Configuration, Connection
from sso.models.packed_json import PackedJSONField
from sso.reasons import operator_reason_choices, reason_choices


class SignInState(models.TextChoices):
    """State of a sign-in, from the request to its outcome."""

    STARTED = "started", "Waiting for the identity provider"
    SUCCEEDED = "succeeded", "Signed in"
    REFUSED = "refused", "Refused"


class StartedBy(models.TextChoices):
    """Cause of a request to the provider."""

    VISITOR = "visitor", "The visitor"
    PROVIDER = "provider", "An unsolicited response"


class Purpose(models.TextChoices):
    """Purpose of a sign-in: only an admin's Test sign-in makes it a test.

    A test of a draft ends with the draft in use. A test of the active configuration is judged as an ordinary sign-in.
    """

    SIGN_IN = "sign_in", "Sign-in"
    TEST = "test", "Test of a draft"
    TEST_ACTIVE = "test_now", "Test"


class SignIn(models.Model):
    """One attempt to sign in through a connection, from the request to its outcome.

    `checks` is the verdict as a list of {name, outcome, expected, received, clause}; `claims` what was asserted.
    `facts` is what a refusal was decided by: {"places": [{name, value, flaw}]} for the address, and for another
    identifier {"arrived": [identifier], "known": [identifier]} with {kind, form, subject, normalized, address} each;
    None for others.
    """

    reference = models.CharField(max_length=16, unique=True, editable=False)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Without indexes of their own: indexes of several columns below begin with each of them.
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="sign_ins", db_index=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="sign_ins", db_index=False)
    configuration = models.ForeignKey(Configuration, on_delete=models.PROTECT, related_name="sign_ins", db_index=False)
    purpose = models.CharField(max_length=8, choices=Purpose.choices, default=Purpose.SIGN_IN)
    started_by = models.CharField(max_length=8, choices=StartedBy.choices, default=StartedBy.VISITOR)
    restart_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="restarts")
    # How often this attempt, with those it is a restart of, began again because its response was sent twice.
    repeat_restarts = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    state = models.CharField(max_length=9, choices=SignInState.choices, default=SignInState.STARTED)

    # These fields bind the response to this request, this browser and the session it began in.
    request_id = models.CharField(max_length=64, editable=False)
    nonce_hash = models.CharField(max_length=64, editable=False)
    session = models.CharField(max_length=64, blank=True, editable=False)
    next_path = models.CharField(max_length=2000, blank=True)
    force_authn = models.BooleanField("asked for a fresh sign-in", default=False, db_default=False)
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    consumed_at = models.DateTimeField(null=True, blank=True)

    # The outcome.
    reason = models.CharField(max_length=40, choices=reason_choices, blank=True)
    operator_reason = models.CharField(
        "reason for operators", max_length=40, choices=operator_reason_choices, blank=True, default="", db_default=""
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="sign_ins"
    )
    address = models.CharField("address asserted", max_length=254, blank=True)
    checks = PackedJSONField(default=list, blank=True, editable=False)
    claims = PackedJSONField(default=dict, blank=True, editable=False)
    detail = models.CharField(max_length=1000, blank=True, help_text="Message of the identity provider or a policy.")
    facts = models.JSONField(null=True, blank=True, editable=False)
    signed = models.CharField(max_length=10, blank=True)
    certificate = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the certificate that verified the signature."
    )
    # The signer where no certificate of the configuration verifies: {"version": of the configuration whose key
    # signed, "claimed": {"fingerprint", "thumbprint", "subject"} of the certificate that the message itself names}.
    signer = models.JSONField(null=True, blank=True, editable=False)
    # Big enough for any year a provider writes.
    clock_skew = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="Minimum number of seconds by which the provider's clock is ahead of ours; negative: behind.",
    )
    # How the provider calls the session that this sign-in began, and which grant of ours that is: single logout.
    provider_session = models.JSONField(default=dict, blank=True, editable=False)
    name_id_hash = models.CharField(max_length=64, blank=True, editable=False)
    grant = models.UUIDField(null=True, blank=True, editable=False)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    # What starts are limited by: the IPv4 address, or the /64 network of an IPv6 address, that began it.
    client = models.CharField(max_length=43, blank=True, default="", db_default="", editable=False)
    user_agent = models.CharField(max_length=400, blank=True)

    class Meta:
        verbose_name = "sign-in"
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "request_id"], name="sign_in_one_per_request"),
            models.CheckConstraint(
                condition=Q(state=SignInState.STARTED) | Q(consumed_at__isnull=False),
                name="sign_in_ended_means_consumed",
            ),
            models.CheckConstraint(
                condition=(Q(state=SignInState.REFUSED) & ~Q(reason=""))
                | (~Q(state=SignInState.REFUSED) & Q(reason="")),
                name="sign_in_refused_means_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-started_at"], name="sign_in_log"),
            models.Index(fields=["organization", "state", "-started_at"], name="sign_in_log_by_state"),
            models.Index(F("organization"), ByBytes("address"), F("started_at").desc(), name="sign_in_log_by_address"),
            models.Index(fields=["configuration", "user", "state"], name="sign_in_tested"),
            models.Index(fields=["connection", "name_id_hash"], name="sign_in_by_name_id"),
            models.Index(fields=["grant"], name="sign_in_by_grant"),
            models.Index(
                fields=["organization", "client", "-started_at"],
                condition=~Q(state=SignInState.SUCCEEDED),
                name="sign_in_unfinished",
            ),
            # What the Django admin sorts, filters and searches by; what is rare has an index of its own rows alone.
            models.Index(fields=["-started_at"], name="sign_in_age"),
            models.Index(fields=["ip_address", "-started_at"], name="sign_in_by_ip_address"),
            models.Index(
                ByBytes("address"),
                F("started_at").desc(),
                condition=Q(user__isnull=True) & ~Q(address=""),
                name="sign_in_of_stranger",
            ),
            models.Index(
                fields=["state", "-started_at"], condition=~Q(state=SignInState.SUCCEEDED), name="sign_in_by_state"
            ),
            models.Index(fields=["reason", "-started_at"], condition=~Q(reason=""), name="sign_in_by_reason"),
            models.Index(
                fields=["operator_reason", "-started_at"],
                condition=~Q(operator_reason=""),
                name="sign_in_by_operator_reason",
            ),
            models.Index(
                fields=["purpose", "-started_at"], condition=~Q(purpose=Purpose.SIGN_IN), name="sign_in_by_purpose"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def audit_target(self) -> Target:
        """Return this sign-in as a target of audit events."""
        return Target("sign_in", self.public_id, self.reference, self.organization.number)

    @property
    def is_test(self) -> bool:
        """Return whether Test sign-in on the settings page started it."""
        return self.purpose != Purpose.SIGN_IN

    @property
    def is_kept_path(self) -> bool:
        """Return whether no browser has been sent to the provider: the row keeps where to go once one is."""
        return not self.nonce_hash

    @property
    def is_restart(self) -> bool:
        """Return whether this attempt already restarts one whose response was not accepted: never restart twice."""
        return self.restart_of_id is not None or self.started_by == StartedBy.PROVIDER
