"""A message as it arrived: bounded, decoded and parsed, before anything in it is believed.

These rules keep hostile documents away from every library behind them: parsers and canonicalization have their own
bombs, and two readers of one document may disagree about comments, entities and encodings.
"""

import binascii
import re
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from lxml import etree

from sso.saml.observation import Observation, refused, satisfied, shown
from sso.saml.once import once
from sso.saml.parser import NotXMLError, parse_utf8

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_ELEMENTS = 5_000
MAX_ATTRIBUTES = 5_000
MAX_ATTRIBUTES_EACH = 64
MAX_NAMESPACES = 64
MAX_NAME = 100
MAX_NAMES_LENGTH = 8 * 1024
MAX_DECLARATIONS = 2_000

# Base64 grows by a third, and some providers break it into lines.
MAX_ENCODED = MAX_BYTES * 2
_BLANKS = " \t\r\n"
_NO_BLANKS = str.maketrans("", "", _BLANKS)
BOM = b"\xef\xbb\xbf"
_DECLARATION = re.compile(
    r"""<\?xml\s+version\s*=\s*["']1\.0["'](?:\s+encoding\s*=\s*["']utf-?8["'])?"""
    r"""(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*\?>""",
    re.IGNORECASE,
)
_NOT_PLAIN = re.compile(r"<\?|<!(?!\[CDATA\[)")
_ATTRIBUTE = re.compile(rb"=\s*[\"']")
_TAG = re.compile(rb"<([^\s/>!?]{1,%d})" % (MAX_NAME + 1))
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ID_ENDS = ("id", "ID", "Id", "iD")
_ID = re.compile(r"(?:\{.*\})?(?:assertion)?id", re.IGNORECASE | re.DOTALL).fullmatch


class Survey(NamedTuple):
    """What a walk over the whole document found: counts, (prefix, URI) of namespaces, what could be taken for an ID."""

    too_deep: bool
    elements: int
    attributes: int
    most_attributes: int
    declarations: int
    namespaces: frozenset[tuple[str, str]]
    ids: tuple[tuple[int, str], ...]  # each with the number of its element


class _Expressions(threading.local):
    """Compiled once for each thread."""

    def __init__(self) -> None:
        # Any, since what an expression gives depends on its text.
        self.too_deep: Any = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})", regexp=False)


_expressions = _Expressions()


class Envelope:
    """One encoded message, read step by step on first use. The rules below have to pass in their order."""

    def __init__(self, encoded: str) -> None:
        self.encoded = encoded

    @once
    def data(self) -> bytes:
        """The decoded bytes without a byte order mark."""
        broken = any(blank in self.encoded for blank in _BLANKS)
        compact = self.encoded.translate(_NO_BLANKS) if broken else self.encoded
        return binascii.a2b_base64(compact.encode("ascii"), strict_mode=True).removeprefix(BOM)

    @once
    def text(self) -> str:
        """The same as text; raises UnicodeDecodeError."""
        return self.data.decode("utf-8")

    @property
    def may_be_encrypted(self) -> bool:
        """False only if nothing is: the name of an element can't be written in any other way in UTF-8."""
        return b"Encrypted" in self.data

    @once
    def root(self) -> etree._Element:
        """The document's root element; nothing in it is verified."""
        return parse_utf8(self.data)

    @once
    def survey(self) -> Survey:
        """Counts of the whole document."""
        # lxml's stubs know that names and values may be bytes, which these are not.
        elements = [cast("list[tuple[str, str]]", element.items()) for element in self.root.iter()]
        attributes = [each for each in elements if each]
        ids = [
            (number, value.strip())
            for number, each in enumerate(attributes)
            for name, value in each
            if name.endswith(_ID_ENDS) and _ID(name)
        ]
        declared = [item for _, item in etree.iterwalk(self.root, events=("start-ns",))]
        counts = list(map(len, attributes))
        return Survey(
            too_deep=_expressions.too_deep(self.root),
            elements=len(elements),
            attributes=sum(counts),
            most_attributes=max(counts, default=0),
            declarations=len(declared),
            namespaces=frozenset(declared),
            ids=tuple(ids),
        )


def size(envelope: Envelope) -> Observation:
    """Bounded before anything is decoded."""
    return Observation(
        len(envelope.encoded) <= MAX_ENCODED,
        f"at most {MAX_ENCODED} characters",
        f"{len(envelope.encoded)} characters",
    )


def base64(envelope: Envelope) -> Observation:
    """Strict: Python's lenient decoder skips what it doesn't know, and another reader may not."""
    expected = f"base64 of 1 to {MAX_BYTES} bytes"
    try:
        length = len(envelope.data)
    except ValueError as error:
        return refused(expected, shown(str(error)))
    return Observation(0 < length <= MAX_BYTES, expected, f"{length} bytes")


def encoding(envelope: Envelope) -> Observation:
    """UTF-8 and XML 1.0 only, also by the document's own account."""
    expected = "XML 1.0 in UTF-8"
    try:
        text = envelope.text
    except UnicodeDecodeError:
        return refused(expected, "bytes that are not UTF-8")
    if text.startswith("<?xml") and not _DECLARATION.match(text):
        return refused(expected, shown(text.partition(">")[0]))
    return Observation(not text.startswith("\ufeff"), expected, "UTF-8")


def plain_xml(envelope: Envelope) -> Observation:
    """No DTD, comment or processing instruction, looked for in the text, so that no parser ever sees one."""
    text = envelope.text
    declaration = _DECLARATION.match(text)
    found = _NOT_PLAIN.search(text, declaration.end() if declaration else 0)
    return Observation(
        found is None,
        "no document type, comment or processing instruction",
        "none" if found is None else f"one that begins with {found[0]}",
    )


def markup(envelope: Envelope) -> Observation:
    """Counted before the parser sees it, which takes more than a second for 27,000 attributes of one element.

    It also keeps every name and namespace it meets for as long as its thread runs, and stops working when there are too
    many; so a message must not bring much that is new.
    """
    found = envelope.data.count(b"=")
    most = MAX_ATTRIBUTES + MAX_DECLARATIONS
    if found > most:
        return refused(f"at most {most} equals signs, as every attribute has one", f"{found}")
    expected = f"at most {MAX_NAMES_LENGTH} bytes of different names, none longer than {MAX_NAME}"
    if len(envelope.data) <= MAX_NAMES_LENGTH:
        return satisfied(expected, "not counted in so short a message")
    names, uris = _names(envelope.data)
    length = sum(map(len, names | uris))
    usual = length <= MAX_NAMES_LENGTH and all(len(name) <= MAX_NAME for name in names)
    return Observation(usual, expected, f"{len(names)} names, {length} bytes with their namespaces")


def _names(data: bytes) -> tuple[set[bytes], set[bytes]]:
    """Whatever may be the name of an element or attribute, and whatever may be a namespace.

    Of a name that is too long only so much as shows that.
    """
    names, uris = set(_TAG.findall(data)), set()
    for equals in _ATTRIBUTE.finditer(data):
        name = _word_before(equals.start(), data)
        names.add(name)
        if name.startswith(b"xmlns"):
            begin = equals.end()
            uris.add(data[begin : data.find(data[begin - 1 : begin], begin)])
    return names, uris


def _word_before(at: int, data: bytes) -> bytes:
    """As much of it as shows that it is too long; so do blanks, behind which there might be one."""
    around = data[max(0, at - MAX_NAME - 1) : at]
    return next(reversed(around.split()), around)


def well_formed(envelope: Envelope) -> Observation:
    """Parsed once; everything behind works on this tree."""
    try:
        tag = envelope.root.tag
    except NotXMLError as error:
        return refused("well-formed XML", shown(str(error)))
    return satisfied("well-formed XML", shown(str(tag)))


def limits(envelope: Envelope) -> Observation:
    """Far above what any provider sends, far below what hurts."""
    survey = envelope.survey
    within = (
        not survey.too_deep
        and survey.elements <= MAX_ELEMENTS
        and survey.attributes <= MAX_ATTRIBUTES
        and survey.most_attributes <= MAX_ATTRIBUTES_EACH
        and survey.declarations <= MAX_DECLARATIONS
        and len(survey.namespaces) <= MAX_NAMESPACES
    )
    return Observation(
        within,
        f"at most {MAX_DEPTH} levels, {MAX_ELEMENTS} elements, {MAX_NAMESPACES} namespaces",
        f"{survey.elements} elements, {survey.attributes} attributes, {len(survey.namespaces)} namespaces"
        + (", more levels" if survey.too_deep else ""),
    )


def namespaces(envelope: Envelope) -> Observation:
    """Canonicalization fails on a relative namespace, and a library may then verify the digest of nothing."""
    relative = [uri for _, uri in envelope.survey.namespaces if uri and not _SCHEME.match(uri)]
    return Observation(not relative, "absolute namespace URIs", shown(relative[0]) if relative else "absolute")


def unique_ids(envelope: Envelope) -> Observation:
    """Every ID once, one an element, in whatever spelling: a signature points to its element by ID."""
    ids = envelope.survey.ids
    elements, different = len({number for number, _ in ids}), len({text for _, text in ids})
    return Observation(
        elements == len(ids) == different,
        "each ID once, one for each element",
        f"{len(ids)} IDs, {different} different",
    )


PLAINTEXT_RULES: tuple[Callable[[Envelope], Observation], ...] = (
    encoding,
    plain_xml,
    markup,
    well_formed,
    limits,
    namespaces,
    unique_ids,
)
ENVELOPE_RULES = (size, base64, *PLAINTEXT_RULES)


class Plaintext(Envelope):
    """What was encrypted, once it isn't: a document of its own, to be held against the same rules."""

    def __init__(self, data: bytes) -> None:
        super().__init__("")
        self.data = data.removeprefix(BOM)
