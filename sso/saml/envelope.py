"""A message as it arrived: bounded, decoded and parsed, before anything in it is believed.

These rules keep hostile documents away from every library behind them: libxmlsec runs what a document asks for before
it knows who signed it, and two readers of one document may disagree about comments, entities and encodings.
"""

import binascii
import re
import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple, cast

from lxml import etree

from sso.saml.names import SAML, SAMLP
from sso.saml.observation import Observation, refused, satisfied, shown
from sso.saml.parser import NotXMLError, parse_utf8

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_ELEMENTS = 5_000
MAX_ATTRIBUTES = 5_000
MAX_ATTRIBUTES_EACH = 64
MAX_NAMESPACES = 64
MAX_DECLARATIONS = 2_000

# Base64 grows by a third, and some providers break it into lines.
_MAX_ENCODED = MAX_BYTES * 2
_BLANKS = " \t\r\n"
_NO_BLANKS = str.maketrans("", "", _BLANKS)
_BOM = b"\xef\xbb\xbf"
_DECLARATION = re.compile(
    r"""<\?xml\s+version\s*=\s*["']1\.0["'](?:\s+encoding\s*=\s*["']utf-?8["'])?"""
    r"""(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*\?>""",
    re.IGNORECASE,
)
_NOT_PLAIN = re.compile(r"<\?|<!(?!\[CDATA\[)")
_ATTRIBUTE = re.compile(rb"=\s*[\"']")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ID_ENDS = ("id", "ID", "Id", "iD")
_ID = re.compile(r"(?:\{.*\})?(?:assertion)?id", re.IGNORECASE | re.DOTALL)
# Where some providers name the request that they leave out of the response itself.
_CONFIRMED = f"{SAML}Assertion/{SAML}Subject/{SAML}SubjectConfirmation/{SAML}SubjectConfirmationData"


class Survey(NamedTuple):
    """What a walk over the whole document found: counts, (prefix, URI) of namespaces, and the IDs of each element."""

    too_deep: bool
    elements: int
    attributes: int
    most_attributes: int
    declarations: int
    namespaces: frozenset[tuple[str, str]]
    ids: tuple[list[str], ...]


class _Expressions(threading.local):
    """Compiled once for each thread."""

    def __init__(self) -> None:
        # Any, since what an expression gives depends on its text.
        self.too_deep: Any = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})")


_expressions = _Expressions()


class Envelope:
    """One encoded message, read step by step on first use. The rules below have to pass in their order."""

    def __init__(self, encoded: str) -> None:
        self.encoded = encoded

    @cached_property
    def data(self) -> bytes:
        """The decoded bytes without a byte order mark."""
        broken = any(blank in self.encoded for blank in _BLANKS)
        compact = self.encoded.translate(_NO_BLANKS) if broken else self.encoded
        return binascii.a2b_base64(compact.encode("ascii"), strict_mode=True).removeprefix(_BOM)

    @cached_property
    def text(self) -> str:
        """The same as text; raises UnicodeDecodeError."""
        return self.data.decode("utf-8")

    @cached_property
    def root(self) -> etree._Element:
        """The document's root element; nothing in it is verified."""
        return parse_utf8(self.data)

    @cached_property
    def survey(self) -> Survey:
        """Counts of the whole document."""
        # lxml's stubs know that names and values may be bytes, which these are not.
        attributes = [cast("list[tuple[str, str]]", element.items()) for element in self.root.iter()]
        declared = [item for _, item in etree.iterwalk(self.root, events=("start-ns",))]
        return Survey(
            too_deep=_expressions.too_deep(self.root),
            elements=len(attributes),
            attributes=sum(map(len, attributes)),
            most_attributes=max(map(len, attributes)),
            declarations=len(declared),
            namespaces=frozenset(declared),
            ids=tuple(ids for each in attributes if each and (ids := _ids(each))),
        )


def _ids(attributes: list[tuple[str, str]]) -> list[str]:
    """The values of those attributes of one element that somebody could take for its ID."""
    return [value.strip() for name, value in attributes if name[-2:] in _ID_ENDS and _ID.fullmatch(name)]


def size(envelope: Envelope) -> Observation:
    """Bounded before anything is decoded."""
    return Observation(
        len(envelope.encoded) <= _MAX_ENCODED,
        f"at most {_MAX_ENCODED} characters",
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
    """Counted before the parser sees it, which takes more than a second for 27,000 attributes of one element."""
    found = len(_ATTRIBUTE.findall(envelope.data))
    most = MAX_ATTRIBUTES + MAX_DECLARATIONS
    return Observation(found <= most, f"at most {most} attributes", f"about {found}")


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
    ids = [each for found in envelope.survey.ids for each in found]
    return Observation(
        len(envelope.survey.ids) == len(ids) == len(set(ids)),
        "each ID once, one for each element",
        f"{len(ids)} IDs, {len(set(ids))} different",
    )


ENVELOPE_RULES: tuple[Callable[[Envelope], Observation], ...] = (
    size,
    base64,
    encoding,
    plain_xml,
    markup,
    well_formed,
    limits,
    namespaces,
    unique_ids,
)


class Plaintext(Envelope):
    """What was encrypted, once it isn't: a document of its own, to be held against the same rules."""

    def __init__(self, data: bytes) -> None:
        super().__init__("")
        self.data = data.removeprefix(_BOM)


PLAINTEXT_RULES = ENVELOPE_RULES[2:]


def may_be_encrypted(encoded: str) -> bool:
    """Return whether keys are needed to judge a response: False only if nothing in it is encrypted. Never raises.

    The name of an element can't be written in any other way in UTF-8, so nothing has to be parsed to find out.
    """
    if len(encoded) > _MAX_ENCODED:
        return False
    try:
        return b"Encrypted" in Envelope(encoded).data
    except ValueError:
        return False


def unverified_in_response_to(encoded: str) -> str:
    """Return the ID of the request that an unverified response says it answers, "" if it names none. Never raises.

    Good for finding the record of a sign-in and for nothing else: the signed one is compared in `validate_response`.
    """
    envelope = Envelope(encoded)
    try:
        readable = all(rule(envelope).passed for rule in ENVELOPE_RULES)
    except Exception:  # noqa: BLE001 - as in checklist.py: whatever a hostile document does to a library
        return ""
    if not readable or envelope.root.tag != SAMLP + "Response":
        return ""
    confirmed = envelope.root.find(_CONFIRMED)
    named = [each.get("InResponseTo") for each in (envelope.root, confirmed) if each is not None]
    return next((each for each in named if each is not None), "")
