"""Advice on the failed check of a response, beyond its reason: meaning and remedy for what was found."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sso.reasons import Advice, Reason
from sso.saml import SKEW, CheckName
from sso.wording.status_codes import status_advice


@dataclass(frozen=True, slots=True)
class Found:
    """The failed check of a refused sign-in as the log keeps it, and how far the provider's clock is from ours.

    `clock_skew` is in seconds, None if it was not measured. `reason` is the row's, which says what is behind the check.
    """

    check: str
    expected: str
    received: str
    detail: str
    clock_skew: int | None
    reason: str = ""


# What the checks of sizes say of the largest claim.
_CLAIM = re.compile(r"the claim (.*) has ([\d,]+) values")
# These say already what was found, and a check fails for more than one of them.
_SAYS_IT_ALL = {Reason.UNSAFE, Reason.CHANGED, Reason.NOT_UTC, Reason.NOT_BEFORE}

_CLOCK = Advice(
    "The clocks of the identity provider and of Amplisso differ, so that the response was not valid at this moment.",
    "Let the wrong clock be set by NTP; the difference between the two clocks is shown below.",
)
_ONLY_SCHEME = "The address differs only in http and https."
_ONLY_SLASH = "The value differs only by a slash at its end."
_ONLY_CASE = "The value differs only in capital and small letters."


def advice_on(found: Found) -> Advice | None:
    """Return what was found, with an empty remedy where only the provider decides what to do; None for nothing more."""
    explain = _BY_CHECK.get(found.check)
    return explain(found) if explain and found.reason not in _SAYS_IT_ALL else None


def _status(found: Found) -> Advice | None:
    return status_advice(found.received, found.detail)


def _signature_places(found: Found) -> Advice:
    if found.received == "no signature":
        return Advice(
            "Neither the response nor the assertion is signed.",
            "Let the identity provider sign the assertion, or the response, or both.",
        )
    return Advice(
        "There is a signature, but not where the standard requires it: in the response or in its assertion.",
        "Configure the identity provider to sign the response or the assertion itself.",
    )


def _too_large(found: Found) -> Advice | None:
    """Name the claim with the most values, if one has many; what to do about it depends on the provider."""
    claim = _CLAIM.search(found.received)
    if claim is None:
        return None
    name, count = claim.groups()
    return Advice(
        f"The response exceeds a limit ({found.expected}). The claim with the most values is {name}: it has {count}.",
        "",
    )


def _time(found: Found) -> Advice | None:
    # A smaller difference is allowed for, so that it refuses nothing.
    is_clock = found.reason == Reason.OUT_OF_TIME and abs(found.clock_skew or 0) > SKEW.total_seconds()
    return _CLOCK if is_clock else None


def _session_time(found: Found) -> Advice | None:
    if found.reason == Reason.PROVIDER_BUG:
        return None
    return _time(found) or Advice(
        "The session at the identity provider has ended.", "Sign in again; the provider asks for a new session."
    )


def _request(found: Found) -> Advice:
    if found.received == "absent":
        return Advice(
            "The signed part of the response names no request: InResponseTo is missing.",
            "Sign in again from the sign-in page. If it is still missing, the identity provider leaves it out: "
            "show the failed check to its vendor.",
        )
    return Advice(
        "The response answers a request that this browser did not make.",
        "Sign in again from the sign-in page.",
    )


def _name_id(found: Found) -> Advice | None:
    if found.reason == Reason.WRONG_AUDIENCE:
        return Advice(
            "The name ID is meant for another application: its SPNameQualifier is not our Entity ID.",
            "Remove the SPNameQualifier at the identity provider, or set it to the Entity ID of the settings page.",
        )
    if found.received == "0 characters":
        return Advice(
            "The name ID is empty.",
            "Check which value the identity provider sends as the name ID, and that the user has one.",
        )
    if found.reason == Reason.UNUSUAL:
        return Advice("The name ID has elements in it.", "Let the identity provider send the name ID as plain text.")
    return None


def _difference(found: Found) -> Advice | None:
    """Say how two values differ that look alike."""
    expected, received = found.expected, found.received
    if expected == received:
        return None
    if expected.rstrip("/") == received.rstrip("/"):
        return Advice(_ONLY_SLASH, "")
    if expected.casefold() == received.casefold():
        return Advice(_ONLY_CASE, "")
    if expected.partition("://")[2] and expected.partition("://")[2] == received.partition("://")[2]:
        return Advice(_ONLY_SCHEME, "")
    return None


def _always(meaning: str, remedy: str = "") -> Callable[[Found], Advice]:
    return lambda _: Advice(meaning, remedy)


_BY_CHECK: dict[str, Callable[[Found], Advice | None]] = {
    CheckName.SIZE: _too_large,
    CheckName.BASE64: _too_large,
    CheckName.MARKUP: _too_large,
    CheckName.LIMITS: _too_large,
    CheckName.STATUS: _status,
    CheckName.SCHEMA: _always(
        "The response is not valid by the schema of the standard; the error is shown below.",
        "Report it to the vendor of the identity provider, unless a product in between rewrites responses.",
    ),
    CheckName.SIGNATURE_PLACES: _signature_places,
    CheckName.DESTINATION: _difference,
    CheckName.RESPONSE_IN_RESPONSE_TO: _request,
    CheckName.IN_RESPONSE_TO: _request,
    CheckName.RESPONSE_ISSUER: _difference,
    CheckName.ISSUER: _difference,
    CheckName.RECIPIENT: _difference,
    CheckName.AUDIENCE: _difference,
    CheckName.SUBJECT: _always(
        "The assertion does not name one user: it has no name ID, or more than one.",
        "Let the identity provider send one name ID.",
    ),
    CheckName.NAME_ID: _name_id,
    CheckName.BEARER: _always(
        "The assertion has no confirmation by bearer, which sign-ins in a browser need.",
        "Set up the application at the identity provider for web single sign-on (the browser profile of SAML 2.0).",
    ),
    CheckName.CONDITIONS: _always(
        "The assertion has no conditions, or one that Amplisso does not know and therefore has to refuse.",
        "Turn the additional condition off for this application at the identity provider.",
    ),
    CheckName.AUTHN_STATEMENT: _always(
        "The assertion does not say when the user signed in, or names a time in the future.",
        "Let the identity provider send an AuthnStatement, and check its clock.",
    ),
    CheckName.ATTRIBUTES: _always(
        "A claim that says who the user is has elements in it, or the claims are constructed in another unusual way.",
        "Send the claims that identify the user as plain text.",
    ),
    CheckName.TENANT: _always("The claim tenantid names another directory than the entity ID of the provider."),
    CheckName.ISSUE_INSTANT: _time,
    CheckName.CONFIRMATION_TIME: _time,
    CheckName.VALIDITY: _time,
    CheckName.SESSION_TIME: _session_time,
    CheckName.TOOLKIT: _always(
        "Amplisso's own verification accepted the response, but the second library, which has to agree, did not; "
        "its error is shown below.",
        "Give the reference code of this sign-in to the operator of Amplisso.",
    ),
}
