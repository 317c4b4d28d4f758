"""From a verdict of the protocol to what the log keeps."""

from __future__ import annotations

from typing import Any

from sso import saml
from sso.reasons import Reason
from sso.saml import CheckName

_MAX_VALUES, _MAX_LENGTH = 60, 400

_REASONS: dict[CheckName, Reason] = {
    CheckName.SIZE: Reason.UNREADABLE,
    CheckName.BASE64: Reason.UNREADABLE,
    CheckName.ENCODING: Reason.UNREADABLE,
    CheckName.PLAIN_XML: Reason.UNSAFE,
    CheckName.MARKUP: Reason.UNSAFE,
    CheckName.WELL_FORMED: Reason.UNREADABLE,
    CheckName.LIMITS: Reason.UNSAFE,
    CheckName.NAMESPACES: Reason.UNSAFE,
    CheckName.UNIQUE_IDS: Reason.UNSAFE,
    CheckName.RESPONSE: Reason.UNREADABLE,
    CheckName.RESPONSE_VERSION: Reason.UNREADABLE,
    CheckName.STATUS: Reason.DECLINED,
    CheckName.ENCRYPTION: Reason.WEAK_ENCRYPTION,
    CheckName.DECRYPTION: Reason.ENCRYPTED,
    CheckName.ONE_ASSERTION: Reason.UNSAFE,
    CheckName.SCHEMA: Reason.INCOMPLETE,
    CheckName.SIGNATURE_PLACES: Reason.UNTRUSTED,
    CheckName.SIGNED_INFO: Reason.UNSAFE,
    CheckName.ALGORITHMS: Reason.WEAK_ALGORITHM,
    CheckName.KEY_INFO: Reason.UNSAFE,
    CheckName.SIGNATURE: Reason.UNTRUSTED,
    CheckName.CERTIFICATE_DATES: Reason.CERTIFICATE_EXPIRED,
    CheckName.SIGNED_CONTENT: Reason.UNTRUSTED,
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
    CheckName.TOOLKIT: Reason.UNTRUSTED,
}


def reason_of(verdict: saml.Verdict) -> Reason:
    """Why a verdict without an assertion refuses."""
    return _REASONS[verdict.failure.name] if verdict.failure else Reason.UNREADABLE


def claims_of(verdict: saml.Verdict) -> dict[str, Any]:
    """What was asserted, as JSON for the log, bounded; empty unless it was verified."""
    claims = verdict.claims
    if claims is None:
        return {}
    return {
        "name_id": _bounded(claims.name_id),
        "name_id_format": _bounded(claims.name_id_format),
        "attributes": {
            _bounded(name): [_bounded(value) for value in values[:_MAX_VALUES]]
            for name, values in list(claims.attributes.items())[:_MAX_VALUES]
        },
    }


def _bounded(text: str) -> str:
    """Cut a text for the log, visibly."""
    return text if len(text) <= _MAX_LENGTH else text[: _MAX_LENGTH - 1] + "…"


def session_of(assertion: saml.Assertion) -> dict[str, str]:
    """How the provider calls the session that it vouched for, as the fields of a saml.ProviderSession."""
    return {
        "name_id": assertion.name_id,
        "name_id_format": assertion.name_id_format,
        "name_qualifier": assertion.name_qualifier,
        "sp_name_qualifier": assertion.sp_name_qualifier,
        "session_index": assertion.session_index,
    }
