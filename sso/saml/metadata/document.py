"""Parsing an uploaded metadata document, or raising an error that says what the file is instead."""

import contextlib
from collections.abc import Iterator
from io import BytesIO
from typing import cast

from lxml import etree

from sso.saml.errors import WHAT_TO_DO, MetadataError, MetadataProblem, NotXMLError
from sso.saml.metadata.frame import Position, not_well_formed
from sso.saml.metadata.root import refuse_other_root
from sso.saml.metadata.safe_text import decoded, safe_pieces
from sso.saml.xml.parsing import SAFE, parse_utf8

# The size that is read at once; a larger file is streamed and split into smaller documents (aggregates.py).
MAX_BYTES = 1_000_000


def read_document(data: bytes) -> etree._Element:
    """Return the root element, not judged yet. Raise `MetadataError`."""
    if len(data) > MAX_BYTES:
        raise MetadataError(
            MetadataProblem.TOO_LARGE,
            f"The description of this identity provider is larger than 1 MB, which none needs. {WHAT_TO_DO}",
        )
    position = Position()
    document = b"".join(safe_pieces(BytesIO(data), position))
    try:
        return parse_utf8(document)
    except NotXMLError as error:
        look_at_root(document)
        text = document.decode()
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
    return "".join(decoded(BytesIO(data))).lstrip("\ufeff").replace("\x00", "")
