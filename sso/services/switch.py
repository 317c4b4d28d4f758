"""A sign-in that ended as somebody else than began it waits until that browser's person has agreed."""

from __future__ import annotations

from django.utils import timezone

from orgs.models import Door
from sso.models import SignIn, SignInState
from sso.sealed import Note, seal, unseal
from sso.services.outcomes import Finished


def note_of(finished: Finished) -> str:
    """Return a sealed note from which `waiting` finds this sign-in again, for ten minutes."""
    return seal(Note.SWITCH, f"{finished.sign_in.public_id.hex} {finished.session}")


def waiting(*, number: int, note: str, session: str) -> Finished | None:
    """The sign-in at organization `number` that a note names, if it began in this very session and still waits.

    Whoever continued has another session by then, and whoever stayed has closed its door.
    """
    public_id, _, name = unseal(Note.SWITCH, note).partition(" ")
    if not name or not session:
        return None
    begun_here = SignIn.objects.filter(organization__number=number, session=session, state=SignInState.SUCCEEDED)
    sign_in = begun_here.select_related("organization", "connection", "user").filter(public_id=public_id).first()
    if sign_in is None or sign_in.user is None or sign_in.door is None:
        return None
    door = Door.objects.filter(
        public_id=sign_in.door, session=name, ended_at__isnull=True, expires_at__gt=timezone.now()
    ).first()
    return Finished(sign_in, sign_in.user, name, door) if door else None
