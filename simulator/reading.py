"""Parsing of untrusted XML: bounded, without document types and entities."""

from typing import Final

from lxml import etree

MAX_SIZE: Final = 100_000


def parse(data: bytes) -> etree._Element:
    """Return the root element. Raises ValueError for anything too large, not UTF-8 or not plain XML."""
    if len(data) > MAX_SIZE:
        raise ValueError("it is larger than any such document")
    # Without this look the parser would build a document type before it could be refused.
    if b"<!DOCTYPE" in data or b"\0" in data:
        raise ValueError("it has a document type declaration or is not UTF-8")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError("it is not well-formed XML") from error
