"""Where somebody goes who signs out here: to the provider, if their organization wants that, too."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from orgs.access import doors_of
from sso.sealed import Note, seal
from sso.selectors import sign_in_of_doors


def page_after_sign_out(request: HttpRequest) -> str:
    """Return the page that goes on to the provider, "" for the ordinary one. It only reads: nothing stops it."""
    sign_in = sign_in_of_doors(doors_of(request))
    if sign_in is None or not sign_in.connection.single_logout:
        return ""
    note = urlencode({"of": seal(Note.SIGN_OUT, sign_in.public_id.hex)})
    return f"{reverse('sign_out_at_provider', args=[sign_in.organization.number])}?{note}"
