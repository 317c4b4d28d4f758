"""Reading how sign-outs ended that identity providers were told of."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from audit import retention
from sso import saml
from sso.models import Connection, Direction, SignIn, SignOut, SignOutState


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """Count the sign-outs of the last 30 days that the provider was told of, and those that it did not confirm.

    `latest` is the newest of those.
    """

    asked: int
    unconfirmed: int
    latest: SignOut


def sign_out_of(sign_in: SignIn) -> SignOut | None:
    """Return the request by which the session of a sign-in was to be ended at the provider; None if there was none."""
    return SignOut.objects.filter(sign_in=sign_in, direction=Direction.OURS).first()


def unconfirmed_sign_outs(connection: Connection) -> Unconfirmed | None:
    """Return what an admin should know of the sign-outs of a connection; None if each one was confirmed.

    One that may still be answered does not count.
    """
    since = timezone.now() - retention.SIGN_OUTS
    ours = SignOut.objects.filter(connection=connection, direction=Direction.OURS, asked_at__gte=since)
    asked = ours.exclude(_may_be_answered())
    failed = _failed(asked)
    latest = failed.select_related("sign_in").order_by("-asked_at", "-id").first()
    return Unconfirmed(asked.count(), failed.count(), latest) if latest else None


def _failed(sign_outs: QuerySet[SignOut]) -> QuerySet[SignOut]:
    return sign_outs.exclude(state=SignOutState.DONE)


def _may_be_answered() -> Q:
    return Q(state=SignOutState.ASKED, asked_at__gt=timezone.now() - saml.LOGOUT_LIFE)
