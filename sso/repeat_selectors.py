"""Reading what became of a sign-in whose response the browser has sent again."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils import timezone

from orgs.models import Door, DoorKind, Organization
from orgs.selectors import live_doors_into
from orgs.tokens import hash_of_token
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


def was_closed(sign_in: SignIn, doors: Iterable[Door]) -> bool:
    """Return whether the user has signed out here since a sign-in, or its door was closed by a suspension or an admin.

    `doors` are the live ones of the browser's session. A door that has expired, or that a later sign-in of this session
    has replaced, was not closed on purpose.
    """
    ended = _doors_of_browser(sign_in).filter(ended_at__gte=sign_in.consumed_at)
    if any(not _is_replaced(each, doors) for each in ended):
        return True
    door = Door.objects.filter(public_id=sign_in.door).first() if sign_in.door else None
    if door is None:
        return True
    if door.ended_at is not None or _has_expired(door, sign_in.organization):
        return False
    return not live_doors_into(sign_in.organization).filter(pk=door.pk).exists()


def _doors_of_browser(sign_in: SignIn) -> QuerySet[Door]:
    """Return the doors that this browser's sign-ins at the organization opened, this one and those of about then.

    Two tabs that finish one after the other leave two doors, of which the session knows the last one: signing out
    closes that one only, and the other tab must not lead to the provider all the same.
    """
    alike = SignIn.objects.filter(
        organization=sign_in.organization,
        nonce_hash=sign_in.nonce_hash,
        started_at__gte=sign_in.started_at - REQUEST_LIFE,
        door__isnull=False,
    )
    return Door.objects.filter(public_id__in=alike.values("door"))


def _is_replaced(ended: Door, doors: Iterable[Door]) -> bool:
    """Return whether a door ended because one of `doors` was opened: signing out would have closed that one, too."""
    place = (DoorKind.SSO, ended.organization_id, ended.user_id)
    alike = [each for each in doors if (each.kind, each.organization_id, each.user_id) == place]
    return ended.ended_at is not None and any(each.opened_at <= ended.ended_at for each in alike)


def _has_expired(door: Door, organization: Organization) -> bool:
    return min(door.expires_at, door.opened_at + organization.session_length) <= timezone.now()
