"""Auditing what operators see of a member's data."""

from __future__ import annotations

from audit.actors import Actor
from audit.events import EventName
from audit.services import record
from orgs.transactions import atomic
from sso.models import Identity, SignIn


@atomic
def record_claims_viewed(*, sign_in: SignIn, actor: Actor) -> None:
    """Write into the organization's audit log that an operator has seen the claims of a sign-in."""
    record(EventName.CLAIMS_VIEWED, actor=actor, target=sign_in.audit_target)


@atomic
def record_identity_viewed(*, identity: Identity, actor: Actor) -> None:
    """Write into the organization's audit log that an operator has seen the subject and address of an identity."""
    record(EventName.IDENTITY_VIEWED, actor=actor, target=identity.audit_target)
