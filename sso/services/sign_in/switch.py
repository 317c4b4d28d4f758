"""Sign-ins that ended as another user than began them, and wait until the user of that browser has agreed."""

from __future__ import annotations

from django.utils import timezone

from orgs.models import SessionGrant
from sso.crypto.encrypted_params import TokenPurpose, decrypt, encrypt
from sso.models import SignIn, SignInState
from sso.services.sign_in.outcomes import Finished


def switch_token(finished: Finished) -> str:
    """Return an encrypted token from which `waiting_sign_in` finds this sign-in again, for ten minutes."""
    return encrypt(TokenPurpose.SWITCH, f"{finished.sign_in.public_id.hex} {finished.grant.session}")


def waiting_sign_in(*, number: int, token: str, session: str) -> Finished | None:
    """Return the sign-in at organization `number` that a token names, if it began in this session and still waits.

    A user who continued has another session by then, and one who stayed has ended its grant.
    """
    public_id, _, name = decrypt(TokenPurpose.SWITCH, token).partition(" ")
    if not name or not session:
        return None
    begun_here = SignIn.objects.filter(organization__number=number, session=session, state=SignInState.SUCCEEDED)
    sign_in = begun_here.select_related("organization").filter(public_id=public_id).first()
    if sign_in is None or sign_in.grant is None:
        return None
    live = SessionGrant.objects.select_related("user").filter(ended_at__isnull=True, expires_at__gt=timezone.now())
    grant = live.filter(public_id=sign_in.grant, session=name).first()
    return Finished(sign_in, grant) if grant else None
