"""Account pages that differ from allauth's own."""

from __future__ import annotations

from allauth.account import views as account_views
from allauth.mfa.base import views as factor_views
from allauth.mfa.webauthn import views as passkey_views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from orgs.access import sign_in_page

password_sign_in = sign_in_page(account_views.login)
second_factor = sign_in_page(factor_views.authenticate)
passkey_sign_in = sign_in_page(passkey_views.login_webauthn)


@require_safe
def email_address(request: HttpRequest) -> HttpResponse:
    """Say that the e-mail address of an account cannot be changed, and what to do instead (AM-64)."""
    return render(request, "orgs/email_address.html")
