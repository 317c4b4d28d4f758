"""Where to go after signing in: a page of ours, whatever the visitor's address bar says."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.utils.http import url_has_allowed_host_and_scheme

_MAX_LENGTH = 2000


def safe_next_path(text: str) -> str:
    """Return the path and query of an address of this deployment; "" for anything that leads elsewhere.

    Full addresses count when scheme and host are those of BASE_URL. What stays always begins with one slash.
    """
    if len(text) > _MAX_LENGTH or not text.isprintable() or not _is_ours(text):
        return ""
    parts = urlsplit(text)
    path = urlunsplit(("", "", parts.path, parts.query, ""))
    # Without its host an address may begin with two slashes, which a browser would take for a host again.
    return path if path.startswith("/") and url_has_allowed_host_and_scheme(path, None) else ""


def _is_ours(text: str) -> bool:
    return url_has_allowed_host_and_scheme(text, {urlsplit(settings.BASE_URL).netloc}, require_https=settings.HTTPS)
