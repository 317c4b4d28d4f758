"""Variables of every template."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from orgs.access import grants_of, has_password_grant


def here(request: HttpRequest) -> dict[str, Any]:
    """Return variables for the frame: `membership` inside an organization, `is_signed_in`, `has_password_grant`."""
    if not hasattr(request, "grants"):  # an error page before our middleware ran
        return {"simulator_url": settings.SIMULATOR_URL}
    return {
        "membership": getattr(request, "membership", None),
        "grant": getattr(request, "grant", None),
        "is_signed_in": bool(grants_of(request)),
        "has_password_grant": has_password_grant(request),
        "simulator_url": settings.SIMULATOR_URL,
    }
