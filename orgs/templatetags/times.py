"""Template filters and tags for times."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils import timezone

from audit import retention
from orgs.sessions import lifetimes

register = template.Library()


@register.filter
def rounded(at: datetime) -> datetime:
    """Move a future time by half of the unit that naturaltime says, which rounds down: 11:59:59 is 12 hours."""
    ahead = at - timezone.now()
    if ahead <= timedelta(0):
        return at
    return at + (timedelta(minutes=30) if ahead >= timedelta(minutes=59, seconds=30) else timedelta(seconds=30))


@register.filter
def moment(text: str) -> datetime | None:
    """Return the time that a field of an audit event holds as text; None if it holds none."""
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None


@register.simple_tag
def lifetime(name: str) -> str:
    """Return a constant of `orgs.sessions.lifetimes` in words."""
    return lifetimes.in_words(getattr(lifetimes, name))


@register.simple_tag
def kept_for(name: str) -> str:
    """Return a constant of `audit.retention` in words."""
    return lifetimes.in_words(getattr(retention, name))
