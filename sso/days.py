"""Days in words, for all texts outside templates."""

from __future__ import annotations

from datetime import date


def day_in_words(day: date) -> str:
    """Return a day, or the day of a moment in the moment's own time zone, such as "5 December 2026"."""
    return f"{day.day} {day:%B %Y}"
