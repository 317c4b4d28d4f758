"""allauth's forms for passkeys and security keys, made safe against what no browser sends (invariant 7)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms as allauth_forms
from django import forms

# What the reader of credentials raises, besides the two that allauth expects, when a part is missing or is not what it
# should be at any depth.
_UNREADABLE = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError, struct.error)
if TYPE_CHECKING:
    _Form = forms.Form
else:
    _Form = object


class _Readable(_Form):
    """A form that takes a credential that cannot be read for a wrong code.

    Browsers escape nothing in a credential but what PostgreSQL could not store: NUL and halves of letters.
    """

    def full_clean(self) -> None:
        try:
            if "\\u" in str(self.data.get("credential", "")):
                raise ValueError("escaped")
            super().full_clean()
        except _UNREADABLE:
            self.data: Any = {}
            super().full_clean()
            self.errors["credential"] = self.error_class(get_adapter().validation_error("incorrect_code").messages)


class AddPasskeyForm(_Readable, allauth_forms.AddWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """Add a passkey or a security key to the account."""


class LoginPasskeyForm(_Readable, allauth_forms.LoginWebAuthnForm):  # type: ignore[misc]
    """Sign in with a passkey instead of a password."""


class AuthenticatePasskeyForm(_Readable, allauth_forms.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """Use a security key as the second factor."""


class ReauthenticatePasskeyForm(_Readable, allauth_forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """Confirm a signed-in user with a passkey or a security key."""
