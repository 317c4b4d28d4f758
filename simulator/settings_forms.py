"""The portal's forms, checked as the portal checks them."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from flask import abort

from simulator.apps import SOURCES, App, as_algorithm, as_signing, reply_url_problem
from simulator.saml.encryption import read_certificate
from simulator.saml.keys import UploadedCertificate
from simulator.tenant import Tenant

Problems = dict[str, str]
NOTHING_TO_VERIFY_WITH = "Upload a certificate first: without one, every request would be refused."
STILL_REQUIRED = "Upload its successor first, or stop requiring: without a certificate every request would be refused."
BASIC_FIELDS = ("identifier", "reply_url", "more_reply_urls", "sign_on_url", "relay_state", "logout_url")


def basic_of(app: App) -> dict[str, str]:
    """Return the basic SAML configuration of the application, as form values."""
    kept = {name: str(getattr(app, name)) for name in BASIC_FIELDS}
    return kept | {"more_reply_urls": "\n".join(app.more_reply_urls)}


def basic_from(form: Mapping[str, str]) -> dict[str, str]:
    """Return the form values that were sent, trimmed."""
    return {name: form.get(name, "").strip() for name in BASIC_FIELDS}


def basic_problems(tenant: Tenant, app: App, basic: dict[str, str]) -> Problems:
    """Return field → sentence for everything that can't be saved."""
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


def verification_problem(app: App, form: Mapping[str, str]) -> str:
    """Return why the switches can't be set like this, '' if they can."""
    return "" if app.verification_certificates or "required" not in form else NOTHING_TO_VERIFY_WITH


def apply_verification(app: App, form: Mapping[str, str]) -> None:
    """Set whether requests must be signed, and whether SHA-1 is good enough."""
    app.requires_signed_requests = "required" in form
    app.allows_sha1_requests = "sha1" in form


def add_verification_certificate(app: App, data: bytes) -> None:
    """Add an uploaded certificate as the newest. Raises ValueError with a sentence to show."""
    certificate = UploadedCertificate(read_certificate(data).encode())
    if certificate in app.verification_certificates:
        raise ValueError("This certificate is in the list already.")
    app.verification_certificates.append(certificate)


def remove_verification_certificate(app: App, thumbprint: str) -> None:
    """Take a certificate off the list; an unknown one is a 404. Raises ValueError if it is needed."""
    kept = [each for each in app.verification_certificates if each.thumbprint != thumbprint]
    if len(kept) == len(app.verification_certificates):
        abort(404)
    if not kept and app.requires_signed_requests:
        raise ValueError(STILL_REQUIRED)
    app.verification_certificates = kept
