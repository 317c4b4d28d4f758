"""Explaining, for each value that was looked at, why no e-mail address could be taken from an assertion."""

from __future__ import annotations

from typing import Any, NamedTuple

from sso.reasons import ADVICE, Advice, Reason
from sso.services.sign_in.asserted import SUBJECT, Flaw

_WORDS = {
    Flaw.NOT_SENT: "It was not sent.",
    Flaw.EMPTY: "It is empty.",
    Flaw.GUEST: "#EXT# marks the user name of a guest account. It comes from the guest's address and has no mailbox.",
    Flaw.LOCAL_PART: "The part before the @ has letters other than a to z. Many mail systems do not accept such "
    "addresses, and Amplisso does not either.",
    Flaw.PRIVATE_DOMAIN: "Its domain is a name for use inside a network only (RFC 6761, RFC 6762), so it receives "
    "no mail from outside and its owner cannot be verified.",
    Flaw.TOO_LONG: "It is longer than an e-mail address can be: 254 characters, 64 of them before the @.",
    Flaw.NOT_AN_ADDRESS: "It is not an e-mail address.",
    Flaw.SEVERAL: "It is an address, but not the only value in this place.",
}

# Advice for the case that every value that was meant as an address has this flaw.
_REMEDIES = {
    Flaw.LOCAL_PART: "At the identity provider, give the user an e-mail address with only ASCII characters before "
    "the @, and let it send that address.",
    Flaw.PRIVATE_DOMAIN: "At the identity provider, give the user an e-mail address whose domain receives mail "
    "from the internet, and let it send that address. A user name often looks like an e-mail "
    "address but is not one.",
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
