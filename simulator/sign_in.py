"""The endpoints a service provider knows: sign-in, sign-out and federation metadata."""

from collections.abc import Mapping

from flask import Blueprint, Response, after_this_request, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from simulator.apps import App
from simulator.context import tenant, user_or_404
from simulator.refusals import Refusal
from simulator.saml.request_signatures import check_signature, refuse_unasked
from simulator.saml.requests import SamlRequest, read_request
from simulator.users import User

blueprint = Blueprint("sign_in", __name__)
LAST_PERSON = "last_person"  # a cookie: an alias


@blueprint.route("/<tenant_id>/saml2", methods=["GET", "POST"])
def saml2(tenant_id: str) -> str | AnyResponse:
    """Take a request by Redirect (GET) or POST and ask which user signs in."""
    _require_tenant(tenant_id)
    if request.method == "GET" and "SAMLResponse" in request.args:
        return render_template("signed_out.html")
    values = request.args if request.method == "GET" else request.form
    binding = "redirect" if request.method == "GET" else "post"
    asked = read_request(values.get("SAMLRequest", ""), deflated=binding == "redirect")
    if asked.is_logout:
        return _signed_out(asked, values.get("RelayState"))
    app = _app_for(asked)
    relay_state = values.get("RelayState")
    check_signature(app, values["SAMLRequest"], binding=binding, query=_raw_query(), relay_state=relay_state)
    if asked.is_passive:
        raise Refusal(50058, "A silent sign-in was asked for, but no user is signed in here.")
    return _account_picker(app, values, binding)


def _raw_query() -> str:
    """Return the query as it was sent: a signature of the Redirect binding is over these very octets."""
    return request.query_string.decode("latin-1")


def _signed_out(asked: SamlRequest, relay_state: str | None) -> str | AnyResponse:
    """Sign out; Entra answers only where a Logout URL is registered, and is not known to verify the signature here."""
    app = tenant().app_with_identifier(asked.issuer)
    if app is None or not app.logout_url:
        return render_template("signed_out.html")
    return redirect(tenant().logout_response_url(app, asked, relay_state))


def _account_picker(app: App, values: Mapping[str, str], binding: str) -> str:
    # Some senders put the hint into the address even when they post the request.
    hint = values.get("login_hint") or request.args.get("login_hint", "")
    return render_template(
        "pick_account.html",
        app=app,
        people=_likely_first(list(tenant().users.values()), hint),
        hint=hint,
        last=request.cookies.get(LAST_PERSON, ""),
        binding=binding,
        saml_request=values["SAMLRequest"],
        query=_raw_query() if app.requires_signed_requests else "",
        relay_state=values.get("RelayState"),
        tenant=tenant(),
    )


def _likely_first(people: list[User], hint: str) -> list[User]:
    last = request.cookies.get(LAST_PERSON, "")
    return sorted(people, key=lambda user: (not is_hinted(user, hint), user.alias != last))


def remember(user: User) -> None:
    """Remember the user, to be offered first at the next sign-in, as by Entra's own session."""

    @after_this_request
    def add_cookie(response: Response) -> Response:
        response.set_cookie(LAST_PERSON, user.alias, httponly=True, samesite="Lax")
        return response


def is_hinted(user: User, hint: str) -> bool:
    """Return whether `hint` is one of the names this user goes by."""
    names = {name.casefold() for name in (user.upn, user.mail) if name}
    return hint.casefold() in names


@blueprint.app_template_test("hinted")
def _hinted(user: User, hint: str) -> bool:
    return is_hinted(user, hint)


@blueprint.post("/<tenant_id>/saml2/account")
def account(tenant_id: str) -> str:
    """Respond to the request that the picker carried along, for the chosen account or as declined."""
    _require_tenant(tenant_id)
    message, binding = request.form.get("SAMLRequest", ""), request.form.get("binding", "")
    asked = read_request(message, deflated=binding == "redirect")
    app = _app_for(asked)
    query, relay_state = request.form.get("query", ""), request.form.get("RelayState")
    check_signature(app, message, binding=binding, query=query, relay_state=relay_state)
    if "cancel" in request.form:
        answer = tenant().decline(
            app,
            65004,
            "The user declined to sign in.",
            in_response_to=asked.id,
            reply_url=asked.acs_url,
        )
    else:
        user = user_or_404(request.form.get("account", ""))
        answer = answer_for(app, user, asked)
        remember(user)
    return post_page(asked.acs_url or app.reply_url, answer, relay_state)


def answer_for(app: App, user: User, asked: SamlRequest | None = None) -> str:
    """Return the SAMLResponse for this user, to a request or unsolicited. Raises Refusal 50105 if not assigned."""
    if asked is None:
        refuse_unasked(app)
    if user.alias not in app.assigned:
        raise Refusal(
            50105,
            f"'{app.name}' is open to assigned people only, and {user.sign_in_name} "
            "isn't one of them. An administrator can assign them under Users and groups.",
        )
    if not app.reply_url:
        raise Refusal(50011, f"'{app.name}' has no Reply URL yet.")
    return tenant().respond(app, user, request=asked)


def post_page(reply_url: str, saml_response: str, relay_state: str | None) -> str:
    """Return the page that posts a response to the service provider by itself."""
    return render_template("post.html", reply_url=reply_url, saml_response=saml_response, relay_state=relay_state)


@blueprint.get("/<tenant_id>/federationmetadata/2007-06/federationmetadata.xml")
def federation_metadata(tenant_id: str) -> Response:
    """Return an application's document with `?appid=`, else that of the tenant or of 'common'."""
    if tenant_id == "common":
        return _xml(tenant().common_metadata())
    _require_tenant(tenant_id)
    app_id = request.args.get("appid", "")
    if not app_id:
        return _xml(tenant().tenant_metadata())
    app = tenant().apps.get(app_id)
    if app is None:
        raise Refusal(700016, f"No application has the ID '{app_id}' in this directory.")
    return _xml(tenant().metadata(app))


def _xml(document: bytes) -> Response:
    return Response(document, mimetype="application/xml")


def _require_tenant(tenant_id: str) -> None:
    if tenant_id.lower() != tenant().id:
        raise Refusal(90002, f"There is no tenant '{tenant_id}'. Check the address of the request.")


def _app_for(asked: SamlRequest) -> App:
    app = tenant().app_with_identifier(asked.issuer)
    if app is None:
        raise Refusal(
            700016,
            f"No application with the identifier '{asked.issuer}' was found in the directory "
            f"'{tenant().name}'. The identifier must equal the request's Issuer, letter by letter.",
        )
    if (asked.acs_url or app.reply_url) not in app.reply_urls:
        raise Refusal(
            50011,
            f"The Reply URL '{asked.acs_url}' of the request is not registered for '{app.name}' ({app.identifier}).",
        )
    return app
