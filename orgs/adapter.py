"""The adapters of django-allauth, which keeps local accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse

from orgs.access import actor_of
from orgs.authentication.known_browsers import known_browser
from orgs.emails import absolute
from orgs.errors import NotAllowedError
from orgs.models import User
from orgs.services import accounts, grants, password_attempts
from orgs.services.mailed.posting import post_confirmation
from orgs.sessions.allauth_list import forget_sessions
from orgs.sessions.names import session_name
from orgs.text.email_addresses import normal_address
from orgs.text.visible_text import visible
from outbox.services import post_mail

# Asked in turn for the page to show after signing out; "" leaves it to the next one. Apps above this one add to it.
PAGES_AFTER_SIGN_OUT: list[Callable[[HttpRequest], str]] = []


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """allauth's adapter with our form of addresses, and with links that never depend on the Host header."""

    error_messages = {  # noqa: RUF012  allauth's
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "The e-mail address or the password is wrong.",
        "too_many_login_attempts": "Too many wrong codes. Try again in five minutes.",
        "enter_current_password": "This is not your current password.",
        "incorrect_password": "This is not your password.",
        "incorrect_code": "This code is wrong or has expired.",
        "account_inactive": "This account is disabled.",
        "email_taken": "There is already an account with this e-mail address.",
        "unknown_email": "There is no account with this e-mail address.",
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the IP address of the client; a request that did not pass all of our proxies has none.

        Raises PermissionDenied, as allauth does, for which pages that count tries answer 403.
        """
        try:
            return str(super().get_client_ip(request))
        except ImproperlyConfigured as error:
            raise PermissionDenied("X-Forwarded-For lists fewer proxies than TRUSTED_PROXY_COUNT") from error

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt, instead of allauth's own limit. Raises ValidationError, alike for every address."""
        address = str(credentials.get("email", ""))
        try:
            self._attempt = password_attempts.begin_attempt(
                address=address, client=actor_of(request).client, known_browser=known_browser(request, address)
            )
        except NotAllowedError as refusal:
            raise ValidationError(str(refusal), code="too_many_login_attempts") from refusal

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Return the account whose password this is, or None; only wrong passwords stay counted."""
        user = super().authenticate(request, **credentials)
        if user is not None:
            password_attempts.forget_attempt(attempt=self._attempt)
        return user

    def set_password(self, user: User, password: str) -> None:
        """Give an account a new password; the page says so if another request was first. allauth would save the row."""
        try:
            accounts.replace_password(user=user, password=password)
        except NotAllowedError as refusal:
            page = render(current.request, "account/password_replaced.html", status=HTTPStatus.CONFLICT)
            raise ImmediateHttpResponse(page) from refusal

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Forget the wrong passwords of an account that has just been given a new one by mail; allauth calls this."""
        password_attempts.forget_attempts(address=str(credentials.get("email", "")))

    def clean_email(self, email: str) -> str:
        """Bring an address into its one stored form. Raises ValidationError."""
        return normal_address(email)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """Return the link in the confirmation mail."""
        return absolute(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link in the password mail."""
        return absolute(reverse("account_reset_password_from_key", kwargs=_key_parts(key)))

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """Return the page to show after signing out; called before the grants are ended, followed after."""
        pages = (page(request) for page in PAGES_AFTER_SIGN_OUT)
        return next(filter(None, pages), "") or str(super().get_logout_redirect_url(request))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write one of allauth's notices and let the worker send it; every link in them starts with `base_url`."""
        mail = self.render_mail(template_prefix, email, {"email": email, "base_url": settings.BASE_URL, **context})
        parameters = {"subject": str(mail.subject), "body": str(mail.body)}
        post_mail(name=template_prefix, to=email, parameters=parameters)

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Do nothing: the page has posted the mail already, for addresses with and without an account alike."""

    def send_account_already_exists_mail(self, email: str) -> None:
        """Let the worker tell the owner of an account that a visitor tried to sign up with its address."""
        post_mail(name="account_already_exists", to=email, parameters={})

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:  # noqa: FBT001  allauth's
        """Let the worker send the link that confirms an address."""
        post_confirmation(address=emailconfirmation.email_address)

    def render_mail(self, template_prefix: str, email: Any, context: dict[str, Any], headers: Any = None) -> Any:
        """Render a mail in which text of others hides nothing."""
        mail = super().render_mail(template_prefix, email, context, headers)
        mail.subject, mail.body = visible(mail.subject), visible(mail.body)
        return mail

    def can_delete_email(self, email_address: Any) -> bool:
        """Return False: the e-mail address is the account's key (AM-64)."""
        return False

    def populate_username(self, request: HttpRequest, user: User) -> None:
        """Do nothing: there are no user names."""


class SessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]
    """allauth's list of sessions, in which an ended one has no live grant left."""

    def end_sessions(self, sessions: Iterable[UserSession]) -> None:
        """End the grants of all sessions of this user but the current one, then forget them.

        allauth calls it with exactly these. It is the same few statements for any number of them.
        """
        request = self.request
        grants.end_other_sessions(user=request.user, session=session_name(request), actor=actor_of(request))
        forget_sessions([each.session_key for each in sessions])


def _key_parts(key: str) -> dict[str, str]:
    uid, _, token = key.partition("-")
    return {"uidb36": uid, "key": token}
