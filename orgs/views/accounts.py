"""Account pages that differ from allauth's own."""

from __future__ import annotations

from typing import Any

from allauth.account import views as account_views
from allauth.mfa.base import views as factor_views
from allauth.mfa.webauthn import views as passkey_views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from orgs.access import sign_in_page


class PasswordSignIn(account_views.LoginView):  # type: ignore[misc]  # allauth ships no types
    """Sign in with a password. A wrong one brings back the page it was typed on, of which there are two."""

    def get_template_names(self) -> list[str]:
        """The page that knows the address already, or the one that asks for it."""
        return ["sso/sign_in_otherwise.html" if "address_is_known" in self.request.POST else self.template_name]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the page that knows the address was first shown with, and its errors."""
        context = super().get_context_data(**kwargs)
        known = {"address": context["form"]["login"].value(), "next": context["redirect_field_value"]}
        return {**context, **known}


password_sign_in = sign_in_page(PasswordSignIn.as_view())
second_factor = sign_in_page(factor_views.authenticate)
passkey_sign_in = sign_in_page(passkey_views.login_webauthn)


@require_safe
def email_address(request: HttpRequest) -> HttpResponse:
    """Say that the e-mail address of an account cannot be changed, and what to do instead (AM-64)."""
    return render(request, "orgs/email_address.html")
