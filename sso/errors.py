"""The errors of single sign-on, by who can act.

The admin who reads the message   TooManyUploadsError, DayError, SettingsChangedError
The user who is signing in        TooManyStartsError, NotConnectedError, SignInRefused
The service that calls            AddressError, AlreadyConsumed, NoDraftError
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from orgs.errors import NotAllowedError

if TYPE_CHECKING:
    from sso.reasons import OperatorReason, Reason
    from sso.services.sign_in.asserted import Place


class TooManyUploadsError(NotAllowedError):
    """An organization has uploaded as many files as it may for now; `wait` says how long until the next one."""

    def __init__(self, message: str, *, wait: timedelta) -> None:
        super().__init__(message)
        self.wait = wait


class DayError(NotAllowedError):
    """A waiver can't end on the day that was chosen."""


class SettingsChangedError(NotAllowedError):
    """Other settings were saved, or a draft went live, after the page was made."""


class TooManyStartsError(Exception):
    """One client has begun too many sign-ins at one organization without signing in."""


class NotConnectedError(Exception):
    """This organization has no identity provider that could be asked now."""


class SignInRefused(Exception):
    """A refused sign-in; raised before anything was written. `facts`: see SignIn.facts."""

    def __init__(
        self,
        reason: Reason,
        detail: str = "",
        operator_reason: OperatorReason | Literal[""] = "",
        facts: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(reason.value)
        self.reason, self.detail, self.operator_reason, self.facts = reason, detail, operator_reason, facts


class AddressError(Exception):
    """An assertion names no e-mail address, or several (`is_ambiguous`). `places` are those that were looked at."""

    def __init__(self, places: list[Place], *, is_ambiguous: bool) -> None:
        super().__init__(places)
        self.places, self.is_ambiguous = places, is_ambiguous


class AlreadyConsumed(Exception):
    """A concurrent response to the same request was quicker; nothing of this one may stay."""


class NoDraftError(RuntimeError):
    """A configuration that is not, or no longer, a draft was to become active."""
