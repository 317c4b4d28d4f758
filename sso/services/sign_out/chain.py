"""Signing out at one provider after the other, where a session came in by several.

The browser carries an encrypted token of the sign-ins; the outcome of each is in the rows of `SignOut`. So no provider
is asked twice, whichever page is loaded again, and no provider learns of another one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orgs.models import Organization
from sso.crypto.encrypted_params import TokenPurpose, decrypt, encrypt
from sso.models import Direction, SignIn, SignOut, SignOutState
from sso.services.sign_out.start import ask_provider_to_sign_out, request_id_of


@dataclass(frozen=True, slots=True)
class Step:
    """One provider of the chain, and the state of its sign-out: None if it was not asked."""

    sign_in: SignIn
    state: SignOutState | None


def token_of_chain(sign_ins: list[SignIn]) -> str:
    """Return an encrypted token from which `chain` finds these sign-ins again, for ten minutes.

    The first names the page.
    """
    ids = (sign_in.public_id.hex for sign_in in sign_ins)
    return encrypt(TokenPurpose.SIGN_OUT, " ".join([str(sign_ins[0].organization.number), *ids]))


def number_in(token: str) -> int | None:
    """Return the number of the organization whose page a token is for; None if it is not ours, or too old."""
    words = decrypt(TokenPurpose.SIGN_OUT, token).split()
    return int(words[0]) if words else None


def chain(*, organization: Organization, token: str) -> list[SignIn]:
    """Return the sign-ins that a token names, the newest first; [] if it is not for this organization's page."""
    number, *ids = decrypt(TokenPurpose.SIGN_OUT, token).split() or [""]
    if number != str(organization.number):
        return []
    found = SignIn.objects.select_related("organization__plan", "connection", "user").filter(public_id__in=ids)
    return list(found.order_by("-id"))


def ask_next(sign_ins: Iterable[SignIn]) -> tuple[SignIn, str] | None:
    """Ask the first provider that can be asked and was not; return its sign-in, and where the browser goes for it."""
    asked = ((sign_in, ask_provider_to_sign_out(sign_in=sign_in)) for sign_in in sign_ins)
    return next(((sign_in, address) for sign_in, address in asked if address), None)


def steps_of(sign_ins: list[SignIn]) -> list[Step]:
    """Return a step for each sign-in, with the state of its sign-out."""
    ids = {request_id_of(sign_in): sign_in.pk for sign_in in sign_ins}
    rows = SignOut.objects.filter(direction=Direction.OURS, message_id__in=ids).values_list("message_id", "state")
    states = {ids[message_id]: SignOutState(state) for message_id, state in rows}
    return [Step(sign_in, states.get(sign_in.pk)) for sign_in in sign_ins]
