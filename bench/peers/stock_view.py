"""A minimal Django view round python3-saml, as its documentation has it: any response to this ACS, no replay table."""

from __future__ import annotations

from functools import cache

from django.contrib.auth import get_user_model, login
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseRedirect
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from onelogin.saml2.auth import OneLogin_Saml2_Auth

from bench.peers.worker import Prepare, SignIn
from bench.provider import ACS_PATH, Material
from bench.wsgi import call, encoded


@cache
def _material() -> Material:
    return Material.create()


@csrf_exempt
def acs(request: HttpRequest) -> HttpResponse:
    """Take a response, with settings made for each request, since each organization has its own."""
    auth = OneLogin_Saml2_Auth(
        {
            "https": "on" if request.is_secure() else "off",
            "http_host": request.get_host(),
            "script_name": request.path,
            "get_data": request.GET.copy(),
            "post_data": request.POST.copy(),
        },
        _material().stock_settings(),
    )
    auth.process_response()
    if auth.get_errors() or not auth.is_authenticated():
        return HttpResponseForbidden()
    user = get_user_model().objects.get(email=auth.get_nameid())
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session["samlNameId"] = auth.get_nameid()
    request.session["samlSessionIndex"] = auth.get_session_index()
    return HttpResponseRedirect("/")


urlpatterns = [path(ACS_PATH.lstrip("/"), acs)]


def begin() -> Prepare:
    """Make the user, and one response, which this view takes as often as it comes."""
    address = "ada@contoso.example"
    get_user_model().objects.get_or_create(email=address)
    application = WSGIHandler()
    body = encoded({"SAMLResponse": _material().response("_" + "0" * 40)})

    def once() -> None:
        answer = call(application, ACS_PATH, body)
        if answer.status != HttpResponseRedirect.status_code or "sessionid" not in answer.cookies:
            raise RuntimeError(answer)

    def prepare(count: int) -> list[SignIn]:
        return [once] * count

    return prepare
