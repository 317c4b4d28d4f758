"""What the portal's forms send, checked as the portal checks it."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from flask import abort

from simulator.apps import SOURCES, App, as_algorithm, as_signing, reply_url_problem
from simulator.tenant import Tenant

Problems = dict[str, str]
BASIC_FIELDS = ("identifier", "reply_url", "more_reply_urls", "sign_on_url", "relay_state", "logout_url")


def basic_of(app: App) -> dict[str, str]:
    """The basic SAML configuration of the application, as form values."""
    kept = {name: str(getattr(app, name)) for name in BASIC_FIELDS}
    return kept | {"more_reply_urls": "\n".join(app.more_reply_urls)}


def basic_from(form: Mapping[str, str]) -> dict[str, str]:
    """The form values that were sent, trimmed."""
    return {name: form.get(name, "").strip() for name in BASIC_FIELDS}


def basic_problems(tenant: Tenant, app: App, basic: dict[str, str]) -> Problems:
    """Field → sentence for everything that can't be saved."""
    found = {
        "identifier": _identifier_problem(tenant, app, basic["identifier"]),
        "reply_url": reply_url_problem(basic["reply_url"]),
        "more_reply_urls": _first(reply_url_problem(u) for u in basic["more_reply_urls"].split()),
        "sign_on_url": _sign_on_problem(basic["sign_on_url"]),
        "logout_url": reply_url_problem(basic["logout_url"]) if basic["logout_url"] else "",
    }
    return {name: problem for name, problem in found.items() if problem}


def _identifier_problem(tenant: Tenant, app: App, identifier: str) -> str:
    if not identifier:
        return "Enter the identifier (entity ID) of the service provider."
    try:
        tenant.refuse_taken(identifier, besides=app)
    except ValueError as error:
        return f"{error}. Every application needs one of its own."
    return ""


def _sign_on_problem(url: str) -> str:
    if url and urlsplit(url).scheme not in {"http", "https"}:
        return "The sign on URL must begin with https:// or http://."
    return ""


def _first(problems: Iterable[str]) -> str:
    return next((problem for problem in problems if problem), "")


def apply_basic(app: App, basic: dict[str, str]) -> None:
    """Put checked values on the application."""
    app.identifier = basic["identifier"]
    app.reply_url = basic["reply_url"]
    app.more_reply_urls = basic["more_reply_urls"].split()
    app.sign_on_url = basic["sign_on_url"]
    app.relay_state = basic["relay_state"]
    app.logout_url = basic["logout_url"]


def apply_claims(app: App, form: Mapping[str, str]) -> None:
    """Set the source of the name ID; an unknown one is a 400."""
    source = form.get("name_id_source", "")
    if source not in SOURCES:
        abort(400)
    app.name_id_source = source


def apply_signing(app: App, form: Mapping[str, str]) -> None:
    """Set signing option and algorithm; unknown ones are a 400."""
    try:
        app.signing = as_signing(form.get("signing", ""))
        app.algorithm = as_algorithm(form.get("algorithm", ""))
    except ValueError:
        abort(400)


def activate(app: App, thumbprint: str) -> None:
    """Make this certificate the active one; an unknown one is a 404."""
    try:
        app.activate(thumbprint)
    except LookupError:
        abort(404)
