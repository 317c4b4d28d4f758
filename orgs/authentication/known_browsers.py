"""Browsers that have signed in to an account. They have a limit of wrong passwords that strangers cannot use up."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac

from orgs.models import User
from orgs.sessions.lifetimes import KNOWN_BROWSER

_PREFIX = "known-browser-"
_PATH = "/account/"  # where passwords are typed
_MOST = 5  # accounts for each browser: requests with too many cookies are refused by servers


def known_browser(request: HttpRequest, address: str) -> str:
    """Return the number of this browser if it has signed in to the account of an address since its password changed.

    Return "" for every other browser, account or address.
    """
    signed = request.COOKIES.get(_cookie_of(address))
    user = User.objects.filter(email=address.strip().lower()).first() if signed else None
    if user is None or signed is None:
        return ""
    for password in (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()):
        try:
            return _signer(password).unsign(signed)
        except BadSignature:
            continue
    return ""


def remember_browser(request: HttpRequest, user: User) -> None:
    """Have the response to this request give the browser its cookie for an account that has just signed in."""
    request.META[_PREFIX] = user


def remember_browsers(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Middleware: set the cookie of a known browser where a view has called `remember_browser`."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        user = request.META.pop(_PREFIX, None)
        if user is not None:
            _set_cookie(request, response, user)
        return response

    return respond


def _set_cookie(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    name = _cookie_of(user.email)
    others = [each for each in request.COOKIES if each.startswith(_PREFIX) and each != name]
    for surplus in others[: max(len(others) - _MOST + 1, 0)]:
        response.delete_cookie(surplus, path=_PATH, samesite="Lax")
    response.set_cookie(
        name,
        _signer(user.get_session_auth_hash()).sign(secrets.token_hex(16)),
        max_age=KNOWN_BROWSER,
        path=_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _cookie_of(address: str) -> str:
    """Return the name of an account's cookie, which does not reveal the address."""
    return (
        _PREFIX
        + salted_hmac("orgs.authentication.known_browsers", address.strip().lower(), algorithm="sha256").hexdigest()[
            :16
        ]
    )


def _signer(password: str) -> Signer:
    """Return the signer for one password of one account, given as its session hash: another password ends it."""
    return Signer(salt=f"orgs.authentication.known_browsers {password}")
