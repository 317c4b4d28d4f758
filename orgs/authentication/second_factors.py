"""Adapter and forms for django-allauth's second factors: secrets encrypted in the database, and each code used once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.core import context as current
from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.base import forms as base_forms
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.totp import views as totp_views
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, generate_totp_secret
from django import forms
from django.db import transaction
from django.http import HttpResponse

from orgs.crypto import encryption
from orgs.services import second_factors

if TYPE_CHECKING:
    _Form = forms.Form
else:
    _Form = object


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """allauth's second factors with secrets that are encrypted at rest."""

    def encrypt(self, text: str) -> str:
        """Return the encrypted form of a secret, which may be stored."""
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return a stored secret. Raises LockedKeyError."""
        return encryption.decrypt(encrypted_text)


class _UsesCodeUp(_Form):
    """A form whose code can be used once, whichever process or cache saw it first."""

    user: Any

    def clean_code(self) -> str:
        """Use the code up. Raises ValidationError, and tells the audit log, when it is wrong or used."""
        clear_rate_limit = check_rate_limit(self.user)
        code: str = self.cleaned_data["code"]
        authenticator = second_factors.use_code(user=self.user, code=code)
        if authenticator is None:
            self._tell_of_wrong_code()
            raise get_adapter().validation_error("incorrect_code")
        authenticator.user = self.user
        self.authenticator = authenticator
        clear_rate_limit()
        return code

    def _tell_of_wrong_code(self) -> None:
        """Name the authenticator app where there is one: which kind of code was meant cannot be known."""
        by_code = Authenticator.objects.filter(user=self.user).exclude(type=Authenticator.Type.WEBAUTHN)
        meant = max(by_code, key=lambda each: bool(each.type == Authenticator.Type.TOTP), default=None)
        if meant is not None:
            self._emit_authentication_failed(meant)  # type: ignore[attr-defined]  # allauth's


class AuthenticateForm(_UsesCodeUp, base_forms.AuthenticateForm):  # type: ignore[misc]
    """Sign in with a code after the password."""


class ReauthenticateForm(_UsesCodeUp, base_forms.ReauthenticateForm):  # type: ignore[misc]
    """Confirm a signed-in user with a code."""


class ActivateTOTPForm(totp_forms.ActivateTOTPForm):  # type: ignore[misc]
    """Set up an authenticator app. Until then its new secret waits in the session, encrypted."""

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        # Skips allauth's own method, which would keep the secret in the session in plain text.
        super(totp_forms.ActivateTOTPForm, self).__init__(*args, **kwargs)
        self.user = user
        self.secret = _waiting_secret() if self.is_bound else _new_secret()


class ActivateTOTP(totp_views.ActivateTOTPView):  # type: ignore[misc]
    """The page that sets up an authenticator app."""

    def form_valid(self, form: ActivateTOTPForm) -> HttpResponse:
        """Add the app; the code that proved it is used up and opens nothing else."""
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)
            second_factors.use_code(user=form.user, code=form.cleaned_data["code"])
        return answer


def _waiting_secret() -> str:
    stored = current.request.session.get(SECRET_SESSION_KEY)
    return encryption.decrypt(stored) if stored else _new_secret()


def _new_secret() -> str:
    secret: str = generate_totp_secret()
    current.request.session[SECRET_SESSION_KEY] = encryption.encrypt(secret)
    return secret
