"""The one way bytes become XML here. Callers have limited their size and refused a DTD before."""

import threading
from typing import Any

from lxml import etree

from sso.saml.errors import NotXMLError

# The options of every parser here; Any, since lxml types each option by itself.
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


class _Parsers(threading.local):
    """One parser for each thread: lxml's may be shared, but then they wait for each other."""

    def __init__(self) -> None:
        self.plain = etree.XMLParser(resolve_entities=False, **SAFE)


_parsers = _Parsers()


def parse_utf8(data: bytes) -> etree._Element:
    """Return the root element of a UTF-8 document, whatever encoding its declaration names."""
    try:
        return etree.fromstring(data, _parsers.plain)
    except etree.XMLSyntaxError as error:
        raise NotXMLError(error) from error
