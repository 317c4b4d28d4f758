"""Why no e-mail address could be taken from an assertion, said for each value that was looked at."""

from __future__ import annotations

from typing import Any, NamedTuple

from sso.services.asserted import SUBJECT, Flaw

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


class LookedAt(NamedTuple):
    """A line of the list: the name of the place, the value that stood there ("" if none), why it was not taken."""

    place: str
    value: str
    why: str


def looked_at(facts: dict[str, Any] | None) -> list[LookedAt]:
    """Return a line for each value that was looked at, from SignIn.facts; none where another reason refused."""
    places = (facts or {}).get("places", [])
    return [LookedAt(_title(each["name"]), each["value"].strip(), _WORDS[Flaw(each["flaw"])]) for each in places]


def _title(name: str) -> str:
    return "Name ID" if name == SUBJECT else name
