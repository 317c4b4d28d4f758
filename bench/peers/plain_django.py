"""A Django sign-in without SAML and without a password to check: what the framework and the database cost alone."""

from __future__ import annotations

from django.contrib.auth import get_user_model, login
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from bench.peers.worker import Prepare, SignIn
from bench.wsgi import call, encoded

_ADDRESS = "ada@contoso.example"


@csrf_exempt
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in the user of the address, without proof."""
    user = get_user_model().objects.get(email=request.POST["address"])
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return HttpResponseRedirect("/")


urlpatterns = [path("sign-in", sign_in)]


def begin() -> Prepare:
    """Make the user."""
    get_user_model().objects.get_or_create(email=_ADDRESS)
    application, body = WSGIHandler(), encoded({"address": _ADDRESS})

    def once() -> None:
        answer = call(application, "/sign-in", body)
        if answer.status != HttpResponseRedirect.status_code or "sessionid" not in answer.cookies:
            raise RuntimeError(answer)

    def prepare(count: int) -> list[SignIn]:
        return [once] * count

    return prepare
