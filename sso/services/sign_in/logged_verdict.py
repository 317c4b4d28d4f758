"""Converting a verdict of the protocol to what the log keeps."""

from __future__ import annotations

from typing import Any

from sso import saml
from sso.reasons import Reason
from sso.saml import CheckName, Fault

_MAX_VALUES, _MAX_LENGTH = 60, 400

_REASONS: dict[CheckName, Reason] = {
    CheckName.SIZE: Reason.TOO_LARGE,
    CheckName.BASE64: Reason.UNREADABLE,
    CheckName.ENCODING: Reason.UNREADABLE,
    CheckName.PLAIN_XML: Reason.UNUSUAL,
    CheckName.MARKUP: Reason.TOO_LARGE,
    CheckName.WELL_FORMED: Reason.UNREADABLE,
    CheckName.LIMITS: Reason.TOO_LARGE,
    CheckName.NAMESPACES: Reason.UNUSUAL,
    CheckName.UNIQUE_IDS: Reason.UNUSUAL,
    CheckName.RESPONSE: Reason.UNREADABLE,
    CheckName.RESPONSE_VERSION: Reason.UNREADABLE,
    CheckName.STATUS: Reason.DECLINED,
    CheckName.ENCRYPTION: Reason.WEAK_ENCRYPTION,
    CheckName.DECRYPTION: Reason.ENCRYPTED,
    CheckName.ONE_ASSERTION: Reason.UNUSUAL,
    CheckName.SCHEMA: Reason.PROVIDER_BUG,
    CheckName.SIGNATURE_PLACES: Reason.UNTRUSTED,
    CheckName.SIGNED_INFO: Reason.UNUSUAL,
    CheckName.ALGORITHMS: Reason.WEAK_ALGORITHM,
    CheckName.KEY_INFO: Reason.UNUSUAL,
    CheckName.SIGNATURE: Reason.UNTRUSTED,
    CheckName.CERTIFICATE_DATES: Reason.CERTIFICATE_EXPIRED,
    CheckName.SIGNED_CONTENT: Reason.UNSAFE,
    CheckName.DESTINATION: Reason.WRONG_ADDRESS,
    CheckName.RESPONSE_IN_RESPONSE_TO: Reason.WRONG_REQUEST,
    CheckName.RESPONSE_ISSUER: Reason.WRONG_ISSUER,
    CheckName.ASSERTION_VERSION: Reason.UNREADABLE,
    CheckName.ISSUER: Reason.WRONG_ISSUER,
    CheckName.ISSUE_INSTANT: Reason.OUT_OF_TIME,
    CheckName.SUBJECT: Reason.INCOMPLETE,
    CheckName.NAME_ID: Reason.INCOMPLETE,
    CheckName.BEARER: Reason.INCOMPLETE,
    CheckName.RECIPIENT: Reason.WRONG_ADDRESS,
    CheckName.IN_RESPONSE_TO: Reason.WRONG_REQUEST,
    CheckName.CONFIRMATION_TIME: Reason.OUT_OF_TIME,
    CheckName.CONDITIONS: Reason.INCOMPLETE,
    CheckName.VALIDITY: Reason.OUT_OF_TIME,
    CheckName.LIFETIME: Reason.TOO_LONG,
    CheckName.AUDIENCE: Reason.WRONG_AUDIENCE,
    CheckName.AUTHN_STATEMENT: Reason.INCOMPLETE,
    CheckName.FORCE_AUTHN: Reason.NOT_FRESH,
    CheckName.SESSION_TIME: Reason.OUT_OF_TIME,
    CheckName.ATTRIBUTES: Reason.INCOMPLETE,
    CheckName.TENANT: Reason.WRONG_ISSUER,
    CheckName.TOOLKIT: Reason.UNUSUAL,
}

# The cause of a failed check says more than its name.
_FAULTS: dict[Fault, Reason] = {
    Fault.HOSTILE: Reason.UNSAFE,
    Fault.TOO_LARGE: Reason.TOO_LARGE,
    Fault.UNUSUAL: Reason.UNUSUAL,
    Fault.PROVIDER_BUG: Reason.PROVIDER_BUG,
    Fault.MODIFIED: Reason.CHANGED,
    Fault.CLOCK: Reason.OUT_OF_TIME,
    Fault.NOT_UTC: Reason.NOT_UTC,
    Fault.NOT_BEFORE: Reason.NOT_BEFORE,
    Fault.INCOMPLETE: Reason.INCOMPLETE,
    Fault.OTHER_RECIPIENT: Reason.WRONG_AUDIENCE,
}


def reason_of(verdict: saml.Verdict) -> Reason:
    """Return why a verdict without an assertion refuses."""
    if verdict.fault is not None:
        return _FAULTS[verdict.fault]
    return _REASONS[verdict.failure.name] if verdict.failure else Reason.UNREADABLE


def claims_of(verdict: saml.Verdict) -> dict[str, Any]:
    """Return what was asserted, as JSON for the log, bounded; empty unless it was verified."""
    claims = verdict.claims
    if claims is None:
        return {}
    return {
        "name_id": cut(claims.name_id),
        "name_id_format": cut(claims.name_id_format),
        "attributes": {
            cut(name): [cut(value) for value in values[:_MAX_VALUES]]
            for name, values in list(claims.attributes.items())[:_MAX_VALUES]
        },
    }


def cut(text: str) -> str:
    """Return a text as the log keeps it: cut to 400 letters, visibly."""
    return text if len(text) <= _MAX_LENGTH else text[: _MAX_LENGTH - 1] + "…"


def session_of(assertion: saml.Assertion) -> dict[str, Any]:
    """Return how the provider calls the session that it vouched for, as the fields of a saml.ProviderSession."""
    first, *others = assertion.session_indexes or ("",)
    return {
        "name_id": assertion.name_id,
        "name_id_format": assertion.name_id_format,
        "name_qualifier": assertion.name_qualifier,
        "sp_name_qualifier": assertion.sp_name_qualifier,
        "session_index": first,
        "other_session_indexes": others,
    }
