"""Recognition of files uploaded in place of metadata, each by proof and with a sentence of its own.

Magic numbers tell archives, documents and pictures; the structure of DER tells certificates and keys; JSON is what
parses as JSON. Anything else that has no "<" in it is "not XML".
"""

import base64
import binascii
import html
import json
import re
from urllib.parse import unquote

from sso.saml.errors import WHAT_TO_DO, MetadataError, MetadataProblem
from sso.saml.keys.certificate_texts import private_key_in_metadata
from sso.saml.keys.der_kinds import DERKind, kind_of
from sso.saml.mistaken_uploads.links import refuse_links

# A file's first bytes, what it is, and what to do.
_UNPACK = "Unpack it and upload the XML file in it."
_MAGIC = (
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", _UNPACK),
    (b"%PDF", "a PDF document", WHAT_TO_DO),
    (b"{\\rtf", "a document of a word processor", WHAT_TO_DO),
    (b"\xd0\xcf\x11\xe0", "an Office document", WHAT_TO_DO),
    (b"\x89PNG", "a picture", WHAT_TO_DO),
    (b"\xff\xd8\xff", "a picture", WHAT_TO_DO),
    (b"GIF8", "a picture", WHAT_TO_DO),
    (b"II*\x00", "a picture", WHAT_TO_DO),
    (b"MM\x00*", "a picture", WHAT_TO_DO),
    (b"\xfe\xed\xfe\xed", "a Java key store, which may hold a private key", WHAT_TO_DO),
    (b"bplist00", "a property list of macOS, such as a saved link", WHAT_TO_DO),
)
# DER of an unknown kind begins with these bytes; no text does.
_DER = (b"\x30\x81", b"\x30\x82", b"\x30\x83")
_ZIP = b"PK\x03\x04"
# In a ZIP archive, only documents have parts with these names.
_IN_OFFICE_DOCUMENTS = (b"[Content_Types].xml", b"mimetypeapplication/vnd.oasis")
_IN_OPENID_CONFIGURATIONS = {"authorization_endpoint", "token_endpoint", "jwks_uri"}
_WEB_PAGE = re.compile(
    r"\s*(?:<!doctype\s+html\b|<(?:html|head|body|meta|title|script|style|h[1-6]|div|form|iframe|noscript|center)\b)",
    re.IGNORECASE,
)
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 #]{1,40})-----")
# PEM labels are looked for in so many characters at the beginning of a file.
_BEGINNING = 5000
# How much of a file that may be encoded is looked at.
_SAMPLE = 4000
_THE_METADATA = (
    "Download the metadata XML, which holds the certificate and the addresses: in Microsoft Entra ID it is called "
    "Federation Metadata XML."
)


def refuse_binary(head: bytes) -> None:
    """Raise `MetadataError` where the first bytes of a file show that it is not text."""
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise MetadataError(MetadataProblem.EMPTY, f"This file is empty. {WHAT_TO_DO}")
    kind = kind_of(head)
    if kind is not None:
        raise _key_instead(kind)
    if head.startswith(_DER):
        raise MetadataError(
            MetadataProblem.CERTIFICATE, f"This is binary data, as of a certificate, not the metadata. {_THE_METADATA}"
        )
    if head.startswith(_ZIP):
        office = any(part in head[:_SAMPLE] for part in _IN_OFFICE_DOCUMENTS)
        raise _other_file("an Office document", WHAT_TO_DO) if office else _other_file("a ZIP archive", _UNPACK)
    for magic, what, advice in _MAGIC:
        if head.startswith(magic):
            raise _other_file(what, advice)


def refuse_other_text(text: str) -> None:
    """Raise `MetadataError` where a text, or the beginning of a long one, is something other than XML."""
    if not text:
        raise MetadataError(MetadataProblem.EMPTY, f"There is nothing in this file. {WHAT_TO_DO}")
    if _WEB_PAGE.match(text):
        raise _web_page(text)
    _refuse_keys(text)
    if text[0] in '{["':
        _refuse_json(text)
    refuse_links(text)
    if "<" not in text:
        raise _encoded(text) or MetadataError(MetadataProblem.OTHER_FILE, f"This is not XML. {WHAT_TO_DO}")


def _web_page(text: str) -> MetadataError:
    if "EntityDescriptor" in text:
        return MetadataError(
            MetadataProblem.WEB_PAGE,
            "This is a web page or a document that shows the metadata, not the metadata itself. Download the metadata "
            "XML from your identity provider and upload it without opening it.",
        )
    return MetadataError(
        MetadataProblem.WEB_PAGE,
        "This is a web page, not the metadata. Download the metadata XML while you are signed in to your identity "
        "provider.",
    )


def _refuse_keys(text: str) -> None:
    """Refuse keys and certificates, recognizing PEM by its label and base64 by its content."""
    if "<" in text:
        if "PRIVATE KEY-----" in text:
            raise private_key_in_metadata()
        return
    labels = _PEM.findall(text[:_BEGINNING])
    if any("PRIVATE KEY" in label for label in labels):
        raise _key_instead(DERKind.PRIVATE_KEY)
    if labels:
        raise _key_instead(_kind_of_label(labels[0]))
    der = _from_base64(text)
    kind = kind_of(der) if der else None
    if kind is not None:
        raise _key_instead(kind)


def _kind_of_label(label: str) -> DERKind:
    if "REQUEST" in label:
        return DERKind.REQUEST
    return DERKind.PUBLIC_KEY if label.endswith("PUBLIC KEY") else DERKind.CERTIFICATE


def _key_instead(kind: DERKind) -> MetadataError:
    if kind is DERKind.PRIVATE_KEY:
        return MetadataError(
            MetadataProblem.PRIVATE_KEY,
            "This is a private key, which should never leave its owner: replace it at your identity "
            f"provider. {WHAT_TO_DO}",
        )
    if kind is DERKind.PKCS12:
        return MetadataError(
            MetadataProblem.PRIVATE_KEY,
            "This file (PKCS #12, .pfx or .p12) holds a private key beside the certificate. A private key should never "
            f"leave its owner: replace it at your identity provider. {WHAT_TO_DO}",
        )
    what = "the certificate" if kind in (DERKind.CERTIFICATE, DERKind.PKCS7) else kind.value
    return MetadataError(MetadataProblem.CERTIFICATE, f"This is {what}, not the metadata. {_THE_METADATA}")


def _refuse_json(text: str) -> None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(found, str) and "EntityDescriptor" in found:
        raise _is_encoded("a JSON string")
    if isinstance(found, dict) and _IN_OPENID_CONFIGURATIONS & found.keys():
        what = "an OpenID Connect configuration (JSON)"
    else:
        what = "JSON"
    raise MetadataError(
        MetadataProblem.JSON,
        f"This is {what}. Amplisso needs the SAML metadata, which is XML: in Microsoft Entra ID it is called "
        "Federation Metadata XML.",
    )


def _encoded(text: str) -> MetadataError | None:
    """Return the error for metadata that was encoded on its way, recognized by decoding it; None for anything else."""
    sample = text[:_SAMPLE]
    decoded = {
        "HTML (with &lt; in place of <)": html.unescape(sample),
        "a part of a web address (with %3C in place of <)": unquote(sample),
        "base64": (_from_base64(text) or b"")[:_SAMPLE].decode("utf-8", errors="replace"),
    }
    for how, result in decoded.items():
        if "<" in result and "EntityDescriptor" in result:
            return _is_encoded(how)
    return None


def _is_encoded(how: str) -> MetadataError:
    return MetadataError(
        MetadataProblem.ENCODED,
        f"This is the metadata, but it was encoded as {how} on its way. Download the file again from your identity "
        "provider and upload it unchanged.",
    )


def _from_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _other_file(what: str, advice: str) -> MetadataError:
    return MetadataError(MetadataProblem.OTHER_FILE, f"This is {what}, not metadata. {advice}")
