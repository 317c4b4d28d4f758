"""From the bytes that an administrator uploaded to a parsed document, or to a sentence that says what they are instead.

People save metadata from browsers, mail programs and Notepad, so every byte order mark, UTF-16, blank lines, comments
before the declaration and a browser's own remarks round the document are cut away. A DTD never reaches the parser.

metadata_stream.py follows the same rules with only a piece of a file in memory, so decoding, comments, DTD and crowded
elements are in both. tests/saml/test_aggregates.py gives the same files to the two, five bytes at a time (`Trickle`).
"""

import base64
import binascii
import re
from collections.abc import Iterator

from lxml import etree

from sso.saml.errors import WHAT_TO_DO, MetadataError, MetadataProblem
from sso.saml.parser import NotXMLError, parse_utf8

# What is read in one go; a larger file is streamed, and taken apart into documents that are smaller (aggregates.py).
MAX_BYTES = 1_000_000

_UTF16_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_UTF16_STARTS = {b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
# Encodings of one byte that XML files are really saved in. No others: a codec such as UTF-7 would hide a DTD.
_SINGLE_BYTE = {
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "windows-1252": "cp1252",
    "iso-8859-15": "iso-8859-15",
}
_DECLARATION = re.compile(r"<\?xml\b[^>]*\?>")
_OPENING = re.compile(r"<((?:[\w.-]+:)?Entit(?:y|ies)Descriptor)[\s>]")
ATTRIBUTE = re.compile(r"=\s*[\"']")
LEADING = "\ufeff \t\r\n"
DOCTYPE = "<!doctype"
CROWDED = 4096
MOST_ATTRIBUTES = 256
_CLOSING = re.compile(r"</(?:[\w.-]+:)?[\w.-]+\s*>\s*\Z|/>\s*\Z")
_WEB_PAGE = re.compile(r"\A\s*(?:<!doctype\s+html\b|<html\b|<head\b|<body\b)", re.IGNORECASE)


def read_document(data: bytes) -> etree._Element:
    """Return the root element. Raises `MetadataError`; nothing of the document has been judged yet."""
    if len(data) > MAX_BYTES:
        raise MetadataError(
            MetadataProblem.TOO_LARGE,
            f"The description of this identity provider is larger than 1 MB, which none needs. {WHAT_TO_DO}",
        )
    refuse_binary(data)
    text = without_declaration("".join(_outside_comments(_text(data))))
    refuse_other_text(text)
    if DOCTYPE in text.lower():
        raise document_type()
    _refuse_crowded(text)
    return _parse(_cut_out(text))


def metadata_text(data: bytes) -> str:
    """Return a file that has been read as text to store and show; databases store no NUL. Raises `MetadataError`."""
    return _text(data).lstrip("\ufeff").replace("\x00", "")


def document_type() -> MetadataError:
    """What holds one never reaches a parser."""
    return MetadataError(
        MetadataProblem.DTD,
        "This file holds a document type definition (<!DOCTYPE), which metadata never needs and "
        f"which is not safe to read. {WHAT_TO_DO}",
    )


def refuse_binary(data: bytes) -> None:
    """Raise `MetadataError` where the first bytes of a file say that it is no text."""
    if not data.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise MetadataError(MetadataProblem.EMPTY, f"This file is empty. {WHAT_TO_DO}")
    if data[:2] in (b"\x30\x82", b"\x30\x81"):
        raise _certificate_instead()
    if data.startswith((b"PK\x03\x04", b"%PDF", b"\x1f\x8b", b"\x89PNG", b"\xd0\xcf\x11\xe0")):
        raise MetadataError(
            MetadataProblem.OTHER_FILE,
            f"This is an archive, an office document or a picture, not metadata. {WHAT_TO_DO}",
        )


def _text(data: bytes) -> str:
    """Decode by what the bytes are, then by what they say: Notepad's "Unicode" is UTF-16 that still declares UTF-8."""
    encoding, fallback = encodings_of(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if fallback:
            return data.decode(fallback, errors="replace")
        raise unreadable_characters() from error


def encodings_of(head: bytes) -> tuple[str, str]:
    """The encoding that the first bytes show, and the one to fall back on, "" for none, because they declare it."""
    wide = _UTF16_MARKS.get(head[:2]) or _UTF16_STARTS.get(head[:2])
    declared = _DECLARED.search(head[:400])
    fallback = _SINGLE_BYTE.get(declared[1].decode().lower(), "") if declared and not wide else ""
    return wide or "utf-8", fallback


def unreadable_characters() -> MetadataError:
    """The bytes are not of the encoding that they show."""
    return MetadataError(
        MetadataProblem.ENCODING,
        "The characters of this file can't be read. Download it again and upload it without "
        "opening or saving it in between, or save it as UTF-8.",
    )


def without_declaration(text: str) -> str:
    """Cut byte order marks, blanks and the declaration, which doesn't describe this text any more."""
    body = text.lstrip(LEADING)
    declaration = _DECLARATION.match(body)
    return body[declaration.end() :].lstrip(LEADING) if declaration else body


def _outside_comments(text: str) -> Iterator[str]:
    """The pieces of text between comments; no regular expression, which takes hours for a million open ones."""
    at = 0
    while (begin := text.find("<!--", at)) >= 0 and (end := text.find("-->", begin + 4)) >= 0:
        yield text[at:begin]
        at = end + 3
    yield text[at:]


def refuse_other_text(text: str) -> None:
    """Raise `MetadataError` where the beginning of a text says that it is something else than XML."""
    if not text:
        raise MetadataError(MetadataProblem.EMPTY, f"There is nothing in this file. {WHAT_TO_DO}")
    if _WEB_PAGE.match(text):
        raise MetadataError(
            MetadataProblem.WEB_PAGE,
            "This is a web page, perhaps a sign-in page that was saved instead of the file. "
            "Download the metadata XML while you are signed in to your identity provider.",
        )
    if "PRIVATE KEY-----" in text[:5000]:
        raise MetadataError(
            MetadataProblem.PRIVATE_KEY,
            "This is a private key, which should never leave its owner: replace it at your identity "
            f"provider. {WHAT_TO_DO}",
        )
    if ("-----BEGIN" in text[:5000] and "<" not in text) or _is_bare_certificate(text):
        raise _certificate_instead()
    if text.startswith(("{", "[")):
        raise MetadataError(
            MetadataProblem.JSON,
            "This is JSON, perhaps an OpenID Connect configuration. Amplisso needs the SAML metadata, "
            "which is XML: in Microsoft Entra ID it is called Federation Metadata XML.",
        )
    if "<" not in text:
        raise MetadataError(MetadataProblem.OTHER_FILE, f"This is not XML. {WHAT_TO_DO}")


def _certificate_instead() -> MetadataError:
    return MetadataError(
        MetadataProblem.CERTIFICATE,
        "This is the certificate, not the metadata. Download the metadata XML, which holds the "
        "certificate and the addresses: in Microsoft Entra ID it is called Federation Metadata XML.",
    )


def _is_bare_certificate(text: str) -> bool:
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return der[:1] == b"\x30"


def _refuse_crowded(text: str) -> None:
    """The parser's time grows with the square of the attributes of one element; honest ones have a dozen."""
    for tag in text.split("<"):
        if len(tag) > CROWDED and sum(1 for _ in ATTRIBUTE.finditer(tag)) > MOST_ATTRIBUTES:
            raise crowded()


def crowded() -> MetadataError:
    """One element has so many attributes that it can only be meant to keep the parser busy."""
    return MetadataError(
        MetadataProblem.MALFORMED,
        f"This file has an element with more attributes than any metadata needs. {WHAT_TO_DO}",
    )


def _cut_out(text: str) -> str:
    """Keep the document where a browser's view put remarks or fold marks round it."""
    opening = None if text.startswith("<") else _OPENING.search(text)
    if opening is None:
        return text
    closing = text.rfind("</" + opening[1])
    end = text.find(">", closing)
    return text[opening.start() : end + 1] if closing >= 0 and end >= 0 else text[opening.start() :]


def _parse(text: str) -> etree._Element:
    try:
        return parse_utf8(text.encode("utf-8", errors="replace"))
    except NotXMLError as error:
        raise _malformed(text, error) from error


def _malformed(text: str, error: NotXMLError) -> MetadataError:
    if ends_too_soon(text, str(error)):
        return incomplete()
    quotes = (
        " It has curly quotation marks there." if re.search(r"=\s*[\u201c\u201d\u201e\u00ab\u2018\u2019]", text) else ""
    )
    return malformed(error.line, error.column, quotes)


def ends_too_soon(text: str, complaint: str) -> bool:
    """Whether a file was cut off, by how it ends and by what the parser said."""
    return not _CLOSING.search(text) or "Premature end" in complaint


def incomplete() -> MetadataError:
    """The document ends before its root element does."""
    return MetadataError(
        MetadataProblem.INCOMPLETE,
        "This file is incomplete: it ends in the middle. Download it again and upload the whole file.",
    )


def malformed(line: int, column: int, remark: str = "") -> MetadataError:
    """`remark` is empty or begins with a blank."""
    return MetadataError(
        MetadataProblem.MALFORMED,
        f"This file is not well-formed XML: the first mistake is in line {line}, column {column}.{remark} "
        "Download it again and upload it without opening or copying it in between.",
    )
