"""Describing what a sign-in shows of the identity provider's clock, and what an admin does about it."""

from __future__ import annotations

from dataclasses import dataclass

from sso.providers import guide_of
from sso.saml import SKEW

# From here on an admin should look: far above what a network takes, far below what refuses a sign-in.
_LARGE = 60
_UNITS = (("day", 24 * 3600), ("hour", 3600), ("minute", 60), ("second", 1))
_WRONG = (
    f"One of the two clocks is wrong, and with a difference of {SKEW.seconds // 60} minutes or more users can be "
    "refused. "
)
_YOURS = (
    "If the identity provider runs on a server of yours, such as AD FS or Keycloak, let that server set its clock "
    "by NTP (on Windows: w32tm /resync). Otherwise tell the operator of Amplisso: our clock may be wrong."
)
_OURS = "The clock of {} is reliable, so ours is probably wrong: tell the operator of Amplisso."


@dataclass(frozen=True, slots=True)
class Clock:
    """Comparison of the provider's clock with ours, and what to do; `advice` is "" where there is nothing to do."""

    words: str
    advice: str


def clock_of(skew: int | None, provider: str) -> Clock | None:
    """Say what `SignIn.clock_skew` means for a connection's provider; None if it was not measured."""
    if skew is None:
        return None
    if skew == 0:
        return Clock("No difference from ours, as far as one response shows", "")
    side = "ahead of" if skew > 0 else "behind"
    return Clock(f"At least {_length(abs(skew))} {side} ours", _advice(provider) if abs(skew) >= _LARGE else "")


def _advice(provider: str) -> str:
    guide = guide_of(provider)
    return _WRONG + (_OURS.format(guide.name) if guide.is_cloud_service else _YOURS)


def clock_findings(skew: int | None, provider: str) -> list[str]:
    """Return what to do about the provider's clock, for the admin who has just tested the sign-in; [] for nothing."""
    clock = clock_of(skew, provider)
    return [f"Clock of the provider: {clock.words}. {clock.advice}"] if clock and clock.advice else []


def _length(seconds: int) -> str:
    """Return a duration in its two largest units: 2 minutes 5 seconds."""
    words = []
    for name, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            words.append(f"{count} {name}" + ("s" if count > 1 else ""))
    return " ".join(words[:2])
