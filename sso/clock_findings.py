"""What a sign-in shows of the identity provider's clock, in an admin's words, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from sso.saml import SKEW

# From here on somebody should look: far above what a network takes, far below what refuses people.
_LARGE = 60
_UNITS = (("day", 24 * 3600), ("hour", 3600), ("minute", 60), ("second", 1))
_ADVICE = (
    f"One of the two clocks is wrong, and from {SKEW.seconds // 60} minutes on people can be refused. If the identity "
    "provider runs on a server of yours, such as AD FS or Keycloak, have that server set its clock by NTP (on Windows: "
    "w32tm /resync). A cloud service such as Microsoft Entra ID keeps its time: then ours is wrong, so tell whoever "
    "runs Amplisso for you."
)


@dataclass(frozen=True, slots=True)
class Clock:
    """How the provider's clock stands to ours, and what to do; `advice` is "" where there is nothing to do."""

    words: str
    advice: str


def clock_of(skew: int | None) -> Clock | None:
    """Say what `SignIn.clock_skew` means; None if it was not measured."""
    if skew is None:
        return None
    if skew == 0:
        return Clock("No difference from ours, as far as one answer shows", "")
    side = "ahead of" if skew > 0 else "behind"
    return Clock(f"At least {_length(abs(skew))} {side} ours", _ADVICE if abs(skew) >= _LARGE else "")


def clock_findings(skew: int | None) -> list[str]:
    """The same as sentences for the admin who has just tested the sign-in; none unless there is something to do."""
    clock = clock_of(skew)
    return [f"Clock of the provider: {clock.words}. {clock.advice}"] if clock and clock.advice else []


def _length(seconds: int) -> str:
    """The two largest units that say anything: 2 minutes 5 seconds."""
    words = []
    for name, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            words.append(f"{count} {name}" + ("s" if count > 1 else ""))
    return " ".join(words[:2])
