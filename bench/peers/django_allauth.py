"""django-allauth's SAML provider: its ACS keeps the response in a session, and a second request signs in."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from bench.peers.worker import Prepare, SignIn
from bench.provider import HOST, SSO_URL, Material
from bench.wsgi import Reply, call, encoded

_ACS_PATH = "/accounts/saml/bench/acs/"
_ACS, _ENTITY_ID = f"https://{HOST}{_ACS_PATH}", f"https://{HOST}/accounts/saml/bench/metadata/"
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"


def home(request: HttpRequest) -> HttpResponse:
    """Return the page on which a sign-in ends."""
    return HttpResponse()


urlpatterns = [path("accounts/", include("allauth.urls")), path("", home)]


def begin() -> Prepare:
    """Tell allauth about the provider; the first sign-in makes the account."""
    material = Material.create()
    app = dataclasses.replace(material.app, identifier=_ENTITY_ID, reply_url=_ACS)
    body = encoded({"SAMLResponse": material.tenant.respond(app, "ada")})
    settings.SOCIALACCOUNT_PROVIDERS = {"saml": {"APPS": [_app(material)]}}
    application = WSGIHandler()

    def once() -> None:
        answer = call(application, _ACS_PATH, body)
        cookies = dict(answer.cookies)
        answer = call(application, answer.location.removeprefix(f"https://{HOST}"), cookies=cookies)
        _check(answer)

    def prepare(count: int) -> list[SignIn]:
        return [once] * count

    once()
    return prepare


def _app(material: Material) -> dict[str, Any]:
    return {
        "provider_id": material.tenant.issuer,
        "client_id": "bench",
        "name": "Bench",
        "settings": {
            "attribute_mapping": {"uid": _CLAIMS + "name", "email": _CLAIMS + "emailaddress"},
            "idp": {
                "entity_id": material.tenant.issuer,
                "sso_url": SSO_URL,
                "x509cert": material.app.signing_key().certificate_base64,
            },
            "sp": {"entity_id": _ENTITY_ID},
            "advanced": {
                "strict": True,
                "want_assertion_signed": True,
                "reject_deprecated_algorithm": True,
                "reject_idp_initiated_sso": False,
            },
        },
    }


def _check(answer: Reply) -> None:
    if answer.location != "/" or "sessionid" not in answer.cookies:
        raise RuntimeError(answer)
