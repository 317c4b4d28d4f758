"""Describing a sign-out that the identity provider was told of, and what an admin does about it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from sso import saml
from sso.models import Provider, SignOut, SignOutState
from sso.providers import guide_of

_CONFIRMED = "The sign-out was sent to {} and confirmed."
_NOT_BACK = "The sign-out was sent to {}, and the browser has not come back."
_UNUSABLE = "The sign-out was sent to {}. Its response could not be used:"
_REFUSED = "The sign-out was sent to {}, which did not confirm it:"
_PARTIAL = "The sign-out was sent to {}, which could not end every session of the user:"
_OTHERS = "Ask the user to close the browser, or to sign out of the other applications."


@dataclass(frozen=True, slots=True)
class SignOutStory:
    """A shape of parts/state.html with its word, a sentence, what arrived ("" for nothing), and what to do, or ""."""

    kind: str
    word: str
    sentence: str
    detail: str = ""
    remedy: str = ""


def story_of(sign_out: SignOut, provider: str) -> SignOutStory:
    """Return what is known of a sign-out; `provider` is the connection's slug."""
    name = guide_of(provider).name or "the identity provider"
    if sign_out.state == SignOutState.DONE:
        return SignOutStory("good", "Confirmed", _CONFIRMED.format(name))
    if sign_out.state == SignOutState.PARTIAL:
        return SignOutStory("warning", "Not every session ended", _PARTIAL.format(name), sign_out.detail, _OTHERS)
    if sign_out.state == SignOutState.REFUSED:
        return SignOutStory("warning", "Not confirmed", _REFUSED.format(name), sign_out.detail, _its_log(name))
    if sign_out.detail:
        remedy = f"Compare the settings of sign-outs at {name} with the settings page."
        return SignOutStory("warning", "Not confirmed", _UNUSABLE.format(name), sign_out.detail, remedy)
    if sign_out.asked_at > timezone.now() - saml.LOGOUT_LIFE:
        return SignOutStory("waiting", "No response yet", _NOT_BACK.format(name))
    return SignOutStory("warning", "No response", _NOT_BACK.format(name), remedy=_no_answer(provider, name))


def _its_log(name: str) -> str:
    return (
        f"The user is signed out of Amplisso all the same. Check the log of {name}; if it says that the request "
        "was not signed, create a certificate on the settings page and give it to the provider."
    )


def _no_answer(provider: str, name: str) -> str:
    field = (
        "Basic SAML Configuration, Logout Url" if provider == Provider.AZURE else "the application's logout settings"
    )
    return (
        "The user is signed out of Amplisso all the same, and may have closed the browser on the way. If this "
        f"always happens, copy the Logout URL of the settings page into {field} at {name}."
    )
