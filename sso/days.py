"""Days in words, as everything says them that is no template."""

from __future__ import annotations

from datetime import date


def day_in_words(day: date) -> str:
    """A day, or the day of a moment in the moment's own time zone, such as "5 December 2026"."""
    return f"{day.day} {day:%B %Y}"
