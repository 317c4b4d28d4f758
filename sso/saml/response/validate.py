"""Judging an encoded response: from the form field to a verdict."""

from datetime import datetime

from sso.saml.response.clock import clock_skew
from sso.saml.response.context import ResponseContext
from sso.saml.response.read_assertion import read_assertion, read_claims
from sso.saml.response.response_rules import status_message
from sso.saml.response.unknown_signature import UnknownSignature
from sso.saml.types import IdentityProvider, PendingRequest, ServiceProvider
from sso.saml.verdict import Check, CheckName, Outcome, Verdict


def validate_response(
    encoded: str,
    *,
    service_provider: ServiceProvider,
    identity_provider: IdentityProvider,
    request: PendingRequest,
    now: datetime,
) -> Verdict:
    """Judge a SAMLResponse form field, as it was posted, for one request of one connection at `now` (aware).

    Pure: the same arguments give the same verdict. A refusal is a verdict too; the only error is `ToolkitError`, when
    xmlsec can't be used on this machine at all. Nothing here knows whether the response was used before.
    """
    context = ResponseContext(
        encoded,
        service_provider=service_provider,
        identity_provider=identity_provider,
        request=request,
        now=now,
    )
    # Imported on first use, because importing xmlsec fails beside an lxml that doesn't match (self_check.py).
    from sso.saml.response.checklist import examine

    checks = examine(context)
    # The last check is reached only if none before it has failed.
    passed = checks[-1].outcome is Outcome.PASSED
    failure = None if passed else next(check for check in checks if check.outcome is Outcome.FAILED)
    claims = read_claims(context)
    return Verdict(
        checks=checks,
        assertion=read_assertion(context, claims) if failure is None and claims is not None else None,
        failure=failure,
        signed=context.signed,
        certificate=context.signers[0].fingerprint if context.signers else "",
        status_message=_status_message(context, failure),
        claims=claims,
        unknown_signature=_unknown_signature(context, failure),
        fault=context.fault,
        clock_skew=None if context.issued is None else clock_skew(context.issued, request, now),
    )


def _unknown_signature(context: ResponseContext, failure: Check | None) -> UnknownSignature | None:
    if failure is None or failure.name is not CheckName.SIGNATURE:
        return None
    from sso.saml.response.unknown_signer import unknown_signature  # on first use, as the checklist

    try:
        return unknown_signature(context)
    except Exception:  # noqa: BLE001 - whatever a hostile document does to a library is a refusal, as in checklist.py
        return None


def _status_message(context: ResponseContext, failure: Check | None) -> str:
    declined = failure is not None and failure.name is CheckName.STATUS
    return status_message(context) if declined else ""
