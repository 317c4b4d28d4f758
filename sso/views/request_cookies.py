"""The cookies that tie waiting requests to one browser (invariant 4): two for each organization, however many wait.

Requests of one browser at one organization share a nonce, so that several tabs work at once, in any order. One cookie
brings it to the ACS, the other one to the start page, which reuses it. Tabs that start at the same moment in a new
browser get different nonces, of which the last one counts: the others are asked once more, by themselves.
"""

from __future__ import annotations

import re
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from sso.services.sign_in.finish import cookie_name
from sso.services.sign_in.start import Started

# What `secrets.token_urlsafe(32)` makes.
_NONCE = re.compile(r"[A-Za-z0-9_-]{43}")


def nonce_of(request: HttpRequest, number: int) -> str:
    """Return the nonce of this browser's waiting requests at organization `number`; "" if none waits."""
    nonce = request.COOKIES.get(_start_cookie(number), "")
    return nonce if _NONCE.fullmatch(nonce) else ""


def brings_cookie(request: HttpRequest, number: int) -> bool:
    """Return whether a request to the ACS of organization `number` brings a cookie of a waiting request, of any."""
    return cookie_name(number) in request.COOKIES


def bind_to_browser(response: HttpResponse, started: Started) -> None:
    """Keep the nonce of a request in the browser for as long as the request may be answered."""
    sign_in = started.sign_in
    number, seconds = sign_in.organization.number, int((sign_in.expires_at - sign_in.started_at).total_seconds())
    keep = partial(response.set_cookie, value=started.nonce, max_age=seconds, secure=True, httponly=True)
    # Only a SameSite=None cookie comes along when the provider's page posts to us, and only if it is Secure.
    keep(cookie_name(number), path=reverse("saml_acs", args=[number]), samesite="None")
    keep(_start_cookie(number), path=reverse("start_sign_in", args=[number]), samesite="Lax")


def _start_cookie(number: int) -> str:
    return f"start-{number}"
