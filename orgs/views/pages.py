"""Error pages that belong to no other module."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

HOUR = 3600  # seconds


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Say that a limit by visitor or address is used up; none of these lasts longer than an hour."""
    response = render(request, "429.html", status=429)
    response["Retry-After"] = str(HOUR)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that a form was too old, and what to do now."""
    return render(request, "orgs/refused/form_too_old.html", status=403)
