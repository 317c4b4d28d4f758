"""The metadata of a federation: thousands of entities in one file, of which one is ours to trust (metadata 2.3.1).

The file is streamed. Each identity provider in it becomes a document of its own, so that the chosen one is read and
judged by the same reader as any small file.
"""

import html
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO, Literal, cast

from lxml import etree

from sso.saml.errors import MetadataError, MetadataProblem, SeveralProviders, unknown_entity
from sso.saml.metadata.document import MAX_BYTES, look_at_root
from sso.saml.metadata.frame import Position, not_well_formed
from sso.saml.metadata.provider_names import names_of
from sso.saml.metadata.root import Described, entity_id_of, refuse_other_root
from sso.saml.metadata.safe_text import crowded, safe_pieces
from sso.saml.metadata.signing_keys import has_certificate
from sso.saml.xml.names import MD, MD_NAMESPACE
from sso.saml.xml.parsing import SAFE

# Twice as many as all federations of the world have together.
MOST_PROVIDERS = 20_000

_LIST, _ENTITY = MD + "EntitiesDescriptor", MD + "EntityDescriptor"
# The limit for an entity that is listed more than once; the first is read, and a finding reports the others.
_MOST_ENTRIES = 2
# What an entity inherits from the lists around it is written into its own document, so it has to be small.
_MOST_INHERITED = 8_000
_INHERITED = ("validUntil", "cacheDuration")
_LONGEST_VALUE = 100
# Enough of the end of a file to see whether it is the end of an element.
_TAIL = 500


@dataclass(frozen=True, slots=True)
class OfferedProvider:
    """One identity provider of an aggregate. `entity_id` and `names` are text as it was written, to be escaped.

    `names` are the display name first, then all others and the domains it speaks for; it may be empty. `document` is
    metadata in UTF-8 that describes this entity alone, at most about 1 MB.
    """

    entity_id: str
    names: tuple[str, ...]
    document: bytes


def offered_providers(stream: BinaryIO, *, our_entity_id: str) -> Generator[OfferedProvider]:
    """Yield every entity with an IDPSSODescriptor, in the file's order; whether it can be used is not judged yet.

    `stream` is a seekable file at its beginning, of at most 100 MB. Takes memory for a few entities, however large the
    file is. Raise `MetadataError`, possibly after some have been yielded, also when there is none.
    """
    seen: Counter[str] = Counter()
    for entity, role in _providers(stream, our_entity_id):
        entity_id = entity_id_of(role)
        seen[entity_id] += 1
        names = names_of(entity, role)
        if seen[entity_id] > 1:
            names = (f"{next(iter(names), entity_id)} (entry {seen[entity_id]} of this entityID)", *names[1:])
        yield OfferedProvider(entity_id, names, _document(entity))


def provider_document(stream: BinaryIO, *, our_entity_id: str, entity_id: str | None = None) -> bytes:
    """Return the document of the one identity provider of a file of any size up to 100 MB, or of the one named.

    An entity that is listed twice comes with both entries. Raise `SeveralProviders` when there is a choice to make,
    `MetadataError` when the file can't be used.
    """
    documents: list[bytes] = []
    names: dict[str, None] = {}
    usable = False
    for entity, role in _providers(stream, our_entity_id):
        name = entity_id_of(role)
        if entity_id is None or name == entity_id.strip():
            names[name] = None
            usable = usable or has_certificate(role)
            if name == next(iter(names)) and len(documents) < _MOST_ENTRIES:
                documents.append(_document(entity))
    if not documents:
        raise unknown_entity()
    if len(names) > 1 and usable:
        raise SeveralProviders(tuple(names))
    return documents[0] if len(documents) == 1 else _listed(documents)


def _listed(documents: list[bytes]) -> bytes:
    return f'<EntitiesDescriptor xmlns="{MD_NAMESPACE}">'.encode() + b"".join(documents) + b"</EntitiesDescriptor>"


def _providers(stream: BinaryIO, our_entity_id: str) -> Iterator[tuple[etree._Element, etree._Element]]:
    """Yield every entity with its role; each is freed when the next one is asked for."""
    described, found = Described(our_entity_id), 0
    for entity in _entities(stream):
        role = described.provider(entity)
        if role is not None:
            found += 1
            if found > MOST_PROVIDERS:
                raise _too_large(f"This file describes more than {MOST_PROVIDERS:,} identity providers.")
            yield entity, role
    if not found:
        raise described.refusal()


def _entities(stream: BinaryIO) -> Iterator[etree._Element]:
    """Yield every complete EntityDescriptor of the lists; each is freed when the next one is asked for."""
    parser, waiting, tail = _parser(("start", "end"), (_LIST, _ENTITY)), 0, b""
    position = Position()
    for number, piece in enumerate(safe_pieces(stream, position)):
        if not number:
            look_at_root(piece)
        _feed(parser, piece, position)
        waiting, tail = waiting + len(piece), (tail + piece)[-_TAIL:]
        for event, element in _events(parser):
            if event == "start":
                _refuse_much_to_inherit(element)
            elif _is_listed(element):
                if element.tag == _ENTITY:
                    yield element
                _forget(element)
                waiting = 0
        if waiting > MAX_BYTES:
            raise _too_large("One entry of this file is larger than 1 MB.")
    _close(parser, tail.decode(errors="replace"), position)


def _parser(events: tuple[Literal["start", "end"], ...], tag: tuple[str, ...] | None = None) -> etree.XMLPullParser:
    """Return a parser like that of small files, but without resolve_entities=False.

    With that, lxml's feed parser stops silently at an entity that is not declared, such as &copy;, and takes what
    follows for a new document; without it, that is a mistake in the XML. No DTD comes this far, so none is declared.
    """
    return etree.XMLPullParser(events, tag=tag, collect_ids=False, **SAFE)


def _events(parser: etree.XMLPullParser) -> Iterator[tuple[str, etree._Element]]:
    return cast(Iterator[tuple[str, etree._Element]], parser.read_events())


def _feed(parser: etree.XMLPullParser, piece: bytes, position: Position) -> None:
    try:
        parser.feed(piece)
    except etree.XMLSyntaxError as error:
        raise not_well_formed(error, piece.decode(errors="replace"), position, ended=False) from error


def _close(parser: etree.XMLPullParser, tail: str, position: Position) -> None:
    """Close the parser, which reports some mistakes, such as an undeclared prefix, only now."""
    try:
        refuse_other_root(parser.close())
    except etree.XMLSyntaxError as error:
        raise not_well_formed(error, tail, position, ended=True) from error


def _is_listed(element: etree._Element) -> bool:
    """Return whether all ancestors of an element are lists: elsewhere it is part of an extension."""
    return all(outer.tag == _LIST for outer in element.iterancestors())


def _forget(element: etree._Element) -> None:
    """Free an element and all that came before it, but not its tail, to which the parser may still be adding."""
    element.clear(keep_tail=True)  # type: ignore[call-arg]  # the stubs know of no tail
    for outer in (element, *element.iterancestors()):
        parent = outer.getparent()
        while parent is not None and outer.getprevious() is not None:
            del parent[0]


def _refuse_much_to_inherit(element: etree._Element) -> None:
    if element.tag == _LIST:
        attributes, namespaces = element.attrib.items(), element.nsmap.items()
        if sum(len(name or "") + len(value) for name, value in (*attributes, *namespaces)) > _MOST_INHERITED:
            raise crowded()


def _document(entity: etree._Element) -> bytes:
    """Return the entity as a document with the namespaces around it, in lists that keep their own end dates."""
    text = etree.tostring(entity, encoding="utf-8", with_tail=False)
    for outer in entity.iterancestors():
        opening = _opening(*(outer.get(name, "") for name in _INHERITED))
        if opening:
            text = opening + text + b"</EntitiesDescriptor>"
    return text


@lru_cache(maxsize=64)
def _opening(*values: str) -> bytes:
    written = "".join(
        f' {name}="{html.escape(value)}"'
        for name, value in zip(_INHERITED, values, strict=True)
        if 0 < len(value) <= _LONGEST_VALUE
    )
    return f'<EntitiesDescriptor xmlns="{MD_NAMESPACE}"{written}>'.encode() if written else b""


def _too_large(what: str) -> MetadataError:
    return MetadataError(
        MetadataProblem.TOO_LARGE, f"{what} Upload the metadata of your identity provider alone, in a file of its own."
    )
