"""Reading a file in pieces of text that are safe for a parser, without ever holding all of it.

Admins save metadata from browsers, mail programs and Notepad, so every byte order mark, UTF-16, blank lines, comments
before the declaration and a browser's own remarks around the document are cut away. A DTD never reaches the parser.
tests/saml/metadata/test_aggregates.py gives it files five bytes at a time (`Trickle`).
"""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from sso.saml.errors import WHAT_TO_DO, MetadataError, MetadataProblem
from sso.saml.metadata.frame import DOCTYPE, Position, document_type, from_the_root, incomplete
from sso.saml.mistaken_uploads.recognize import refuse_binary

# The largest federations have some 80 MB. In bytes.
MAX_STREAMED = 100_000_000
TOO_LARGE = (
    "This file is larger than 100 MB. Upload the metadata of your identity provider alone, not that of a whole "
    "federation."
)

_PIECE = 64 * 1024

# How many of the first bytes identify a file.
_HEAD_BYTES = 64 * 1024

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
_ATTRIBUTE = re.compile(r"=\s*[\"']")
_CROWDED = 4096
_MOST_ATTRIBUTES = 256


def safe_pieces(stream: BinaryIO, position: Position) -> Iterator[bytes]:
    """Yield the document in UTF-8: without comments and declaration, and never a part of a document type definition.

    `stream` is a seekable file at its beginning, read 64 KB at a time; `position` becomes where the root stands in it.
    Raise `MetadataError`, not before the pieces that came ahead of what is wrong.
    """
    guard = _Guard()
    for text in from_the_root(_without_comments(decoded(stream)), position):
        guard.look_at(text)
        yield text.encode()


def decoded(stream: BinaryIO) -> Iterator[str]:
    """Yield the text, by the first bytes, then by the declaration: Notepad's "Unicode" still declares UTF-8.

    `stream` is a seekable file at its beginning. Raise `MetadataError`.
    """
    encoding, fallback = _encodings_of(_head(stream))
    if fallback and not _is_utf8(stream):
        encoding, errors = fallback, "replace"
    else:
        errors = "strict"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    try:
        for piece in _bounded(stream):
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _unreadable_characters() from error


def _encodings_of(head: bytes) -> tuple[str, str]:
    """Return the encoding that the first bytes show, and the declared one to fall back on, "" for none."""
    wide = next((encoding for beginning, encoding in _WIDE if head.startswith(beginning)), "")
    declared = _DECLARED.search(head[:400])
    fallback = _SINGLE_BYTE.get(declared[1].decode().lower(), "") if declared and not wide else ""
    return wide or "utf-8", fallback


def _unreadable_characters() -> MetadataError:
    """Return the error for bytes that are not of the encoding that they show."""
    return MetadataError(
        MetadataProblem.ENCODING,
        "The characters of this file can't be read. Download it again and upload it without "
        "opening or saving it in between, or save it as UTF-8.",
    )


def _head(stream: BinaryIO) -> bytes:
    head = stream.read(_HEAD_BYTES)
    refuse_binary(head)
    stream.seek(0)
    return head


def _is_utf8(stream: BinaryIO) -> bool:
    """Return whether the whole file is UTF-8, checked first since a file may declare another encoding than it has."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in _bounded(stream):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        stream.seek(0)
    return True


def _bounded(stream: BinaryIO) -> Iterator[bytes]:
    read = 0
    while piece := stream.read(_PIECE):
        read += len(piece)
        if read > MAX_STREAMED:
            raise MetadataError(MetadataProblem.TOO_LARGE, TOO_LARGE)
        yield piece


def _without_comments(texts: Iterator[str]) -> Iterator[str]:
    """Cut comments wherever pieces begin and end; the last characters wait for the next piece."""
    waiting, inside = "", False
    for text in texts:
        outside, waiting, inside = _outside_comments(waiting + text, inside=inside)
        yield outside
    if inside:
        raise incomplete()
    yield waiting


def _outside_comments(text: str, *, inside: bool) -> tuple[str, str, bool]:
    """Return the text outside of comments with the line ends in them, what has to wait, and whether it is a comment."""
    if not inside and "!" not in text:
        opening = text.find("<", max(0, len(text) - 3))
        end = opening if opening >= 0 else len(text)
        return text[:end], text[end:], False
    kept, at = [], 0
    while True:
        found = text.find("-->" if inside else "<!--", at)
        if found < 0:
            end = max(at, len(text) - 3)
            kept.append("\n" * text.count("\n", at, end) if inside else text[at:end])
            return "".join(kept), text[end:], inside
        kept.append("\n" * text.count("\n", at, found) if inside else text[at:found])
        at, inside = found + (3 if inside else 4), not inside


class _Guard:
    """A guard that refuses document type definitions and crowded elements, across the bounds of pieces."""

    def __init__(self) -> None:
        self._last = ""
        self._length = self._attributes = 0

    def look_at(self, text: str) -> None:
        """Raise `MetadataError` before the parser gets this piece."""
        around = self._last + text
        if "!" in around and DOCTYPE in around.lower():
            raise document_type()
        self._last = around[-len(DOCTYPE) :]
        first = text.find("<")
        if first < 0 or self._length + first > _CROWDED or _has_long_tag(text):
            self._count(text)
        else:
            self._length, self._attributes = len(text) - text.rfind("<") - 1, 0

    def _count(self, text: str) -> None:
        first, *others = text.split("<")
        self._go_on(first)
        for tag in others:
            self._length = self._attributes = 0
            self._go_on(tag)

    def _go_on(self, part: str) -> None:
        """Count attributes only where there is room for many, which most tags don't have."""
        self._length += len(part)
        if self._length > _CROWDED:
            self._attributes += sum(1 for _ in _ATTRIBUTE.finditer(part))
            if self._attributes > _MOST_ATTRIBUTES:
                raise crowded()


def _has_long_tag(text: str) -> bool:
    """Return whether so many characters without "<" follow each other anywhere, the end included, by sampling a few."""
    at = 0
    while at + _CROWDED < len(text):
        last = text.rfind("<", at, at + _CROWDED)
        if last < 0:
            return True
        at = last + 1
    return False


def crowded() -> MetadataError:
    """Return the error for an element with so many attributes that it can only be a denial of service."""
    return MetadataError(
        MetadataProblem.MALFORMED,
        f"This file has an element with more attributes than any metadata needs. {WHAT_TO_DO}",
    )
