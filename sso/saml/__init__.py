"""The SAML 2.0 protocol, as a service provider speaks it. No Django, no database, no clock.

    read_idp_metadata     an uploaded file            -> IdpMetadata, or a MetadataError for the admin
    offered_providers     a federation's file         -> each identity provider as a file of its own
    provider_document     a federation's file         -> the file of one of its identity providers
    build_sp_metadata     ServiceProvider             -> the document identity providers import
    build_authn_request   both parties of a sign-in   -> AuthnRequest
    unverified_hint       a SAMLResponse field        -> the request it names, and whether our keys are needed
    validate_response     a SAMLResponse field        -> Verdict: every check, and an Assertion if all passed
    logout_request_address, logout_response_address
                          a sign-out, a response to one -> the address for the browser, with our message in it
    self_check            checks that this machine can verify signatures

A response is untrusted input: it is refused by a verdict, never by an exception. Logout messages are read by
`logout.read`, on first use, because importing it fails where xmlsec doesn't fit lxml; it is the only module inside
this package that others import. Everything else that they need is a name of the package.
"""

from sso.saml.errors import (
    MetadataError,
    MetadataProblem,
    SAMLError,
    SeveralProviders,
    ToolkitError,
)
from sso.saml.keys.certificates import SigningCertificate
from sso.saml.keys.key_pairs import KeyPair, make_key_pair
from sso.saml.keys.trusted_keys import StoredKeys, stored_keys
from sso.saml.logout.messages import (
    LOGOUT_LIFE,
    MAX_LOGOUT_ID,
    LogoutRefusal,
    LogoutRequest,
    LogoutResponse,
    ProviderSession,
    logout_request_address,
    logout_response_address,
)
from sso.saml.metadata.addresses import is_web_address, origin_of
from sso.saml.metadata.aggregates import OfferedProvider, offered_providers, provider_document
from sso.saml.metadata.document import MAX_BYTES as MAX_METADATA_BYTES
from sso.saml.metadata.document import metadata_text
from sso.saml.metadata.findings import SOON
from sso.saml.metadata.read import read_idp_metadata
from sso.saml.metadata.safe_text import MAX_STREAMED as MAX_AGGREGATE_BYTES
from sso.saml.metadata.safe_text import TOO_LARGE as AGGREGATE_TOO_LARGE
from sso.saml.request.authn_request import build_authn_request, new_request_id
from sso.saml.request.sp_metadata import build_sp_metadata
from sso.saml.response.context import SKEW
from sso.saml.response.unknown_signature import UnknownSignature
from sso.saml.response.unverified import UnverifiedHint, unverified_hint
from sso.saml.response.validate import validate_response
from sso.saml.rule_result import shown, told_apart
from sso.saml.toolkit.self_check import self_check
from sso.saml.types import (
    REQUEST_LIFE,
    AuthnRequest,
    Binding,
    Finding,
    FindingCode,
    IdentityProvider,
    IdpMetadata,
    PendingRequest,
    ServiceProvider,
)
from sso.saml.verdict import Assertion, Check, CheckName, Fault, Outcome, Verdict
from sso.saml.xml.threads import each_in_own_thread, in_own_thread

__all__ = [
    "AGGREGATE_TOO_LARGE",
    "LOGOUT_LIFE",
    "MAX_AGGREGATE_BYTES",
    "MAX_LOGOUT_ID",
    "MAX_METADATA_BYTES",
    "REQUEST_LIFE",
    "SKEW",
    "SOON",
    "Assertion",
    "AuthnRequest",
    "Binding",
    "Check",
    "CheckName",
    "Fault",
    "Finding",
    "FindingCode",
    "IdentityProvider",
    "IdpMetadata",
    "KeyPair",
    "LogoutRefusal",
    "LogoutRequest",
    "LogoutResponse",
    "MetadataError",
    "MetadataProblem",
    "OfferedProvider",
    "Outcome",
    "PendingRequest",
    "ProviderSession",
    "SAMLError",
    "ServiceProvider",
    "SeveralProviders",
    "SigningCertificate",
    "StoredKeys",
    "ToolkitError",
    "UnknownSignature",
    "UnverifiedHint",
    "Verdict",
    "build_authn_request",
    "build_sp_metadata",
    "each_in_own_thread",
    "in_own_thread",
    "is_web_address",
    "logout_request_address",
    "logout_response_address",
    "make_key_pair",
    "metadata_text",
    "new_request_id",
    "offered_providers",
    "origin_of",
    "provider_document",
    "read_idp_metadata",
    "self_check",
    "shown",
    "stored_keys",
    "told_apart",
    "unverified_hint",
    "validate_response",
]
