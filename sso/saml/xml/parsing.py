"""The one way bytes become XML here. Whoever calls it has bounded their size and refused a DTD before."""

import threading
from typing import Any

from lxml import etree

# What every parser here has in common; Any, since lxml types each option by itself.
SAFE: dict[str, Any] = {
    "encoding": "utf-8",
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "huge_tree": False,
    "recover": False,
    "remove_comments": True,
    "remove_pis": True,
}


class NotXMLError(Exception):
    """The parser's complaint; never leaves sso.saml."""

    def __init__(self, error: etree.XMLSyntaxError) -> None:
        super().__init__(error.msg or "")
        self.syntax_error = error


class _Parsers(threading.local):
    """One parser a thread: lxml's may be shared, but then they take turns."""

    def __init__(self) -> None:
        self.plain = etree.XMLParser(resolve_entities=False, **SAFE)


_parsers = _Parsers()


def parse_utf8(data: bytes) -> etree._Element:
    """Return the root element of a UTF-8 document, whatever encoding its declaration names."""
    try:
        return etree.fromstring(data, _parsers.plain)
    except etree.XMLSyntaxError as error:
        raise NotXMLError(error) from error
