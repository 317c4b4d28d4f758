"""The SAML 2.0 protocol, as a service provider speaks it. No Django, no database, no clock.

    read_idp_metadata     an uploaded file            -> IdpMetadata, or a MetadataError for the administrator
    build_sp_metadata     ServiceProvider             -> the document identity providers import
    build_authn_request   who asks whom               -> AuthnRequest
    validate_response     what came back              -> Verdict: every check, and an Assertion if all passed
    self_check            can this machine verify signatures?

A response is data that somebody else sent: it is refused by a verdict, never by an exception.
"""

from sso.saml.certificates import SigningCertificate
from sso.saml.envelope import may_be_encrypted, unverified_in_response_to
from sso.saml.errors import (
    MetadataError,
    MetadataProblem,
    SAMLError,
    SeveralProviders,
    ToolkitError,
)
from sso.saml.key_pairs import KeyPair, make_key_pair
from sso.saml.logout import (
    LOGOUT_LIFE,
    LogoutRefusal,
    LogoutRequest,
    LogoutResponse,
    ProviderSession,
    logout_request_address,
    logout_response_address,
)
from sso.saml.metadata import read_idp_metadata
from sso.saml.metadata_bytes import MAX_BYTES as MAX_METADATA_BYTES
from sso.saml.metadata_bytes import metadata_text
from sso.saml.metadata_findings import SOON
from sso.saml.request import build_authn_request, new_request_id
from sso.saml.response import validate_response
from sso.saml.self_check import self_check
from sso.saml.sp_metadata import build_sp_metadata
from sso.saml.types import (
    AuthnRequest,
    Binding,
    Finding,
    FindingCode,
    IdentityProvider,
    IdpMetadata,
    PendingRequest,
    ServiceProvider,
)
from sso.saml.verdict import Assertion, Check, CheckName, Outcome, Verdict

__all__ = [
    "LOGOUT_LIFE",
    "MAX_METADATA_BYTES",
    "SOON",
    "Assertion",
    "AuthnRequest",
    "Binding",
    "Check",
    "CheckName",
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
    "Outcome",
    "PendingRequest",
    "ProviderSession",
    "SAMLError",
    "ServiceProvider",
    "SeveralProviders",
    "SigningCertificate",
    "ToolkitError",
    "Verdict",
    "build_authn_request",
    "build_sp_metadata",
    "logout_request_address",
    "logout_response_address",
    "make_key_pair",
    "may_be_encrypted",
    "metadata_text",
    "new_request_id",
    "read_idp_metadata",
    "self_check",
    "unverified_in_response_to",
    "validate_response",
]
