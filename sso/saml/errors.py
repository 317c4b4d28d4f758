"""The errors of the protocol, named by who can act.

SAMLError
├── MetadataError         an admin uploaded something that can't be used; the message says what to do
│   └── SeveralProviders  the file is fine, but the admin has to choose one of its providers
└── ToolkitError          this installation can't verify signatures; the message is for the operator

A response that is refused is not an error: it is a `Verdict` without an assertion. The errors at the end of this module
are caught where a message or a file is judged, and become a part of what is said about it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml import etree

# Most messages about an upload end with this sentence.
WHAT_TO_DO = "Download the metadata XML file from your identity provider and upload that."
DOWNLOAD_AGAIN = "Download the file again, unchanged, from your identity provider."


class MetadataProblem(StrEnum):
    """The ways in which an uploaded file is not usable metadata: what it is instead, or what it lacks."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    ENCODING = "encoding"
    WEB_PAGE = "web_page"
    CERTIFICATE = "certificate"
    PRIVATE_KEY = "private_key"
    THUMBPRINT = "thumbprint"
    ADDRESS = "address"
    JSON = "json"
    OTHER_FILE = "other_file"
    DTD = "dtd"
    ENCODED = "encoded"
    INCOMPLETE = "incomplete"
    SEVERAL_DOCUMENTS = "several_documents"
    MALFORMED = "malformed"
    OTHER_XML = "other_xml"
    NAMESPACE = "namespace"
    NO_PROVIDER = "no_provider"
    SERVICE_PROVIDER = "service_provider"
    OUR_OWN = "our_own"
    WS_FEDERATION = "ws_federation"
    SAML1 = "saml1"
    SEVERAL = "several"
    UNKNOWN_ENTITY = "unknown_entity"
    NO_ENTITY_ID = "no_entity_id"
    ENTITY_ID_TOO_LONG = "entity_id_too_long"
    TEMPLATE = "template"
    ENTRA_COMMON = "entra_common"
    ENTRA_TENANT = "entra_tenant"
    NO_SIGNING_KEY = "no_signing_key"
    UNREADABLE_KEY = "unreadable_key"
    WEAK_KEY = "weak_key"
    TOO_MANY_KEYS = "too_many_keys"
    NO_SIGN_IN_ADDRESS = "no_sign_in_address"
    UNSAFE_ADDRESS = "unsafe_address"


class SAMLError(Exception):
    """Base of every error that leaves sso.saml."""


class ToolkitError(SAMLError):
    """xmlsec and lxml can't work together in this installation. The message says what to do."""


class MetadataError(SAMLError):
    """An uploaded file can't be used. The message is one or two sentences for the admin, safe to show as text."""

    def __init__(self, code: MetadataProblem, message: str) -> None:
        super().__init__(message)
        self.code = code


class SeveralProviders(MetadataError):
    """The file describes several identity providers; `entity_ids` lists them in the file's order."""

    def __init__(self, entity_ids: tuple[str, ...]) -> None:
        super().__init__(
            MetadataProblem.SEVERAL,
            f"This file describes {len(entity_ids):,} identity providers. Choose yours by its entity ID.",
        )
        self.entity_ids = entity_ids


def unknown_entity() -> MetadataError:
    """Return the error for an entity ID that the file does not describe."""
    return MetadataError(
        MetadataProblem.UNKNOWN_ENTITY,
        "This file doesn't describe the identity provider you chose. Choose one that it lists.",
    )


class NotXMLError(Exception):
    """The parser refused a document; never leaves sso.saml."""

    def __init__(self, error: etree.XMLSyntaxError) -> None:
        super().__init__(error.msg or "")
        self.syntax_error = error


class UndecryptableError(Exception):
    """Decryption failed. The error has no reason in it, and never leaves sso.saml."""


class UnreadableCertificateError(Exception):
    """A text is no certificate. The message says what it is, as the end of a sentence; `advice` is a sentence."""

    def __init__(self, what: str, advice: str = DOWNLOAD_AGAIN) -> None:
        super().__init__(what)
        self.advice = advice


class NotDERError(ValueError):
    """The bytes are not DER, or not the value that was expected."""


class CutOffError(NotDERError):
    """The bytes end before the value does: a part is missing."""
