"""Reading a large file in pieces of text that are safe for a parser, without ever holding all of it.

The rules are those for a small file, applied with only one piece at a time in memory: decoding, comments, DTD and
crowded elements are in metadata/document.py, too. tests/saml/metadata/test_aggregates.py gives the same files to the
two, five bytes at a time (`Trickle`).
"""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from sso.saml.errors import MetadataError, MetadataProblem
from sso.saml.metadata.document import (
    ATTRIBUTE,
    CROWDED,
    HEAD_BYTES,
    MOST_ATTRIBUTES,
    crowded,
    encodings_of,
    unreadable_characters,
)
from sso.saml.metadata.frame import DOCTYPE, Position, document_type, from_the_root, incomplete
from sso.saml.mistaken_uploads.recognize import refuse_binary

# The largest federations have some 80 MB. In bytes.
MAX_STREAMED = 100_000_000
TOO_LARGE = (
    "This file is larger than 100 MB. Upload the metadata of your identity provider alone, not that of a whole "
    "federation."
)

_PIECE = 64 * 1024


def safe_pieces(stream: BinaryIO, position: Position) -> Iterator[bytes]:
    """Yield the document in UTF-8: without comments and declaration, and never a part of a document type definition.

    `stream` is a seekable file at its beginning, read 64 KB at a time; `position` becomes where the root stands in it.
    Raise `MetadataError`, not before the pieces that came ahead of what is wrong.
    """
    guard = _Guard()
    for text in from_the_root(_without_comments(_decoded(stream)), position):
        guard.look_at(text)
        yield text.encode()


def _decoded(stream: BinaryIO) -> Iterator[str]:
    encoding, fallback = encodings_of(_head(stream))
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
        raise unreadable_characters() from error


def _head(stream: BinaryIO) -> bytes:
    head = stream.read(HEAD_BYTES)
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
        if first < 0 or self._length + first > CROWDED or _has_long_tag(text):
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
        if self._length > CROWDED:
            self._attributes += sum(1 for _ in ATTRIBUTE.finditer(part))
            if self._attributes > MOST_ATTRIBUTES:
                raise crowded()


def _has_long_tag(text: str) -> bool:
    """Return whether so many characters without "<" follow each other anywhere, the end included, by sampling a few."""
    at = 0
    while at + CROWDED < len(text):
        last = text.rfind("<", at, at + CROWDED)
        if last < 0:
            return True
        at = last + 1
    return False
