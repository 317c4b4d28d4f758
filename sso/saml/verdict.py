"""The verdict on a response: every check in its order, and the assertion if all of them passed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sso.saml.response.unknown_signature import UnknownSignature


class CheckName(StrEnum):
    """The rules a response must satisfy, in the order in which they are checked."""

    # The message as it arrived, before anything in it is believed.
    SIZE = "size"
    BASE64 = "base64"
    ENCODING = "encoding"
    PLAIN_XML = "plain_xml"
    MARKUP = "markup"
    WELL_FORMED = "well_formed"
    LIMITS = "limits"
    NAMESPACES = "namespaces"
    UNIQUE_IDS = "unique_ids"
    # What kind of message it is.
    RESPONSE = "response"
    RESPONSE_VERSION = "response_version"
    STATUS = "status"
    ENCRYPTION = "encryption"
    DECRYPTION = "decryption"
    ONE_ASSERTION = "one_assertion"
    SCHEMA = "schema"
    # Who signed it, and what exactly.
    SIGNATURE_PLACES = "signature_places"
    SIGNED_INFO = "signed_info"
    ALGORITHMS = "algorithms"
    KEY_INFO = "key_info"
    SIGNATURE = "signature"
    CERTIFICATE_DATES = "certificate_dates"
    SIGNED_CONTENT = "signed_content"
    # The response, as far as it says anything.
    DESTINATION = "destination"
    RESPONSE_IN_RESPONSE_TO = "response_in_response_to"
    RESPONSE_ISSUER = "response_issuer"
    # The assertion, from the signed bytes only.
    ASSERTION_VERSION = "assertion_version"
    ISSUER = "issuer"
    ISSUE_INSTANT = "issue_instant"
    SUBJECT = "subject"
    NAME_ID = "name_id"
    BEARER = "bearer"
    RECIPIENT = "recipient"
    IN_RESPONSE_TO = "in_response_to"
    CONFIRMATION_TIME = "confirmation_time"
    CONDITIONS = "conditions"
    VALIDITY = "validity"
    LIFETIME = "lifetime"
    AUDIENCE = "audience"
    AUTHN_STATEMENT = "authn_statement"
    FORCE_AUTHN = "force_authn"
    SESSION_TIME = "session_time"
    ATTRIBUTES = "attributes"
    TENANT = "tenant"
    # The last word.
    TOOLKIT = "toolkit"


class Outcome(StrEnum):
    """The outcome of a check. NOT_REACHED: an earlier check failed, so this one was not run."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_REACHED = "not_reached"


class Fault(StrEnum):
    """The kind of fault behind a failed check, where the name of the check alone does not tell.

    HOSTILE: only an attacker sends this. TOO_LARGE: over a limit, which the check names. UNUSUAL: a legitimate provider
    could send this, but it is not accepted. PROVIDER_BUG: the standard forbids it. MODIFIED: signed by a known key, and
    changed afterwards. CLOCK: too early or too late. NOT_UTC: a time with an offset or without Z. NOT_BEFORE: a
    NotBefore where none is allowed. INCOMPLETE: a required part is missing. OTHER_RECIPIENT: meant for another service
    provider.
    """

    HOSTILE = "hostile"
    TOO_LARGE = "too_large"
    UNUSUAL = "unusual"
    PROVIDER_BUG = "provider_bug"
    MODIFIED = "modified"
    CLOCK = "clock"
    NOT_UTC = "not_utc"
    NOT_BEFORE = "not_before"
    INCOMPLETE = "incomplete"
    OTHER_RECIPIENT = "other_recipient"


class Check(NamedTuple):
    """One rule and its outcome. `expected` and `received` are short, printable and hold no secret.

    They quote what an unverified message says, so treat them as hostile text; both are "" when not reached.
    """

    name: CheckName
    outcome: Outcome
    expected: str
    received: str
    clause: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """An identity provider's assertion. Exists only if every check passed, read from the signed bytes alone.

    `attributes` keeps the provider's names and order; an attribute that comes twice has the different values of both,
    so two values are seen as two, and one that is repeated as one. Of several AuthnStatements `session_indexes` has
    every index, `authn_instant` is the oldest, `session_not_on_or_after` the earliest, and `authn_context` is what all
    of them name, else "". `not_on_or_after` is the last moment at which the response could have been used.
    """

    id: str
    issuer: str
    name_id: str
    name_id_format: str
    attributes: Mapping[str, tuple[str, ...]]
    session_indexes: tuple[str, ...]
    authn_instant: datetime
    authn_context: str
    session_not_on_or_after: datetime | None
    not_on_or_after: datetime
    name_qualifier: str = ""
    sp_name_qualifier: str = ""


class Claims(NamedTuple):
    """The signed bytes' claims about a user, even if the response was refused; "" and {} where there are none.

    `attributes` as in Assertion.
    """

    name_id: str
    name_id_format: str
    attributes: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one response, complete enough to be its log.

    `signed`: "assertion", "response" or "both" once a signature was verified, else "". `certificate`: the SHA-256
    fingerprint of the certificate that verified it, else "". `status_message`: what the identity provider said when it
    declined (unverified text). `clock_skew`: how many whole seconds the provider's clock is ahead of ours at least;
    below 0: behind; 0: no difference shows; None: the assertion was not verified, or has no readable date. `claims`:
    also of a response that was refused for what else it says; None if its content was not verified.
    `unknown_signature`: the signature that no certificate of the configuration verifies, if that is what failed.
    `fault`: what is behind `failure`, None if the name of the failed check says it all.
    """

    checks: tuple[Check, ...]
    assertion: Assertion | None
    failure: Check | None
    signed: str = ""
    certificate: str = ""
    status_message: str = ""
    clock_skew: int | None = None
    claims: Claims | None = None
    unknown_signature: UnknownSignature | None = None
    fault: Fault | None = None

    @property
    def accepted(self) -> bool:
        """Return whether the response may sign a user in."""
        return self.assertion is not None
