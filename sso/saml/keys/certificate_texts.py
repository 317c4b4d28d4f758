"""Reading the text of an X509Certificate element: as certificates, or as an error that says what it is instead.

The standard wants base64 of one DER certificate. Providers and admins also write PEM armour, base64 of PEM and PKCS #7
there, and leave line ends of other formats in it.
"""

import base64
import binascii
import re

from sso.saml.errors import CutOffError, MetadataError, MetadataProblem, NotDERError, UnreadableCertificateError
from sso.saml.keys.certificate_fields import certificate_fields
from sso.saml.keys.certificates import SigningCertificate
from sso.saml.keys.der import only
from sso.saml.keys.der_kinds import DERKind, certificates_of_pkcs7, kind_of

# Word processors turn two hyphens into a dash.
_ARMOUR = re.compile(r"[-\u2010-\u2015]+ ?(?:BEGIN|END) [A-Z0-9 #]{1,40}[-\u2010-\u2015]+")
# Line ends of a string in JSON or a program; base64 has no backslash.
_WRITTEN_LINE_END = re.compile(r"\\[rnt]")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_PEM = b"-----BEGIN "
# A shorter text can't be a certificate.
_SHORTEST = 100
_SHOWN = 40
# A browser shows this in the place of elements that it has folded away.
DOTS = ("...", "\u2026")


def certificates_in(text: str) -> list[SigningCertificate]:
    """Return the certificates that the text of one X509Certificate element holds: one, or those of a PKCS #7 file.

    Raise `UnreadableCertificateError`, and `MetadataError` for a private key, which must not be stored.
    """
    der = _der(text)
    kind = kind_of(der)
    if kind in (DERKind.PRIVATE_KEY, DERKind.PKCS12):
        raise private_key_in_metadata()
    if kind is DERKind.PKCS7:
        return [_certificate(each) for each in _of_pkcs7(der)]
    if kind is DERKind.PUBLIC_KEY:
        raise UnreadableCertificateError(
            "it is a bare public key, without the certificate of that key",
            "Let your identity provider write the certificate into its metadata, and download the file again.",
        )
    if kind is DERKind.REQUEST:
        raise UnreadableCertificateError(
            "it is a request for a certificate, not the certificate",
            "Put the certificate in use at your identity provider, and download the file again.",
        )
    return [_certificate(der)]


def private_key_in_metadata() -> MetadataError:
    """Return the error for a document with a private key, which is not stored even if it has a certificate, too."""
    return MetadataError(
        MetadataProblem.PRIVATE_KEY,
        "This file holds a private key, which should never leave your identity provider. Replace that key there, and "
        "upload metadata that holds the certificate only.",
    )


def _der(text: str) -> bytes:
    compact = _compact(text)
    if "PRIVATE KEY" in text.upper():
        raise private_key_in_metadata()
    if len(compact) < _SHORTEST or "{" in compact:
        raise _placeholder(" ".join(text.split()))
    der = _decoded(compact)
    return _decoded(_compact(der.decode("latin-1"))) if der.startswith(_PEM) else der


def _compact(text: str) -> str:
    # split() knows no-break spaces, which come with text copied from web pages.
    return "".join(_WRITTEN_LINE_END.sub("", _ARMOUR.sub("", text)).split()).replace("\u200b", "").rstrip("=")


def _decoded(compact: str) -> bytes:
    """Decode base64 without its padding, which gets lost; the certificate's length shows whether it is complete."""
    odd = _NOT_BASE64.search(compact)
    if odd:
        raise UnreadableCertificateError(f"it is damaged: \u201c{odd[0]}\u201d is no letter of base64")
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4))
    except binascii.Error as error:
        raise UnreadableCertificateError("it is damaged: a part of its base64 is missing") from error


def _placeholder(text: str) -> UnreadableCertificateError:
    if not text:
        return UnreadableCertificateError("its element is empty")
    if text in DOTS:
        return UnreadableCertificateError(
            f"a browser folded it away and shows \u201c{text}\u201d in its place",
            "Save the file from your identity provider instead of copying its text.",
        )
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "\u2026"
    return UnreadableCertificateError(
        f"in its place stands only \u201c{shown}\u201d", "Download the file from your identity provider again."
    )


def _of_pkcs7(der: bytes) -> list[bytes]:
    try:
        found = certificates_of_pkcs7(der)
    except (NotDERError, ValueError) as error:
        raise UnreadableCertificateError("it is a damaged PKCS #7 file") from error
    if not found:
        raise UnreadableCertificateError("it is a PKCS #7 file without a certificate")
    return found


def _certificate(der: bytes) -> SigningCertificate:
    try:
        return SigningCertificate.from_der(der)
    except MetadataError as error:
        raise _what_is_wrong(der) from error


def _what_is_wrong(der: bytes) -> UnreadableCertificateError:
    try:
        only(der)
        certificate_fields(der)
    except CutOffError:
        return UnreadableCertificateError("it is damaged: a part of it is missing")
    except NotDERError:
        return UnreadableCertificateError("these bytes are no certificate, or no longer one")
    return UnreadableCertificateError(
        "its key can't be read: it is damaged or of a kind that Amplisso doesn't know",
    )
