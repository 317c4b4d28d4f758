"""Account pages that differ from allauth's own."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.account import views as account_views
from allauth.account.internal.stagekit import get_pending_stage
from allauth.core.ratelimit import consume
from allauth.mfa.base import views as factor_views
from allauth.mfa.webauthn import views as passkey_views
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from orgs.access import actor_of, sign_in_page
from orgs.models import User
from orgs.services import accounts, locks
from orgs.services.mailed import posting
from orgs.text.email_addresses import normal_address
from orgs.views.pages import too_many_requests
from orgs.views.responses import see_other

_CHOOSE_ANOTHER = (
    "This account was used with single sign-on before its address was confirmed. We therefore removed the "
    "password that was chosen at sign-up, because it may not have been yours. To use a password, choose one here."
)


class PasswordSignIn(account_views.LoginView):  # type: ignore[misc]  # allauth ships no types
    """Sign in with a password. A wrong one brings back the page it was typed on, of which there are two."""

    def get_template_names(self) -> list[str]:
        """Return the page that knows the address already, or the one that asks for it."""
        return ["sso/sign_in_otherwise.html" if "address_is_known" in self.request.POST else self.template_name]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the values with which the page that knows the address was first shown, and its errors."""
        context = super().get_context_data(**kwargs)
        known = {"address": context["form"]["login"].value(), "next": context["redirect_field_value"]}
        return {**context, **known}


class SignUp(account_views.SignupView):  # type: ignore[misc]
    """Make an account. An address that has one takes as long, and its owner gets a mail instead."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Limit the mails to one address. Hash the password here if allauth will not: it is nearly all of the time."""
        if not consume(self.request, action="sign_up_mail", key=form.cleaned_data["email"]):
            return too_many_requests(self.request)
        if form.account_already_exists:
            make_password(form.cleaned_data["password1"])
        answer: HttpResponse = super().form_valid(form)
        return answer


class AskForReset(account_views.PasswordResetView):  # type: ignore[misc]
    """Ask for the mail that sets a new password. The log has each request within the limits, for any address."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Post the mail unless a limit is exceeded; whether there is an account is asked when it is sent."""
        answer: HttpResponse = super().form_valid(form)
        if answer.status_code != HTTPStatus.TOO_MANY_REQUESTS:
            posting.ask_for_reset(address=normal_address(form.cleaned_data["email"]), actor=actor_of(self.request))
        return answer


class ConfirmAddress(account_views.ConfirmEmailView):  # type: ignore[misc]
    """Ask a visitor whether an address is theirs. A signed-in user stays signed in until the answer is yes."""

    def logout_other_user(self, confirmation: Any) -> None:
        """Sign another user out by POST only: any site could embed the link, so opening it ends no session."""
        if self.request.method == "POST":
            super().logout_other_user(confirmation)

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Confirm the address, and have a new password chosen where the one of the sign-up may be a stranger's.

        The account is held, so that of two requests with one link the second finds it used.
        """
        try:
            return self._confirm(self.get_object().email_address.user, *args, **kwargs)
        except Http404:
            self.object = None
            over: HttpResponse = self.render_to_response(self.get_context_data())
            return over

    def _confirm(self, user: User, *args: Any, **kwargs: Any) -> HttpResponse:
        with transaction.atomic():
            locks.hold_account(user)
            forgotten = not _typed_password_here(self.request, user) and accounts.forget_password_of_sign_up(
                user=user, actor=actor_of(self.request, user)
            )
            response: HttpResponse = super().post(*args, **kwargs)
        if not forgotten:
            return response
        messages.warning(self.request, _CHOOSE_ANOTHER)
        return see_other("account_reset_password")


def _typed_password_here(request: HttpRequest, user: User) -> bool:
    """Return whether a sign-up or sign-in of this account waits in this browser for its address to be confirmed."""
    stage = get_pending_stage(request)
    return stage is not None and stage.login.user == user


sign_up = SignUp.as_view()
ask_for_reset = AskForReset.as_view()
confirm_address = login_not_required(ConfirmAddress.as_view())
password_sign_in = sign_in_page(PasswordSignIn.as_view())
second_factor = sign_in_page(factor_views.authenticate)
passkey_sign_in = sign_in_page(passkey_views.login_webauthn)


@require_safe
def email_address(request: HttpRequest) -> HttpResponse:
    """Say that the e-mail address of an account cannot be changed, and what to do instead (AM-64)."""
    return render(request, "orgs/email_address.html")
