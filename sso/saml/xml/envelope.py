"""A message as it arrived: bounded, decoded and parsed, before anything in it is believed.

These rules keep hostile documents away from every library behind them: parsers and canonicalization have their own
bombs, and two readers of one document may disagree about comments, entities and encodings.
"""

import binascii
import re
import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple, cast

from lxml import etree

from sso.saml.errors import NotXMLError
from sso.saml.rule_result import COMPLAINT, RuleResult, failed, passed, shown
from sso.saml.verdict import Fault
from sso.saml.xml.markup import MAX_NAME, count_attributes, largest_claim, names_in
from sso.saml.xml.names import SAML
from sso.saml.xml.other_messages import kind_of_data, kind_of_field, mistake_in_base64
from sso.saml.xml.parsing import parse_utf8

# Room for a member of 2,000 groups, whichever way a provider writes them: Okta declares two namespaces for each value,
# Keycloak can write an attribute for each role.
MAX_BYTES = 512 * 1024
MAX_VALUES = 4_000
MAX_ELEMENTS = 5_000
MAX_ATTRIBUTES = 9_000
MAX_DECLARATIONS = 4_500
MAX_ATTRIBUTES_EACH = 64
MAX_NAMESPACES = 64
MAX_DEPTH = 32
MAX_NAMES_LENGTH = 8 * 1024

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
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ID_ENDS = ("id", "ID", "Id", "iD")
_ID = re.compile(r"(?:\{.*\})?(?:assertion)?id", re.IGNORECASE | re.DOTALL).fullmatch


class Survey(NamedTuple):
    """The counts of the whole document, (prefix, URI) of its namespaces, and whatever could be taken for an ID."""

    too_deep: bool
    elements: int
    values: int
    attributes: int
    most_attributes: int
    declarations: int
    namespaces: frozenset[tuple[str, str]]
    ids: tuple[tuple[int, str], ...]  # each with the number of its element


class _Expressions(threading.local):
    """The path expressions, compiled once for each thread."""

    def __init__(self) -> None:
        # Any, since the type of an expression's result depends on its text.
        self.too_deep: Any = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})", regexp=False)


_expressions = _Expressions()


class Envelope:
    """One encoded message, read step by step on first use. The rules below have to pass in their order."""

    def __init__(self, encoded: str) -> None:
        self.encoded = encoded

    @cached_property
    def data(self) -> bytes:
        """Return the decoded bytes without a byte order mark."""
        broken = any(blank in self.encoded for blank in _BLANKS)
        compact = self.encoded.translate(_NO_BLANKS) if broken else self.encoded
        return binascii.a2b_base64(compact.encode("ascii"), strict_mode=True).removeprefix(BOM)

    @cached_property
    def text(self) -> str:
        """Return the decoded bytes as text. Raise UnicodeDecodeError."""
        return self.data.decode("utf-8")

    @property
    def may_be_encrypted(self) -> bool:
        """Return False only if nothing is encrypted: in UTF-8, an element's name can be written in one way only."""
        return b"Encrypted" in self.data

    @cached_property
    def root(self) -> etree._Element:
        """Return the document's root element; nothing in it is verified."""
        return parse_utf8(self.data)

    @cached_property
    def survey(self) -> Survey:
        """Return the counts of the whole document."""
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
            values=sum(1 for _ in self.root.iter("{*}AttributeValue")),
            attributes=sum(counts),
            most_attributes=max(counts, default=0),
            declarations=len(declared),
            namespaces=frozenset(declared),
            ids=tuple(ids),
        )


def size(envelope: Envelope) -> RuleResult:
    """Check the size before anything is decoded."""
    length = len(envelope.encoded)
    expected = f"at most {MAX_ENCODED:,} characters of base64"
    if length <= MAX_ENCODED:
        return passed(expected, f"{length:,} characters")
    try:
        data = envelope.data
    except ValueError:
        data = b""
    return _too_large(expected, f"{length:,} characters", data)


def _too_large(expected: str, received: str, data: bytes) -> RuleResult:
    """Return the result that names the limit, the size, and the claim that makes up most of it, if there is one."""
    return failed(expected, "; ".join(filter(None, (received, shown(largest_claim(data))))), Fault.TOO_LARGE)


def base64(envelope: Envelope) -> RuleResult:
    """Check that the base64 is strict: Python's lenient decoder skips unknown characters, and others may not."""
    expected = f"an XML document in base64, at most {MAX_BYTES:,} bytes"
    try:
        data = envelope.data
    except ValueError:
        return failed(expected, kind_of_field(envelope.encoded) or shown(mistake_in_base64(envelope.encoded)))
    if len(data) > MAX_BYTES:
        return _too_large(expected, f"{len(data):,} bytes", data)
    kind = kind_of_data(data)
    return RuleResult(not kind, expected, kind or f"{len(data):,} bytes")


def encoding(envelope: Envelope) -> RuleResult:
    """Check that the encoding is UTF-8 and the version XML 1.0, also by the document's own declaration."""
    expected = "XML 1.0 in UTF-8"
    try:
        text = envelope.text
    except UnicodeDecodeError:
        return failed(expected, "bytes that are not UTF-8")
    if text.startswith("<?xml") and not _DECLARATION.match(text):
        return failed(expected, shown(text.partition(">")[0]))
    return RuleResult(not text.startswith("\ufeff"), expected, "UTF-8")


def plain_xml(envelope: Envelope) -> RuleResult:
    """Check for DTDs, comments and processing instructions in the text, so that no parser ever sees one."""
    text = envelope.text
    declaration = _DECLARATION.match(text)
    found = _NOT_PLAIN.search(text, declaration.end() if declaration else 0)
    expected = "no document type, comment or processing instruction"
    if found is None:
        return passed(expected, "none")
    # Templates written by hand have comments in them; only attackers write document types and entities.
    if found[0] == "<?":
        return failed(expected, "a processing instruction", Fault.UNUSUAL)
    if text.startswith("<!--", found.start()):
        return failed(expected, "a comment", Fault.UNUSUAL)
    return failed(expected, f"one that begins with {shown(text[found.start() :][:10])}", Fault.HOSTILE)


def markup(envelope: Envelope) -> RuleResult:
    """Check the number of attributes before parsing, which takes over a second for 27,000 on one element.

    It also keeps the names it meets (markup.py).
    """
    found, most = count_attributes(envelope.data), MAX_ATTRIBUTES + MAX_DECLARATIONS
    if found > most:
        named = "attributes and declarations"
        return _too_large(f"at most {most:,} {named}", f"{found:,} {named}", envelope.data)
    expected = f"at most {MAX_NAMES_LENGTH:,} bytes of different names and namespaces, no name over {MAX_NAME} bytes"
    if len(envelope.data) <= MAX_NAMES_LENGTH:
        return passed(expected, "not counted in so short a message")
    names, others = names_in(envelope.data)
    length, longest = sum(map(len, names | others)), max(map(len, names), default=0)
    received = f"{len(names):,} names, {length:,} bytes with their namespaces"
    if longest > MAX_NAME:
        return failed(expected, received + f", one of more than {MAX_NAME} bytes", Fault.TOO_LARGE)
    return passed(expected, received) if length <= MAX_NAMES_LENGTH else failed(expected, received, Fault.TOO_LARGE)


def well_formed(envelope: Envelope) -> RuleResult:
    """Check that the document can be parsed; the tree is kept, and every later check works on it."""
    try:
        tag = envelope.root.tag
    except NotXMLError as error:
        return failed("well-formed XML", shown(str(error), COMPLAINT))
    return passed("well-formed XML", shown(str(tag)))


def limits(envelope: Envelope) -> RuleResult:
    """Check limits that are far above any provider's messages and far below what hurts."""
    survey = envelope.survey
    if survey.too_deep:
        return failed(f"at most {MAX_DEPTH} levels", f"more than {MAX_DEPTH} levels", Fault.TOO_LARGE)
    for name, most, count in (
        ("values of claims", MAX_VALUES, survey.values),
        ("elements", MAX_ELEMENTS, survey.elements),
        ("attributes", MAX_ATTRIBUTES, survey.attributes),
        ("attributes of one element", MAX_ATTRIBUTES_EACH, survey.most_attributes),
        ("declarations of namespaces", MAX_DECLARATIONS, survey.declarations),
        ("namespaces", MAX_NAMESPACES, len(survey.namespaces)),
    ):
        if count > most:
            return _too_large(f"at most {most:,} {name}", f"{count:,} {name}", envelope.data)
    return passed(
        f"at most {MAX_DEPTH} levels, {MAX_ELEMENTS:,} elements, {MAX_NAMESPACES} namespaces",
        f"{survey.elements:,} elements, {survey.attributes:,} attributes, {len(survey.namespaces)} namespaces",
    )


def namespaces(envelope: Envelope) -> RuleResult:
    """Check for relative namespaces: canonicalization fails on them, and a library may then verify an empty digest."""
    relative = [uri for _, uri in envelope.survey.namespaces if uri and not _SCHEME.match(uri)]
    return RuleResult(not relative, "absolute namespace URIs", shown(relative[0]) if relative else "absolute")


def unique_ids(envelope: Envelope) -> RuleResult:
    """Check that IDs are unique, one an element, in any spelling: a signature refers to its element by ID."""
    ids = envelope.survey.ids
    elements, different = len({number for number, _ in ids}), len({text for _, text in ids})
    expected = "each ID once, one for each element"
    if elements == len(ids) == different:
        return passed(expected, f"{len(ids)} IDs, {different} different")
    if elements == len(ids) == different + 1 and _shares_its_id(envelope.root):
        return failed(expected, "the response and its assertion have the same ID", Fault.PROVIDER_BUG)
    return failed(expected, f"{len(ids)} IDs, {different} different", Fault.HOSTILE)


def _shares_its_id(root: etree._Element) -> bool:
    """Return whether a response has its assertion's ID: a mistake of providers; attackers repeat an ID elsewhere."""
    return root.get("ID") in {each.get("ID") for each in root.iterchildren(SAML + "Assertion")}


PLAINTEXT_RULES: tuple[Callable[[Envelope], RuleResult], ...] = (
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
    """A decrypted element, as a document of its own, to be checked by the same rules."""

    def __init__(self, data: bytes) -> None:
        super().__init__("")
        self.data = data.removeprefix(BOM)
