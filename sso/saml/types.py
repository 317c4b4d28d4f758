"""The inputs and outputs of the protocol, except verdicts (verdict.py). All frozen."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sso.saml.keys.certificates import SigningCertificate
from sso.saml.keys.key_pairs import KeyPair

# How long a request waits for its response: enough for a second factor at the provider.
REQUEST_LIFE = timedelta(minutes=10)


class Binding(StrEnum):
    """How a request travels to the identity provider (SAML bindings 3.4 and 3.5)."""

    REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
    POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


@dataclass(frozen=True, slots=True)
class ServiceProvider:
    """We, as one organization's identity provider knows us.

    `certificates` are those of our own keys, the one in use first, and `encryption_certificates` those of them that our
    metadata offers for encryption; `signs_requests` is what our metadata says about it.
    `keys` open what is encrypted for us; they are only needed for a response of which `unverified_hint` says so.
    """

    entity_id: str
    acs_url: str
    certificates: tuple[SigningCertificate, ...] = ()
    encryption_certificates: tuple[SigningCertificate, ...] = ()
    signs_requests: bool = False
    keys: tuple[KeyPair, ...] = ()
    slo_url: str = ""


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """One organization's identity provider, with its keys and waivers.

    Both dates are waivers that end by themselves: None means that there is none.
    """

    entity_id: str
    certificates: tuple[SigningCertificate, ...]
    sso_redirect_url: str = ""
    sso_post_url: str = ""
    slo_url: str = ""
    slo_response_url: str = ""
    expired_certificates_until: datetime | None = None
    sha1_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """The request that a response must answer.

    `issued_at`: when we made it, aware; without it a provider's clock that is behind can't be told. `force_authn`: it
    asked for a fresh sign-in (core 3.4.1), so that only one from then on will do.
    """

    id: str
    issued_at: datetime | None = None
    force_authn: bool = False


@dataclass(frozen=True, slots=True)
class AuthnRequest:
    """A request ready to be sent by the visitor's browser.

    REDIRECT: `url` is the whole address, `fields` is empty.
    POST: `url` is the form's action, `fields` are its hidden fields.
    """

    id: str
    binding: Binding
    url: str
    fields: tuple[tuple[str, str], ...] = ()


class FindingCode(StrEnum):
    """The kinds of findings about a file that was accepted."""

    ENTITY_ID_TRIMMED = "entity_id_trimmed"
    ENTITY_LISTED_TWICE = "entity_listed_twice"
    SECOND_ROLE = "second_role"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_EXPIRES_SOON = "certificate_expires_soon"
    CERTIFICATE_NOT_YET_VALID = "certificate_not_yet_valid"
    NO_CERTIFICATE_VALID_NOW = "no_certificate_valid_now"
    CERTIFICATE_DAMAGED = "certificate_damaged"
    CERTIFICATE_WEAK = "certificate_weak"
    CERTIFICATE_UNREADABLE = "certificate_unreadable"
    KEY_USE_UNKNOWN = "key_use_unknown"
    CERTIFICATE_MISSING = "certificate_missing"
    ISSUERS_IGNORED = "issuers_ignored"
    CERTIFICATE_BESIDE = "certificate_beside"
    METADATA_EXPIRED = "metadata_expired"
    VALID_UNTIL_UNREADABLE = "valid_until_unreadable"
    INTERNAL_ADDRESS = "internal_address"
    LOOPBACK_ADDRESS = "loopback_address"
    RESERVED_ADDRESS = "reserved_address"
    REWRITTEN_ADDRESS = "rewritten_address"
    ADDRESS_OF_OTHER_PROVIDER = "address_of_other_provider"
    SIGN_IN_ADDRESS_IGNORED = "sign_in_address_ignored"
    SIGN_OUT_ADDRESS_IGNORED = "sign_out_address_ignored"
    SIGNED_REQUESTS_WANTED = "signed_requests_wanted"
    SIGNED_REQUESTS_UNCLEAR = "signed_requests_unclear"


@dataclass(frozen=True, slots=True)
class Finding:
    """A warning: `message` is plain text for the admin, and ends with what to do, or that nothing is to be done."""

    code: FindingCode
    message: str


@dataclass(frozen=True, slots=True)
class IdpMetadata:
    """One identity provider out of an uploaded file, everything in it checked. Addresses are "" when absent.

    `certificates` holds each usable signing key once, in the file's order: all of them are to be trusted, since
    providers list the next key before they sign with it.
    """

    entity_id: str
    certificates: tuple[SigningCertificate, ...]
    sso_redirect_url: str
    sso_post_url: str
    slo_url: str
    slo_response_url: str
    want_authn_requests_signed: bool
    valid_until: datetime | None
    findings: tuple[Finding, ...]
