"""Outcomes of a response that was posted to the ACS."""

from __future__ import annotations

from dataclasses import dataclass

from orgs.models import Organization, SessionGrant
from sso.models import Configuration, ConfigurationState, SignIn


@dataclass(frozen=True, slots=True)
class Finished:
    """Success: `grant` says who is signed in, and under which name the session is to be made."""

    sign_in: SignIn
    grant: SessionGrant


@dataclass(frozen=True, slots=True)
class Refused:
    """Refusal: the visitor gets the reference of the row that says why."""

    sign_in: SignIn


@dataclass(frozen=True, slots=True)
class Repeated:
    """A repeated response from the browser that asked, which the first one signed in; nothing changes."""

    sign_in: SignIn


@dataclass(frozen=True, slots=True)
class UnsolicitedResponse:
    """A response that this browser did not ask for, or too long ago: ask properly, once (invariant 4)."""

    organization: Organization
    restart_of: SignIn | None
    # The page that an unsolicited response led to.
    kept_path: str = ""

    @property
    def next_path(self) -> str:
        """Return the page that the visitor wanted to go to."""
        return self.restart_of.next_path if self.restart_of else self.kept_path

    @property
    def draft(self) -> Configuration | None:
        """Return the draft that was being tested, if it still is one."""
        configuration = self.restart_of.configuration if self.restart_of else None
        return configuration if configuration and configuration.state == ConfigurationState.DRAFT else None
