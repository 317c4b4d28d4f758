"""Pages that belong to nobody in particular: the error of a lost form."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that a form was too old, in words that tell what to do."""
    return render(request, "orgs/refused/form_too_old.html", status=403)
