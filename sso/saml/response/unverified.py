"""Reading a hint from a response before it is judged. None of it is believed."""

import re
from typing import NamedTuple

from sso.saml.xml.envelope import MAX_ENCODED, Envelope

# The first match is the response's own, else its assertion's, where some providers have the only one.
_IN_RESPONSE_TO = re.compile(rb"""\sInResponseTo\s*=\s*["']([A-Za-z0-9_.-]{1,64})["']""")


class UnverifiedHint(NamedTuple):
    """A hint that is read from a response without parsing it or believing anything.

    `in_response_to` is the ID of the request it says it answers, "" if it names none: good for finding the record of a
    sign-in and for nothing else, since the signed one is compared in `validate_response`. Unless `may_be_encrypted`,
    nothing in it is, and no key is needed to judge it. Nothing is read about the user.
    """

    in_response_to: str
    may_be_encrypted: bool


def unverified_hint(encoded: str) -> UnverifiedHint:
    """Look at a response before it is judged. Never raise.

    `encoded` is the SAMLResponse field. A response can be written so that this sees something else than what is signed:
    then no request is found.
    """
    try:
        envelope = Envelope(encoded if len(encoded) <= MAX_ENCODED else "")
        data = envelope.data
    except ValueError:
        return UnverifiedHint("", may_be_encrypted=False)
    named = _IN_RESPONSE_TO.search(data)
    return UnverifiedHint(named[1].decode("ascii") if named else "", envelope.may_be_encrypted)
