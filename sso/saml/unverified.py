"""What can be seen of a response before it is judged. None of it is believed."""

import re
from typing import NamedTuple

from sso.saml.envelope import MAX_ENCODED, Envelope

# The first one: the response's own, else its assertion's, where some providers have the only one.
_IN_RESPONSE_TO = re.compile(rb"""\sInResponseTo\s*=\s*["']([A-Za-z0-9_.-]{1,64})["']""")
# From after a name to the text that follows. Blanks and text are bounded, since both match a blank: otherwise a
# document could make the search long.
_TEXT = rb"\s{0,50}([^<&\x00-\x1f]{1,1024})<"
_OF_NAME_ID = re.compile(rb"[^<>]*>" + _TEXT)
_OF_ATTRIBUTE = re.compile(rb"""["'][^<>]*>\s{0,50}<[\w.:-]{0,50}AttributeValue[^<>]*>""" + _TEXT)


class Glance(NamedTuple):
    """What can be seen of a response without parsing it or believing anything.

    `in_response_to` is the ID of the request it says it answers, "" if it names none: good for finding the record of a
    sign-in and for nothing else, since the signed one is compared in `validate_response`. Unless `may_be_encrypted`,
    nothing in it is, and no key is needed to judge it. `name_id` and `claimed`, the first value of the attribute that
    was asked for, say who seems to come in; "" where that can't be seen.
    """

    in_response_to: str
    may_be_encrypted: bool
    name_id: str = ""
    claimed: str = ""


def glance(encoded: str, *, attribute: str = "") -> Glance:
    """Look at a response before it is judged. Never raises.

    `encoded` is the SAMLResponse field; `attribute` the name of the attribute whose value is wanted, "" for none. A
    response can be written so that this sees something else than what is signed: then we look in vain, no more.
    """
    try:
        envelope = Envelope(encoded if len(encoded) <= MAX_ENCODED else "")
        data = envelope.data
    except ValueError:
        return Glance("", may_be_encrypted=False)
    named = _IN_RESPONSE_TO.search(data)
    return Glance(
        named[1].decode("ascii") if named else "",
        envelope.may_be_encrypted,
        _text_after(data, b"NameID", _OF_NAME_ID),
        _text_after(data, attribute.encode(), _OF_ATTRIBUTE) if attribute else "",
    )


def _text_after(data: bytes, name: bytes, pattern: re.Pattern[bytes]) -> str:
    at = data.find(name)
    found = pattern.match(data, at + len(name)) if at >= 0 else None
    return found[1].decode("utf-8", "replace").strip() if found else ""
