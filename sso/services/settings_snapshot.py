"""Optimistic locking of a connection's settings: a page that was made from older ones turns nothing back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from orgs.models import Role
from sso.errors import SettingsChangedError
from sso.models import Provider

if TYPE_CHECKING:
    from sso.connection_view import ConnectionView
    from sso.models import Configuration

# The choices in the form; an upload is in a draft or an active configuration instead.
CHOICES = ("provider", "just_in_time_role", "require_sso", "sign_requests", "force_authn", "single_logout")
_CHANGED = "These settings were changed since you opened this page. Nothing was saved; check them and save again."
_SWITCHES = {
    "require_sso": ("Require SSO is on.", "Require SSO is off."),
    "sign_requests": ("Sign requests is on.", "Sign requests is off."),
    "force_authn": ("A fresh sign-in is required.", "No fresh sign-in is required."),
    "single_logout": ("Sign-out at the provider is on.", "Sign-out at the provider is off."),
}


def settings_snapshot(view: ConnectionView) -> dict[str, Any]:
    """Return the choices as they were stored when the connection was read, and which configurations there were.

    Before the first connection they are what the form proposes: Azure and Member.
    """
    connection, active, draft = view.connection, view.active, view.draft
    newest = draft or active
    return {
        "provider": connection.provider if connection else Provider.AZURE.value,
        "just_in_time_role": connection.just_in_time_role if connection else Role.MEMBER.value,
        "require_sso": view.organization.require_sso,
        "sign_requests": newest is not None and newest.sign_requests,
        "force_authn": newest is not None and newest.force_authn,
        "single_logout": connection is not None and connection.single_logout,
        "active": _name(active),
        "draft": _name(draft),
    }


def as_text(stored: dict[str, Any]) -> str:
    """Return a snapshot as text for a hidden field."""
    return json.dumps(stored, sort_keys=True)


def from_text(text: str) -> dict[str, Any]:
    """Return the snapshot in a hidden field; {} if it is not what we wrote there."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def check_unchanged(view: ConnectionView, snapshot: str) -> None:
    """Compare with the snapshot a page was made from; "" compares nothing. Raises SettingsChangedError.

    The view has to be read with the organization's row locked, so that of two saves at once the second sees the first.
    """
    if snapshot and snapshot != as_text(settings_snapshot(view)):
        raise SettingsChangedError(_CHANGED)


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return what saving changed, a plain sentence for each choice."""
    return [_sentence(name, after[name]) for name in CHOICES if before[name] != after[name]]


def _sentence(name: str, value: Any) -> str:
    if name == "provider":
        return f"Identity Provider: {Provider(value).label}."
    if name == "just_in_time_role":
        return f"Just-in-time role: {Role(value).label}." if value else "Just-in-time role: none, invitation required."
    on, off = _SWITCHES[name]
    return on if value else off


def _name(configuration: Configuration | None) -> str:
    return configuration.public_id.hex if configuration else ""
