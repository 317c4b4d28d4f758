"""Names of Microsoft Entra ID, in all its clouds, and which of its documents are not those of an application.

Source: Microsoft's pages on federation metadata, and on authentication in national clouds.
"""

from urllib.parse import urlsplit

from sso.saml.errors import MetadataError, MetadataProblem
from sso.saml.keys.certificates import SigningCertificate
from sso.saml.metadata.addresses import host_of

# Global, US Government, China (the old name too) and Germany.
_ISSUERS = ("sts.windows.net", "sts.chinacloudapi.cn", "sts.microsoftonline.de")
_SIGN_IN_HOSTS = (
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoft.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "login.chinacloudapi.cn",
    "login.microsoftonline.de",
)
# The keys that Microsoft signs with for itself. The document of a whole directory lists them under the right entityID,
# and every sign-in would then fail: an application signs with a key of its own.
_PLATFORM_KEYS = (
    "CN=accounts.accesscontrol.windows.net",
    "CN=accounts.accesscontrol.chinacloudapi.cn",
    "CN=login.microsoftonline.us",
    "CN=login.microsoftonline.de",
)
# These stand in the place of a tenant's ID where a document is for all tenants.
_EVERY_TENANT = ("common", "organizations", "consumers")


def is_entra_issuer(entity_id: str) -> bool:
    """Return whether an entityID is one of Microsoft Entra ID's."""
    return host_of(entity_id) in _ISSUERS


def is_entra_address(address: str) -> bool:
    """Return whether an address is on one of the hosts where Microsoft Entra ID signs users in."""
    return host_of(address) in _SIGN_IN_HOSTS


def refuse_documents_for_all(entity_id: str, addresses: tuple[str, ...]) -> None:
    """Raise `MetadataError` for the document that serves every tenant and names none."""
    unfilled = is_entra_issuer(entity_id) and "{" in entity_id
    if unfilled or any(is_entra_address(address) and _tenant(address) in _EVERY_TENANT for address in addresses):
        raise MetadataError(
            MetadataProblem.ENTRA_COMMON,
            "This is the document for all of Microsoft Entra ID, not the one of your application. In the Azure "
            "portal open the application, Single sign-on, and download its own Federation Metadata XML.",
        )


def refuse_platform_keys(entity_id: str, addresses: tuple[str, ...], usable: tuple[SigningCertificate, ...]) -> None:
    """Raise `MetadataError` for the document of a whole directory, whose keys never sign for an application."""
    is_entra = is_entra_issuer(entity_id) or any(map(is_entra_address, addresses))
    if is_entra and all(certificate.subject in _PLATFORM_KEYS for certificate in usable):
        raise MetadataError(
            MetadataProblem.ENTRA_TENANT,
            "This is the document of your whole Microsoft Entra ID, not the one of the application: its keys "
            "never sign for Amplisso. In the Azure portal open the application, Single sign-on, and "
            "download its own Federation Metadata XML.",
        )


def _tenant(address: str) -> str:
    return urlsplit(address).path.strip("/").partition("/")[0].lower()
