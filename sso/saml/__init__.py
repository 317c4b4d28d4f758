"""The SAML 2.0 protocol, as a service provider speaks it. No Django, no database, no clock.

    read_idp_metadata     an uploaded file            -> IdpMetadata, or a MetadataError for the administrator
    build_sp_metadata     ServiceProvider             -> the document identity providers import
    build_authn_request   who asks whom               -> AuthnRequest
"""

from sso.saml.certificates import SigningCertificate
from sso.saml.errors import (
    MetadataError,
    MetadataProblem,
    SAMLError,
    SeveralProviders,
    ToolkitError,
)
from sso.saml.metadata import read_idp_metadata
from sso.saml.request import build_authn_request, new_request_id
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

__all__ = [
    "AuthnRequest",
    "Binding",
    "Finding",
    "FindingCode",
    "IdentityProvider",
    "IdpMetadata",
    "MetadataError",
    "MetadataProblem",
    "PendingRequest",
    "SAMLError",
    "ServiceProvider",
    "SeveralProviders",
    "SigningCertificate",
    "ToolkitError",
    "build_authn_request",
    "build_sp_metadata",
    "new_request_id",
    "read_idp_metadata",
]
