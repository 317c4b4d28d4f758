"""Addresses to go to after signing in: pages of ours only, to prevent open redirects."""

from __future__ import annotations

from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from django.conf import settings
from django.http import QueryDict
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme

_MAX_LENGTH = 2000
_PORTS = {"http": 80, "https": 443}

# The pages of an organization that only show something; a name that is missing here leads nowhere. Forms, steps of a
# change, files to download and everything outside the organization stay out.
PAGES_TO_SHOW = frozenset(
    {
        "organization_home",
        "settings",
        "settings_general",
        "settings_members",
        "settings_access",
        "changed_identifiers",
        "relinked_members",
        "settings_audit",
        "settings_sign_ins",
        "settings_sign_in",
    }
)


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


def page_of_organization(text: str, slug: str) -> str:
    """Return path and query of a full address of ours that names a page of one organization; "" for any other.

    For what an identity provider sends, which may decide about nothing but its own organization (invariant 1). The path
    is written anew from what it names, so that a browser cannot read another one in it.
    """
    parts = _at_base_url(text.strip())
    if parts is None:
        return ""
    try:
        page = resolve(unquote(parts.path))
    except Resolver404:
        return ""
    if page.view_name not in PAGES_TO_SHOW or page.kwargs.get("slug") != slug:
        return ""
    query = QueryDict(parts.query)
    path = reverse(page.view_name, kwargs=page.kwargs) + (f"?{query.urlencode()}" if query else "")
    return path if len(path) <= _MAX_LENGTH and "%00" not in path else ""


def _at_base_url(text: str) -> SplitResult | None:
    """Return the parts of an address whose scheme, host and port are those of BASE_URL."""
    if len(text) > _MAX_LENGTH or not (text.isascii() and text.isprintable()):
        return None
    ours = urlsplit(settings.BASE_URL)
    try:
        parts = urlsplit(text)
        same = _origin(parts) == _origin(ours)
    except ValueError:  # brackets or a port that cannot be read
        return None
    return parts if same and "@" not in parts.netloc else None


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _is_ours(text: str) -> bool:
    return url_has_allowed_host_and_scheme(text, {urlsplit(settings.BASE_URL).netloc}, require_https=settings.HTTPS)
