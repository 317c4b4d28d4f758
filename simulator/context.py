"""Lookups for every page: the directory, an application, a user."""

from flask import abort, current_app

from simulator.apps import App
from simulator.directory import Directory
from simulator.tenant import Tenant
from simulator.users import User

EXTENSION = "simulator.directory"


def directory() -> Directory:
    """Return the directory that this Flask application was built over."""
    found: Directory = current_app.extensions[EXTENSION]
    return found


def tenant() -> Tenant:
    """Return the tenant as it is now."""
    return directory().tenant


def app_or_404(app_id: str) -> App:
    """Return the application with this ID, or raise the 404 page."""
    return tenant().apps.get(app_id) or abort(404)


def user_or_404(alias: str) -> User:
    """Return the user with this alias, or raise the 404 page."""
    return tenant().users.get(alias) or abort(404)
