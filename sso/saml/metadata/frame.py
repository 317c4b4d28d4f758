"""Finding where the document begins and ends in a file, and explaining XML that is not well-formed.

Admins save metadata from browsers, mail programs and chats, which put remarks around it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from sso.saml.errors import WHAT_TO_DO, MetadataError, MetadataProblem
from sso.saml.mistaken_uploads.recognize import refuse_other_text

LEADING = "\ufeff \t\r\n"
DOCTYPE = "<!doctype"
# Remarks before and behind a document are no longer than this, in characters.
LONGEST_REMARK = 65_536

_DECLARATION = re.compile(r"<\?xml\b[^>]*\?>")
_OPENING = re.compile(r"<((?:[\w.-]+:)?Entit(?:y|ies)Descriptor)[\s>]")
_CLOSING = re.compile(r"</(?:[\w.-]+:)?[\w.-]+\s*>\s*\Z|/>\s*\Z")
# Marks that programs leave in XML on its way, with the sentence for each.
_REMARKS = (
    (re.compile(r"=\s*[\u201c\u201d\u201e\u00ab\u2018\u2019]"), " It has curly quotation marks in it."),
    (re.compile(r"=3D[\"']"), " A mail program has encoded it (quoted-printable)."),
)
# libxml2's error numbers: a part of the document is missing, and something follows its end.
_TAG_NOT_FINISHED = 77
_DOCUMENT_END, _SECOND_DECLARATION = 5, 64


@dataclass
class Position:
    """The position in a file at which the parser's input begins: lines, and characters of the last one."""

    lines: int = 0
    columns: int = 0

    def move(self, text: str) -> None:
        """Advance past a piece of text."""
        lines = text.count("\n")
        self.lines += lines
        self.columns = len(text) - text.rfind("\n") - 1 + (0 if lines else self.columns)

    def of(self, line: int, column: int) -> tuple[int, int]:
        """Return the position in the file of a position in the parser's input."""
        return line + self.lines, column + (self.columns if line == 1 else 0)


def from_the_root(texts: Iterator[str], position: Position) -> Iterator[str]:
    """Cut everything around the document: blanks, marks, declarations, and remarks of the programs it came through.

    Raise `MetadataError` where the beginning shows that it is something else, or that remarks hold a DTD.
    """
    head = _head(texts, position)
    body = _without_declaration(head)
    refuse_other_text(body)
    opening = None if body.startswith("<") else _OPENING.search(body, 0, LONGEST_REMARK)
    if opening is not None:
        if DOCTYPE in body[: opening.start()].lower():
            raise document_type()
        body = body[opening.start() :]
    position.move(head[: len(head) - len(body)])
    if opening is None:
        yield body
        yield from texts
    else:
        yield from _to_the_closing_tag(body, texts, "</" + opening[1])


def _head(texts: Iterator[str], position: Position) -> str:
    head = ""
    for text in texts:
        whole = head + text
        head = whole.lstrip(LEADING)
        position.move(whole[: len(whole) - len(head)])
        if len(head) > LONGEST_REMARK:
            break
    return head


def _without_declaration(text: str) -> str:
    """Cut the declaration, which doesn't describe this text any more."""
    declaration = _DECLARATION.match(text)
    return text[declaration.end() :].lstrip(LEADING) if declaration else text


def _to_the_closing_tag(body: str, texts: Iterator[str], closing: str) -> Iterator[str]:
    """Leave out what follows the last closing tag of the root's name, if it is not too long to be a remark."""
    waiting = body
    for text in texts:
        at = waiting.rfind(closing)
        if at < 0 or len(waiting) - at > LONGEST_REMARK:
            at = max(0, len(waiting) - len(closing))
        yield waiting[:at]
        waiting = waiting[at:] + text
    at = waiting.rfind(closing)
    end = waiting.find(">", at) + 1 if at >= 0 else 0
    yield waiting[:end] if end and len(waiting) - end <= LONGEST_REMARK else waiting


def document_type() -> MetadataError:
    """Return the error for a document type definition, which never reaches a parser."""
    return MetadataError(
        MetadataProblem.DTD,
        "This file holds a document type definition (<!DOCTYPE), which metadata never needs and "
        f"which is not safe to read. {WHAT_TO_DO}",
    )


def incomplete() -> MetadataError:
    """Return the error for a document that ends before its root element does."""
    return MetadataError(
        MetadataProblem.INCOMPLETE,
        "This file is incomplete: it ends in the middle. Download it again and upload the whole file.",
    )


def not_well_formed(error: etree.XMLSyntaxError, text: str, position: Position, *, ended: bool) -> MetadataError:
    """Return the error for XML that is not well-formed, by the parser's own number for it.

    `text` is the document, or the last part of a large one; `ended` says whether the parser has seen all of it.
    """
    line, column = position.of(*error.position)
    code = error.code  # type: ignore[attr-defined]  # the stubs know of no number
    if code == _SECOND_DECLARATION:
        return _several(f"This file holds two XML documents: a second one begins in line {line}.")
    if code == _DOCUMENT_END:
        return _several(f"This file goes on behind the end of its XML document, in line {line}.")
    if ended and (code == _TAG_NOT_FINISHED or not _CLOSING.search(text)):
        return incomplete()
    remark = next((remark for pattern, remark in _REMARKS if pattern.search(text)), "")
    return MetadataError(
        MetadataProblem.MALFORMED,
        f"This file is not well-formed XML: the first mistake is in line {line}, near column {column}.{remark} "
        "Download it again and upload it without opening or copying it in between.",
    )


def _several(what: str) -> MetadataError:
    return MetadataError(
        MetadataProblem.SEVERAL_DOCUMENTS,
        f"{what} Upload the document of your identity provider alone, as it was downloaded.",
    )
