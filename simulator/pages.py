"""The simulator as a web application: its blueprints, headers and error pages."""

import datetime as dt
import uuid
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, abort, render_template, request
from werkzeug.exceptions import HTTPException, SecurityError

from simulator import my_apps, portal, sign_in
from simulator.context import EXTENSION
from simulator.directory import Directory
from simulator.refusals import Refusal
from simulator.tenant import Tenant

MAX_UPLOAD: Final = 1_000_000
# No form-action: a response is posted to whatever Reply URL an application has.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def build(source: Tenant | Path | str, base_url: str = "") -> Flask:
    """Return the Flask application over a tenant in memory or a state folder."""
    app = Flask("simulator")
    directory = Directory(source, base_url)
    app.extensions[EXTENSION] = directory
    host = urlsplit(directory.tenant.base_url).hostname or "localhost"
    # Any other host name could be a stranger's, made to point at this machine (DNS rebinding).
    app.config.update(TRUSTED_HOSTS=[host, "127.0.0.1", "localhost"], MAX_CONTENT_LENGTH=MAX_UPLOAD)
    for blueprint in (portal.blueprint, my_apps.blueprint, sign_in.blueprint):
        app.register_blueprint(blueprint)
    app.before_request(_refuse_foreign_forms)
    app.after_request(_add_headers)
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _failed)
    return app


def _refuse_foreign_forms() -> None:
    """Refuse forms that another site has sent, except at the sign-in endpoint."""
    foreign = request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}
    if request.method == "POST" and foreign and request.endpoint != "sign_in.saml2":
        abort(403)


def _add_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def _refused(refusal: Refusal) -> tuple[str, int]:
    page = render_template(
        "refused.html",
        refusal=refusal,
        request_id=uuid.uuid4(),
        correlation_id=uuid.uuid4(),
        timestamp=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    )
    return page, 400


def _failed(error: HTTPException) -> tuple[str, int]:
    if isinstance(error, SecurityError):
        return "This host name is not the simulator's.", 400
    return render_template("failed.html", error=error), error.code or 500
