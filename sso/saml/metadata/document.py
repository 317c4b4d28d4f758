"""Parsing an uploaded metadata document, or raising an error that says what the file is instead.

Admins save metadata from browsers, mail programs and Notepad, so every byte order mark, UTF-16, blank lines, comments
before the declaration and a browser's own remarks around the document are cut away. A DTD never reaches the parser.

metadata/stream.py follows the same rules with only a piece of a file in memory, so decoding, comments, DTD and crowded
elements are in both. tests/saml/metadata/test_aggregates.py gives the same files to the two, five bytes at a time
(`Trickle`).
"""

import contextlib
import re
from collections.abc import Iterator
from typing import cast

from lxml import etree

from sso.saml.errors import WHAT_TO_DO, MetadataError, MetadataProblem, NotXMLError
from sso.saml.metadata.frame import DOCTYPE, Position, document_type, from_the_root, not_well_formed
from sso.saml.metadata.root import refuse_other_root
from sso.saml.mistaken_uploads.recognize import refuse_binary
from sso.saml.xml.parsing import SAFE, parse_utf8

# The size that is read at once; a larger file is streamed and split into smaller documents (aggregates.py).
MAX_BYTES = 1_000_000

# How many of the first bytes identify a file.
HEAD_BYTES = 64 * 1024

# Encodings by a file's first bytes; UTF-32 begins like UTF-16, so it comes first.
_WIDE = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
# The single-byte encodings that XML files really have. No others: a codec such as UTF-7 would hide a DTD.
_SINGLE_BYTE = {
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "windows-1252": "cp1252",
    "iso-8859-15": "iso-8859-15",
}
ATTRIBUTE = re.compile(r"=\s*[\"']")
CROWDED = 4096
MOST_ATTRIBUTES = 256


def read_document(data: bytes) -> etree._Element:
    """Return the root element, not judged yet. Raise `MetadataError`."""
    if len(data) > MAX_BYTES:
        raise MetadataError(
            MetadataProblem.TOO_LARGE,
            f"The description of this identity provider is larger than 1 MB, which none needs. {WHAT_TO_DO}",
        )
    refuse_binary(data[:HEAD_BYTES])
    position = Position()
    text = "".join(from_the_root(iter(["".join(_outside_comments(_text(data)))]), position))
    if DOCTYPE in text.lower():
        raise document_type()
    _refuse_crowded(text)
    try:
        return parse_utf8(text.encode("utf-8", errors="replace"))
    except NotXMLError as error:
        look_at_root(text.encode("utf-8", errors="replace"))
        raise not_well_formed(error.syntax_error, text, position, ended=_stopped_at_the_end(error, text)) from error


def look_at_root(beginning: bytes) -> None:
    """Raise `MetadataError` if the first tag is no metadata's; mistakes in the XML are left to the parser."""
    parser = etree.XMLPullParser(("start",), collect_ids=False, **SAFE)
    with contextlib.suppress(etree.XMLSyntaxError):
        parser.feed(beginning)
    for _, root in cast(Iterator[tuple[str, etree._Element]], parser.read_events()):
        refuse_other_root(root)
        return


def _stopped_at_the_end(error: NotXMLError, text: str) -> bool:
    """Return whether the parser ran out of text, as far as line numbers show, rather than failed before."""
    return error.syntax_error.position[0] > text.rstrip().count("\n")


def metadata_text(data: bytes) -> str:
    """Return a file that has been read as text to store and show, without NUL for databases. Raise `MetadataError`."""
    return _text(data).lstrip("\ufeff").replace("\x00", "")


def _text(data: bytes) -> str:
    """Decode by the bytes first, then by the declaration: Notepad's "Unicode" is UTF-16 that still declares UTF-8."""
    encoding, fallback = encodings_of(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if fallback:
            return data.decode(fallback, errors="replace")
        raise unreadable_characters() from error


def encodings_of(head: bytes) -> tuple[str, str]:
    """Return the encoding that the first bytes show, and the declared one to fall back on, "" for none."""
    wide = next((encoding for beginning, encoding in _WIDE if head.startswith(beginning)), "")
    declared = _DECLARED.search(head[:400])
    fallback = _SINGLE_BYTE.get(declared[1].decode().lower(), "") if declared and not wide else ""
    return wide or "utf-8", fallback


def unreadable_characters() -> MetadataError:
    """Return the error for bytes that are not of the encoding that they show."""
    return MetadataError(
        MetadataProblem.ENCODING,
        "The characters of this file can't be read. Download it again and upload it without "
        "opening or saving it in between, or save it as UTF-8.",
    )


def _outside_comments(text: str) -> Iterator[str]:
    """Yield the pieces of text between comments, and the line ends in them, so that lines keep their numbers.

    Not by a regular expression, which takes hours for a million open comments.
    """
    at = 0
    while (begin := text.find("<!--", at)) >= 0 and (end := text.find("-->", begin + 4)) >= 0:
        yield text[at:begin]
        yield "\n" * text.count("\n", begin, end)
        at = end + 3
    yield text[at:]


def _refuse_crowded(text: str) -> None:
    """Refuse elements with many attributes, in whose number parsing is quadratic; real ones have a dozen."""
    for tag in text.split("<"):
        if len(tag) > CROWDED and sum(1 for _ in ATTRIBUTE.finditer(tag)) > MOST_ATTRIBUTES:
            raise crowded()


def crowded() -> MetadataError:
    """Return the error for an element with so many attributes that it can only be a denial of service."""
    return MetadataError(
        MetadataProblem.MALFORMED,
        f"This file has an element with more attributes than any metadata needs. {WHAT_TO_DO}",
    )
