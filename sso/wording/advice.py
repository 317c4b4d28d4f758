"""Advice for an admin about a refused sign-in: by its reason, by what was found, and by the connection's provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sso.models import Provider
from sso.providers import explain, guide_of, remedy_for
from sso.reasons import ADVICE, Advice, Reason
from sso.saml import Outcome
from sso.wording.addresses import address_advice
from sso.wording.failed_checks import Found, advice_on
from sso.wording.identifiers import identifier_advice
from sso.wording.signers import signer_advice

if TYPE_CHECKING:
    from sso.models import SignIn


def advice_for(sign_in: SignIn) -> Advice | None:
    """Return the advice about a refused sign-in; None if it was not refused, or for a reason of another version.

    What was found comes first, then what is done at the connection's identity provider, then what holds for all.
    """
    general = ADVICE.get(sign_in.reason)
    if general is None:
        return None
    found = _from_what_was_found(sign_in) or general
    at_provider = remedy_for(guide_of(sign_in.connection.provider), sign_in.reason)
    special = found.remedy if found is not general else ""
    return Advice(found.meaning, special or at_provider or general.remedy)


def _from_what_was_found(sign_in: SignIn) -> Advice | None:
    return (
        _from_provider(sign_in)
        or identifier_advice(sign_in)
        or signer_advice(sign_in)
        or address_advice(sign_in.facts)
        or advice_on(found_in(sign_in))
    )


def found_in(sign_in: SignIn) -> Found:
    """Return the check at which a sign-in was refused; its texts are "" if it was refused for another reason."""
    failed = next((each for each in sign_in.checks if each["outcome"] == Outcome.FAILED), None) or {}
    values = (failed.get("name", ""), failed.get("expected", ""), failed.get("received", ""))
    return Found(*values, detail=sign_in.detail, clock_skew=sign_in.clock_skew, reason=sign_in.reason)


def _from_provider(sign_in: SignIn) -> Advice | None:
    """Explain a code of the provider's own: those of Microsoft Entra ID stand in the status message."""
    if sign_in.connection.provider != Provider.AZURE or sign_in.reason != Reason.DECLINED:
        return None
    explanation = explain(sign_in.detail)
    return Advice(f"{explanation.code}: {explanation.meaning}", explanation.fix) if explanation else None
