"""What every page knows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from orgs.access import doors_of, has_password_door


def here(request: HttpRequest) -> dict[str, Any]:
    """Names for the frame of a page: `membership` inside an organization, `is_signed_in`, `has_password_door`."""
    if not hasattr(request, "doors"):  # an error page before our middleware ran
        return {"simulator_url": settings.SIMULATOR_URL}
    return {
        "membership": getattr(request, "membership", None),
        "door": getattr(request, "door", None),
        "is_signed_in": bool(doors_of(request)),
        "has_password_door": has_password_door(request),
        "simulator_url": settings.SIMULATOR_URL,
    }
