"""The administrator's side: enterprise applications and their single sign-on settings."""

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from simulator import settings_forms
from simulator.apps import SOURCES, App
from simulator.context import app_or_404, directory, tenant, user_or_404
from simulator.saml.encryption import read_certificate
from simulator.saml.keys import SigningKey
from simulator.saml.sp_metadata import read_sp_metadata
from simulator.settings_forms import Problems
from simulator.sign_in import answer_for, post_page

blueprint = Blueprint("portal", __name__)

SIGNING_OPTIONS = {
    "assertion": "Sign SAML assertion",
    "response": "Sign SAML response",
    "both": "Sign SAML response and assertion",
}
ALGORITHMS = {"sha256": "SHA-256", "sha1": "SHA-1"}
NAMELESS = "Give the application a name."


@blueprint.get("/")
def home() -> str:
    """Show links to all parts of the simulator."""
    return render_template("home.html", tenant=tenant())


@blueprint.get("/apps")
def apps() -> str:
    """List all enterprise applications."""
    return render_template("apps.html", apps=tenant().apps.values())


@blueprint.route("/apps/new", methods=["GET", "POST"])
def new_app() -> str | AnyResponse | tuple[str, int]:
    """Create an application of one's own, with no more than a name."""
    if request.method == "GET":
        return render_template("new_app.html")
    name = request.form.get("name", "").strip()
    if not name:
        return render_template("new_app.html", problem=NAMELESS), 422
    app = tenant().register(name)
    directory().save()
    return redirect(url_for(".overview", app_id=app.id), 303)


@blueprint.get("/apps/<app_id>")
def overview(app_id: str) -> str:
    """Show name, IDs and where to go next."""
    return render_template("overview.html", app=app_or_404(app_id))


@blueprint.post("/apps/<app_id>/delete")
def delete(app_id: str) -> AnyResponse:
    """Remove the application."""
    tenant().apps.pop(app_or_404(app_id).id)
    directory().save()
    return redirect(url_for(".apps"), 303)


@blueprint.route("/apps/<app_id>/users", methods=["GET", "POST"])
def users(app_id: str) -> str | AnyResponse:
    """Save which users may sign in to the application."""
    app = app_or_404(app_id)
    if request.method == "GET":
        return render_template("users.html", app=app, people=tenant().users.values())
    app.assigned = tenant().users.keys() & set(request.form.getlist("assigned"))
    return _saved(app, "users", ".users")


@blueprint.get("/apps/<app_id>/sso")
def sso(app_id: str) -> str:
    """Show the set-up page of SAML-based sign-on."""
    app = app_or_404(app_id)
    return _sso_page(app, settings_forms.basic_of(app))


def _sso_page(app: App, basic: dict[str, str], problems: Problems | None = None) -> str:
    return render_template(
        "sso.html",
        app=app,
        basic=basic,
        problems=problems or {},
        sources=SOURCES,
        signing_options=SIGNING_OPTIONS,
        algorithms=ALGORITHMS,
        people=tenant().users.values(),
        tenant=tenant(),
    )


@blueprint.post("/apps/<app_id>/sso/basic")
def save_basic(app_id: str) -> AnyResponse | tuple[str, int]:
    """Save identifier, URLs and relay state, if they can be used."""
    app = app_or_404(app_id)
    basic = settings_forms.basic_from(request.form)
    problems = settings_forms.basic_problems(tenant(), app, basic)
    if problems:
        return _sso_page(app, basic, problems), 422
    settings_forms.apply_basic(app, basic)
    return _saved(app, "basic")


@blueprint.post("/apps/<app_id>/sso/upload")
def upload(app_id: str) -> str | tuple[str, int]:
    """Fill the basic form from a service provider's metadata file, without saving it."""
    app = app_or_404(app_id)
    basic = settings_forms.basic_of(app)
    try:
        provider = read_sp_metadata(_uploaded("metadata"))
    except ValueError as error:
        return _refused(app, "metadata", error)
    basic |= {"identifier": provider.entity_id, "reply_url": provider.acs_url, "logout_url": provider.logout_url}
    return _sso_page(app, basic, {"uploaded": "Taken from the file. Check it, then save."})


@blueprint.post("/apps/<app_id>/sso/claims")
def save_claims(app_id: str) -> AnyResponse:
    """Save the attribute that becomes the name ID."""
    app = app_or_404(app_id)
    settings_forms.apply_claims(app, request.form)
    return _saved(app, "claims")


@blueprint.post("/apps/<app_id>/sso/signing")
def save_signing(app_id: str) -> AnyResponse:
    """Save what is signed and how."""
    app = app_or_404(app_id)
    settings_forms.apply_signing(app, request.form)
    return _saved(app, "certificates")


@blueprint.post("/apps/<app_id>/sso/certificates")
def add_certificate(app_id: str) -> AnyResponse:
    """Add an inactive certificate."""
    app = app_or_404(app_id)
    app.keys.append(SigningKey.create(bits=tenant().key_bits))
    return _saved(app, "certificates")


@blueprint.post("/apps/<app_id>/sso/certificates/<thumbprint>/activate")
def activate_certificate(app_id: str, thumbprint: str) -> AnyResponse:
    """Sign with this certificate from now on."""
    app = app_or_404(app_id)
    settings_forms.activate(app, thumbprint)
    return _saved(app, "certificates")


@blueprint.post("/apps/<app_id>/sso/verification")
def save_verification(app_id: str) -> AnyResponse | tuple[str, int]:
    """Save whether requests must be signed, and how."""
    app = app_or_404(app_id)
    problem = settings_forms.verification_problem(app, request.form)
    if problem:
        return _refused(app, "required", problem)
    settings_forms.apply_verification(app, request.form)
    return _saved(app, "verification")


@blueprint.post("/apps/<app_id>/sso/verification/certificates")
def add_verification_certificate(app_id: str) -> AnyResponse | tuple[str, int]:
    """Import a certificate that requests are verified with, beside those there are."""
    app = app_or_404(app_id)
    try:
        settings_forms.add_verification_certificate(app, _uploaded("certificate"))
    except ValueError as error:
        return _refused(app, "verification", error)
    return _saved(app, "verification")


@blueprint.post("/apps/<app_id>/sso/verification/certificates/<thumbprint>/remove")
def remove_verification_certificate(app_id: str, thumbprint: str) -> AnyResponse | tuple[str, int]:
    """Verify with this certificate no longer."""
    app = app_or_404(app_id)
    try:
        settings_forms.remove_verification_certificate(app, thumbprint)
    except ValueError as error:
        return _refused(app, "removal", error)
    return _saved(app, "verification")


@blueprint.post("/apps/<app_id>/sso/encryption")
def save_encryption(app_id: str) -> AnyResponse | tuple[str, int]:
    """Import the certificate that assertions are encrypted for, and use it at once."""
    app = app_or_404(app_id)
    try:
        app.encryption_certificate = read_certificate(_uploaded("certificate"))
    except ValueError as error:
        return _refused(app, "encryption", error)
    return _saved(app, "encryption")


@blueprint.post("/apps/<app_id>/sso/encryption/off")
def stop_encrypting(app_id: str) -> AnyResponse:
    """Encrypt assertions no longer."""
    app = app_or_404(app_id)
    app.encryption_certificate = ""
    return _saved(app, "encryption")


@blueprint.get("/apps/<app_id>/metadata.xml")
def download(app_id: str) -> Response:
    """Return the federation metadata as a file named after the application."""
    app = app_or_404(app_id)
    disposition = f"attachment; filename*=UTF-8''{quote(app.name, safe='')}.xml"
    headers = {"Content-Disposition": disposition}
    return Response(tenant().metadata(app), mimetype="application/xml", headers=headers)


@blueprint.post("/apps/<app_id>/test")
def test_sign_in(app_id: str) -> str:
    """Sign in as the chosen user, started here: an unsolicited response."""
    app = app_or_404(app_id)
    answer = answer_for(app, user_or_404(request.form.get("account", "")))
    return post_page(app.reply_url, answer, app.relay_state or None)


@blueprint.post("/apps/<app_id>/sign-out")
def sign_out(app_id: str) -> AnyResponse:
    """Sign a user out of the directory: the application is told, by way of the browser."""
    app = app_or_404(app_id)
    return redirect(tenant().logout_request_url(app, user_or_404(request.form.get("account", ""))), 303)


def _uploaded(field: str) -> bytes:
    """Return the file of a form. Raises ValueError with a sentence to show, if there is none or it is too large."""
    try:
        file = request.files.get(field)
    except RequestEntityTooLarge as error:
        raise ValueError("This file is larger than 1 MB.") from error
    if not file:
        raise ValueError("Choose a file.")
    data: bytes = file.read()
    return data


def _refused(app: App, field: str, problem: ValueError | str) -> tuple[str, int]:
    """Return the page again with the error beside the field; nothing was saved."""
    return _sso_page(app, settings_forms.basic_of(app), {field: str(problem)}), 422


def _saved(app: App, part: str, page: str = ".sso") -> AnyResponse:
    directory().save()
    target: dict[str, Any] = {"app_id": app.id, "saved": part, "_anchor": part}
    return redirect(url_for(page, **target), 303)
