"""What every page asks for: the directory, an application, a person."""

from flask import abort, current_app

from simulator.apps import App
from simulator.directory import Directory
from simulator.tenant import Tenant
from simulator.users import User

EXTENSION = "simulator.directory"


def directory() -> Directory:
    """The directory that this Flask application was built over."""
    found: Directory = current_app.extensions[EXTENSION]
    return found


def tenant() -> Tenant:
    """The tenant as it is now."""
    return directory().tenant


def app_or_404(app_id: str) -> App:
    """The application with this ID, or the 404 page."""
    return tenant().apps.get(app_id) or abort(404)


def user_or_404(alias: str) -> User:
    """The person with this alias, or the 404 page."""
    return tenant().users.get(alias) or abort(404)
