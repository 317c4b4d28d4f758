"""A message as it arrived: bounded, decoded and parsed, before anything in it is believed.

These rules keep hostile documents away from every library behind them: libxmlsec runs what a document asks for before
it knows who signed it, and two readers of one document may disagree about comments, entities and encodings.
"""

import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

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
_BLANKS = str.maketrans("", "", " \t\r\n")
_BOM = b"\xef\xbb\xbf"
_DECLARATION = re.compile(
    r"""<\?xml\s+version\s*=\s*["']1\.0["'](?:\s+encoding\s*=\s*["']utf-?8["'])?"""
    r"""(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*\?>""",
    re.IGNORECASE,
)
_NOT_PLAIN = re.compile(r"<\?|<!(?!\[CDATA\[)")
_ATTRIBUTE = re.compile(rb"=\s*[\"']")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ID_NAMES = ("id", "assertionid")
# Where some providers name the request that they leave out of the response itself.
_CONFIRMED = f"{SAML}Assertion/{SAML}Subject/{SAML}SubjectConfirmation/{SAML}SubjectConfirmationData"


@dataclass(slots=True)
class Survey:
    """What a walk over the whole document counted."""

    depth: int = 0
    elements: int = 0
    attributes: int = 0
    most_attributes: int = 0
    declarations: int = 0
    most_ids: int = 0


class Envelope:
    """One encoded message, read step by step on first use. The rules below have to pass in their order."""

    def __init__(self, encoded: str) -> None:
        self.encoded = encoded
        self.namespaces: set[tuple[str, str]] = set()
        self.ids: list[str] = []

    @cached_property
    def data(self) -> bytes:
        """The decoded bytes without a byte order mark."""
        compact = self.encoded.translate(_BLANKS)
        return binascii.a2b_base64(compact.encode("ascii"), strict_mode=True).removeprefix(_BOM)

    @cached_property
    def root(self) -> etree._Element:
        """The document's root element; nothing in it is verified."""
        return parse_utf8(self.data)

    @cached_property
    def survey(self) -> Survey:
        """Counts of the whole document; fills `namespaces` and `ids` on the way."""
        survey = Survey()
        depth = 0
        for event, item in etree.iterwalk(self.root, events=("start", "end", "start-ns")):
            if event == "start-ns":
                survey.declarations += 1
                self.namespaces.add(item)
            elif event == "end":
                depth -= 1
            else:
                depth += 1
                survey.depth = max(survey.depth, depth)
                self._count(survey, item)
        return survey

    def _count(self, survey: Survey, element: etree._Element) -> None:
        survey.elements += 1
        survey.attributes += len(element.attrib)
        survey.most_attributes = max(survey.most_attributes, len(element.attrib))
        ids = [
            str(value).strip()
            for name, value in element.attrib.items()
            if str(name).rpartition("}")[2].lower() in _ID_NAMES
        ]
        survey.most_ids = max(survey.most_ids, len(ids))
        self.ids += ids


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
        text = envelope.data.decode("utf-8")
    except UnicodeDecodeError:
        return refused(expected, "bytes that are not UTF-8")
    if text.startswith("<?xml") and not _DECLARATION.match(text):
        return refused(expected, shown(text.partition(">")[0]))
    return Observation(not text.startswith("\ufeff"), expected, "UTF-8")


def plain_xml(envelope: Envelope) -> Observation:
    """No DTD, comment or processing instruction, looked for in the text, so that no parser ever sees one."""
    text = envelope.data.decode("utf-8")
    declaration = _DECLARATION.match(text)
    found = _NOT_PLAIN.search(text, declaration.end() if declaration else 0)
    return Observation(
        found is None,
        "no document type, comment or processing instruction",
        "none" if found is None else f"one that begins with {found[0]}",
    )


def markup(envelope: Envelope) -> Observation:
    """Counted before the parser sees it, which takes more than a second for 27,000 attributes of one element."""
    found = sum(1 for _ in _ATTRIBUTE.finditer(envelope.data))
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
        survey.depth <= MAX_DEPTH
        and survey.elements <= MAX_ELEMENTS
        and survey.attributes <= MAX_ATTRIBUTES
        and survey.most_attributes <= MAX_ATTRIBUTES_EACH
        and survey.declarations <= MAX_DECLARATIONS
        and len(envelope.namespaces) <= MAX_NAMESPACES
    )
    return Observation(
        within,
        f"at most {MAX_DEPTH} levels, {MAX_ELEMENTS} elements, {MAX_NAMESPACES} namespaces",
        f"{survey.depth} levels, {survey.elements} elements, {survey.attributes} attributes, "
        f"{len(envelope.namespaces)} namespaces",
    )


def namespaces(envelope: Envelope) -> Observation:
    """Canonicalization fails on a relative namespace, and a library may then verify the digest of nothing."""
    relative = [uri for _, uri in envelope.namespaces if uri and not _SCHEME.match(uri)]
    return Observation(not relative, "absolute namespace URIs", shown(relative[0]) if relative else "absolute")


def unique_ids(envelope: Envelope) -> Observation:
    """Every ID once, one an element, in whatever spelling: a signature points to its element by ID."""
    single = envelope.survey.most_ids <= 1
    distinct = len(set(envelope.ids)) == len(envelope.ids)
    return Observation(
        single and distinct,
        "each ID once, one for each element",
        f"{len(envelope.ids)} IDs, {len(set(envelope.ids))} different",
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
