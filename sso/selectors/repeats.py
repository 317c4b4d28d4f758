"""Reading the outcome of a sign-in whose response the browser has sent again."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils import timezone

from orgs.crypto.tokens import hash_of_token
from orgs.models import GrantKind, SessionGrant
from orgs.selectors.grants import live_grants_into
from sso.models import SignIn
from sso.saml import REQUEST_LIFE


def answered_sign_in(number: int, reference: str, nonce: str) -> SignIn | None:
    """Return the sign-in with this reference if it has been answered and the browser with this nonce asked for it.

    Looks in the open organization `number` only.
    """
    if not nonce:
        return None
    found = SignIn.objects.select_related("organization__plan", "configuration").filter(
        organization__number=number,
        organization__closed_at__isnull=True,
        reference=reference,
        nonce_hash=hash_of_token(nonce),
        consumed_at__isnull=False,
    )
    return found.first()


def was_closed(sign_in: SignIn, grants: Iterable[SessionGrant]) -> bool:
    """Return whether the user has signed out here since a sign-in, or its grant was closed by a suspension or an admin.

    `grants` are the live ones of the browser's session. A grant that has expired, or that a later sign-in of this
    session has replaced, was not closed on purpose.
    """
    ended = _grants_of_browser(sign_in).filter(ended_at__gte=sign_in.consumed_at)
    if any(not _is_replaced(each, grants) for each in ended):
        return True
    grant = SessionGrant.objects.filter(public_id=sign_in.grant).first() if sign_in.grant else None
    if grant is None:
        return True
    if grant.ended_at is not None or grant.end_in(sign_in.organization) <= timezone.now():
        return False
    return not live_grants_into(sign_in.organization).filter(pk=grant.pk).exists()


def _grants_of_browser(sign_in: SignIn) -> QuerySet[SessionGrant]:
    """Return the grants that this browser's sign-ins at the organization opened, this one and those of about then.

    Two tabs that finish one after the other leave two grants, of which the session knows the last one: signing out
    closes that one only, and the other tab must not lead to the provider all the same.
    """
    alike = SignIn.objects.filter(
        organization=sign_in.organization,
        nonce_hash=sign_in.nonce_hash,
        started_at__gte=sign_in.started_at - REQUEST_LIFE,
        grant__isnull=False,
    )
    return SessionGrant.objects.filter(public_id__in=alike.values("grant"))


def _is_replaced(ended: SessionGrant, grants: Iterable[SessionGrant]) -> bool:
    """Return whether a grant ended because one of `grants` was opened: signing out would have closed that one, too."""
    place = (GrantKind.SSO, ended.organization_id, ended.user_id)
    alike = [each for each in grants if (each.kind, each.organization_id, each.user_id) == place]
    return ended.ended_at is not None and any(each.opened_at <= ended.ended_at for each in alike)
