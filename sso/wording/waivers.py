"""Texts of pages about waivers: what each weakens, why a provider may need it, and until when it holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sso.models import Waiver
from sso.providers import guide_of, remedy_for
from sso.reasons import Reason
from sso.saml import Outcome
from sso.selectors.connections import waivable_configurations
from sso.waiver_forms import WaiverForm

if TYPE_CHECKING:
    from sso.connection_view import ConnectionView
    from sso.models import SignIn

_EXCEPTED = {Reason.CERTIFICATE_EXPIRED, Reason.WEAK_ALGORITHM}
_SHA1_NAMES = {"rsa-sha1", "sha1"}
_SHA2 = {"sha256", "sha384", "sha512"}
_GOOD = _SHA2 | {f"{key}-{digest}" for key in ("rsa", "ecdsa") for digest in _SHA2}


@dataclass(frozen=True, slots=True)
class Words:
    """Texts on why an admin may need a waiver, and what they give up for it."""

    need: str
    risk: str


WORDS = {
    Waiver.EXPIRED_CERTIFICATES: Words(
        "Your provider's certificate has expired, and a new one is not ready yet. Until then, sign-ins signed "
        "with the old one are accepted.",
        "A key whose certificate has expired may no longer be protected. Anyone who has obtained it can sign in as any "
        "of your members.",
    ),
    Waiver.SHA1: Words(
        "Your provider is an old product that can't sign with SHA-256 before it is updated.",
        (
            "SHA-1 is broken. An attacker with enough resources can forge a response that appears to be signed by "
            "your provider."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """One waiver on the settings page; `until` is its end while it is in force."""

    kind: Waiver
    words: Words
    until: datetime | None
    form: WaiverForm


def waiver_rows(view: ConnectionView, typed: WaiverForm | None = None) -> list[WaiverRow]:
    """Return both waivers, with what an admin has just `typed`; [] before there is a provider to make them for."""
    if view.connection is None or not view.usable:
        return []
    ends, provider = view.waivers_in_force(), view.connection.provider
    return [_row(kind, ends.get(kind), typed, provider) for kind in Waiver]


def words_of(kind: Waiver, provider: str) -> Words:
    """Return what a waiver is for; where the provider's product can sign with SHA-256, that it is not needed."""
    guide, words = guide_of(provider), WORDS[kind]
    if kind != Waiver.SHA1 or not guide.name:
        return words
    remedy = remedy_for(guide, Reason.WEAK_ALGORITHM) or f"{guide.name} signs with SHA-256."
    return replace(words, need=f"{words.need} {guide.name} can sign with SHA-256, so you don't need this. {remedy}")


def _row(kind: Waiver, until: datetime | None, typed: WaiverForm | None, provider: str) -> WaiverRow:
    is_typed = typed is not None and typed.kind == kind
    form = typed if typed and is_typed else WaiverForm(kind=kind, initial={"until": until and until.date()})
    return WaiverRow(kind, words_of(kind, provider), until, form)


def waiver_for(sign_in: SignIn) -> Waiver | None:
    """Return the waiver that would have let a refused sign-in pass this check, if its provider can have one."""
    if sign_in.reason not in _EXCEPTED or not _is_of_a_provider_in_use(sign_in):
        return None
    if sign_in.reason == Reason.CERTIFICATE_EXPIRED and _certificate_had_begun(sign_in):
        return Waiver.EXPIRED_CERTIFICATES
    if sign_in.reason == Reason.WEAK_ALGORITHM and _is_weak_by_sha1_alone(sign_in):
        return Waiver.SHA1
    return None


def _is_of_a_provider_in_use(sign_in: SignIn) -> bool:
    """Return whether a waiver can be made for the provider: not for a draft's other provider, nor a former one."""
    excepted = waivable_configurations(sign_in.organization)
    return sign_in.configuration.entity_id in {each.entity_id for each in excepted}


def _certificate_had_begun(sign_in: SignIn) -> bool:
    """Return whether the certificate was valid already: a future one is refused for the same reason, waiver or not."""
    known, moment = sign_in.configuration.signing_certificates(), sign_in.consumed_at
    signer = next((each for each in known if each.fingerprint == sign_in.certificate), None)
    return signer is not None and moment is not None and signer.not_before <= moment


def _is_weak_by_sha1_alone(sign_in: SignIn) -> bool:
    """Return whether the failed check found only SHA-1, as the waiver accepts it, besides good algorithms."""
    received = next((check["received"] for check in sign_in.checks if check["outcome"] == Outcome.FAILED), "")
    weak = set(received.split(", ")) - _GOOD
    return bool(weak) and weak <= _SHA1_NAMES
