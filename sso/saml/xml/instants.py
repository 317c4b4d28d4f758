"""Moments as the standard writes them: xs:dateTime in UTC, with a Z (SAML core 1.3.3).

One response names the same few moments again and again, so the last ones are remembered.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache

from sso.saml.rule_result import shown
from sso.saml.verdict import Fault

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z", re.ASCII)
_LENIENT = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,20})?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)
# .NET writes seven digits behind the second; no provider writes forty, and longer texts are not cached.
_LONGEST = 64


def parse_instant(text: str) -> datetime | None:
    """Return the moment, aware and in UTC, or None if it isn't one. More than microseconds are cut off."""
    return _parsed(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=256)
def _parsed(text: str) -> datetime | None:
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    try:
        return datetime.fromisoformat(f"{match[1]}.{match[2] or '0':0<6.6}+00:00")
    except ValueError:
        return None


def fault_of(text: str | None) -> Fault:
    """Return the fault behind a moment of a response that breaks a rule: its form, or else a clock."""
    if text is None:
        return Fault.INCOMPLETE
    if parse_instant(text) is not None:
        return Fault.CLOCK
    return Fault.NOT_UTC if parse_lenient_instant(text) is not None else Fault.PROVIDER_BUG


def shown_instant(text: str | None) -> str:
    """Return a moment for a log, with what is wrong with its form."""
    notes = {Fault.NOT_UTC: ", not in UTC with a Z at its end", Fault.PROVIDER_BUG: ", which is no moment"}
    return (shown(text, _LONGEST) or "empty") + notes.get(fault_of(text), "")


def parse_lenient_instant(text: str) -> datetime | None:
    """Return a moment as metadata has it: with an offset, without a zone (UTC is meant), or a day alone."""
    if not _LENIENT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=256)
def format_instant(moment: datetime) -> str:
    """Return an aware moment as xs:dateTime in UTC; whole seconds are enough for every reader."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")[: -len("+00:00")] + "Z"
