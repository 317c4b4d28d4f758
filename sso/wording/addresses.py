"""Explaining, for each value that was looked at, why no e-mail address could be taken from an assertion."""

from __future__ import annotations

from typing import Any, NamedTuple

from sso.reasons import ADVICE, Advice, Reason
from sso.services.sign_in.asserted import SUBJECT, Flaw

_WORDS = {
    Flaw.NOT_SENT: "It was not sent.",
    Flaw.EMPTY: "It is empty.",
    Flaw.GUEST: "#EXT# marks the name of a guest account. It is made of the guest's address, and no mailbox has it.",
    Flaw.LOCAL_PART: "Before the @ stand letters other than a to z. Many mail systems do not take such an address, and "
    "Amplisso does not either.",
    Flaw.PRIVATE_DOMAIN: "Its domain is a name for use inside a network only (RFC 6761, RFC 6762), so no mail from "
    "outside reaches it and nobody else can check whose it is.",
    Flaw.TOO_LONG: "It is longer than an e-mail address can be: 254 characters, 64 of them before the @.",
    Flaw.NOT_AN_ADDRESS: "It is not an e-mail address.",
    Flaw.SEVERAL: "It is an address, but not the only value in this place.",
}

# Advice for the case that every value that was meant as an address has this flaw.
_REMEDIES = {
    Flaw.LOCAL_PART: "Give the user an e-mail address with nothing but ASCII before the @ at the identity provider, "
    "and let it send that one.",
    Flaw.PRIVATE_DOMAIN: "Give the user an e-mail address at the identity provider whose domain receives mail from the "
    "internet, and let it send that one. A name to sign in with often looks like an address and is none.",
}
_NOT_MEANT_AS_ONE = {Flaw.NOT_SENT, Flaw.EMPTY, Flaw.NOT_AN_ADDRESS}


class LookedAt(NamedTuple):
    """A line of the list: the name of the place, the value that stood there ("" if none), why it was not taken."""

    place: str
    value: str
    why: str


def looked_at(facts: dict[str, Any] | None) -> list[LookedAt]:
    """Return a line for each value that was looked at, from SignIn.facts; none where another reason refused."""
    places = (facts or {}).get("places", [])
    return [LookedAt(_title(each["name"]), each["value"].strip(), _WORDS[Flaw(each["flaw"])]) for each in places]


def address_advice(facts: dict[str, Any] | None) -> Advice | None:
    """Return what to do about addresses that all have one flaw, from SignIn.facts; None where the provider decides."""
    flaws = {Flaw(each["flaw"]) for each in (facts or {}).get("places", [])} - _NOT_MEANT_AS_ONE
    remedy = _REMEDIES.get(flaws.pop()) if len(flaws) == 1 else None
    return Advice(ADVICE[Reason.NO_ADDRESS].meaning, remedy) if remedy else None


def _title(name: str) -> str:
    return "Name ID" if name == SUBJECT else name
