"""Moments as the standard writes them: xs:dateTime in UTC, with a Z (SAML core 1.3.3)."""

import re
from datetime import UTC, datetime

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z", re.ASCII)


def parse_instant(text: str) -> datetime | None:
    """Return the moment, aware and in UTC, or None if it isn't one. More than microseconds are cut off."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    try:
        return datetime.fromisoformat(f"{match[1]}.{match[2] or '0':0<6.6}+00:00")
    except ValueError:
        return None


def format_instant(moment: datetime) -> str:
    """`moment` must be aware; whole seconds are enough for every reader."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
