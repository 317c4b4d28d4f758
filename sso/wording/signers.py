"""Describing the key that made a signature which no certificate of the configuration verifies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from sso.days import day_in_words
from sso.models import ConfigurationState, Provider
from sso.reasons import Advice
from sso.selectors.versions import configuration_of_version

if TYPE_CHECKING:
    from sso.models import Configuration, SignIn

_UNKNOWN = "None of the certificates in the uploaded metadata made this signature."


def signer_advice(sign_in: SignIn) -> Advice | None:
    """Return advice on the signer of a refused response: the stored key that signed it, or the claimed signer.

    The remedy is "" where only the identity provider decides it; None if nothing is known.
    """
    if not sign_in.signer:
        return None
    version = sign_in.signer.get("version")
    signed_by = configuration_of_version(sign_in.connection, version) if version else None
    if signed_by is not None:
        return _signed_by(signed_by)
    claimed = sign_in.signer.get("claimed")
    return Advice(_claim(sign_in, claimed), "") if claimed else None


def _signed_by(configuration: Configuration) -> Advice:
    version = f"version {configuration.version}"
    if configuration.state == ConfigurationState.DRAFT:
        return Advice(
            f"{_UNKNOWN} The waiting draft, {version}, has the certificate that did.",
            "Test the draft: when your test sign-in succeeds, it is used.",
        )
    if configuration.state == ConfigurationState.ACTIVE:
        return Advice(f"{_UNKNOWN} The metadata now in use, {version}, has the certificate that did.", "Sign in again.")
    return Advice(
        f"{_UNKNOWN} It was made with a certificate of {version}, {_end_of(configuration)}.",
        "The identity provider still signs with that certificate. Make the new one active there. If the old one "
        "is to stay, download the provider's metadata again and upload it here.",
    )


def _end_of(configuration: Configuration) -> str:
    what = "which was replaced" if configuration.activated_at else "a draft that was discarded"
    return f"{what} {_day(configuration.retired_at)}" if configuration.retired_at else what


def _day(moment: datetime) -> str:
    if moment.astimezone(UTC).date() == timezone.now().astimezone(UTC).date():
        return "today"
    return f"on {day_in_words(moment)}"


def _claim(sign_in: SignIn, claimed: dict[str, Any]) -> str:
    known = {each.fingerprint for each in sign_in.configuration.signing_certificates()}
    if claimed["fingerprint"] in known:
        return (
            "The response names a known certificate, but the key of that certificate did not make its signature: "
            "it is damaged or forged."
        )
    shown = claimed["thumbprint"] if sign_in.connection.provider == Provider.AZURE else claimed["fingerprint"]
    subject = f"{claimed['subject']}, " if claimed["subject"] else ""
    return (
        f"{_UNKNOWN} The response claims to be signed by the certificate {subject}{shown}. Anyone can write that into "
        "a response, so compare it with what your identity provider shows."
    )
