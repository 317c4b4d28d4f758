"""Private copies of two of python3-saml's modules, adapted; other users of the library in this process see no change.

Adapted is what python3-saml can't be told by a setting: the time of the verdict, what is kept between two responses
instead of being compiled again (schema, path expressions, keys), and which algorithms xmlsec may run at all. The
validation and the check of signatures are python3-saml's own. self_check.py compares the copies with the originals.
"""

import threading
from contextvars import ContextVar
from copy import deepcopy
from functools import lru_cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import xmlsec
from lxml import etree
from onelogin.saml2.constants import OneLogin_Saml2_Constants
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from sso.saml.response.context import SKEW
from sso.saml.rule_result import trimmed
from sso.saml.xml.decryption import in_place, without_masks
from sso.saml.xml.instants import parse_instant
from sso.saml.xml.names import SAML
from sso.saml.xml.parsing import parse_utf8

_PROTOCOL_SCHEMA = "saml-schema-protocol-2.0.xsd"
_DECRYPTED_SIGNATURE = "/saml:Assertion/ds:Signature"


class Question(NamedTuple):
    """A question to python3-saml: the moment (seconds since the epoch) and the decrypted assertion to judge by."""

    now: int
    decrypted: bytes | None


question: ContextVar[Question] = ContextVar("question to python3-saml")


def _private_copy(name: str) -> Any:
    """Run the source of one of python3-saml's modules again, as a module that nothing else can import."""
    original = find_spec(f"onelogin.saml2.{name}")
    spec = original and spec_from_file_location(f"{__name__}.{name}", cast("str", original.origin))
    if spec is None or spec.loader is None:
        raise ImportError(f"python3-saml has no module {name}")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_utils = _private_copy("utils")
_response = _private_copy("response")
_OriginalUtils: Any = _utils.OneLogin_Saml2_Utils
_OriginalResponse: Any = _response.OneLogin_Saml2_Response


class _Expressions(dict[str, etree.XPath]):
    """Compiled path expressions by their text, which comes from python3-saml's source, so there are few."""

    def __missing__(self, text: str) -> etree.XPath:
        # Prefixes cost time at each use, so only those in the expression are handed over.
        namespaces = {prefix: uri for prefix, uri in OneLogin_Saml2_Constants.NSMAP.items() if f"{prefix}:" in text}
        self[text] = etree.XPath(text, namespaces=namespaces, regexp=False)
        return self[text]


class _Kept(threading.local):
    """Objects that take longer to compile than to use, kept once for each thread."""

    def __init__(self) -> None:
        schemas = Path(_response.__file__).parent / "schemas"
        self.protocol = etree.XMLSchema(etree.parse(str(schemas / _PROTOCOL_SCHEMA)))
        self.expressions = _Expressions()


_kept = _Kept()


def schema_complaint(document: etree._Element) -> str:
    """Return the schema's complaint about a protocol document, "" if there is none.

    Two things are overlooked: an AttributeStatement without attributes, which providers send for users without any,
    and the masks of XML Encryption 1.1, which is younger than the schema.
    """
    schema = _kept.protocol
    document = without_masks(document)
    if schema.validate(document):
        return ""
    if document.find(f"{SAML}Assertion/{SAML}AttributeStatement") is not None:
        without = deepcopy(document)
        for parent in without.iter(SAML + "Assertion"):
            for statement in parent.findall(SAML + "AttributeStatement"):
                if not len(statement):
                    parent.remove(statement)
        if schema.validate(without):
            return ""
    # lxml's stubs know neither that the log is a list nor what is in it.
    log = cast("list[Any]", schema.error_log)
    return _readable(log[0].message) if log else "not valid"


def _readable(complaint: str) -> str:
    """Write the usual prefixes in place of namespaces, so that the point of a sentence is not far behind them."""
    for prefix, namespace in OneLogin_Saml2_Constants.NSMAP.items():
        complaint = complaint.replace(f"{{{namespace}}}", f"{prefix}:")
    return complaint


class _Constants(OneLogin_Saml2_Constants):  # type: ignore[misc]
    """Allow the clocks to differ by SKEW in both directions: `Question.now` is set back by one of the two."""

    ALLOWED_CLOCK_DRIFT = 2 * int(SKEW.total_seconds())


class _XML(OneLogin_Saml2_XML):  # type: ignore[misc]
    """Use the kept schema and the kept expressions."""

    @staticmethod
    def validate_xml(xml: Any, schema: str, debug: bool = False) -> Any:  # noqa: FBT001, FBT002
        return "invalid_xml" if schema_complaint(xml) else xml

    @staticmethod
    def query(dom: Any, query: str, context: Any = None, tagid: str | None = None) -> Any:
        source = dom if context is None else context
        expression = _kept.expressions[query]
        return expression(source) if tagid is None else expression(source, tagid=tagid)


class Utils(_OriginalUtils):  # type: ignore[misc]
    """Judge by the moment of the question, since a verdict depends only on its arguments."""

    @staticmethod
    def normalize_url(url: str) -> str:
        """Leave out the white space around an address, as our own rules do."""
        return str(_OriginalUtils.normalize_url(trimmed(url)))

    @staticmethod
    def now() -> int:
        return question.get().now

    @staticmethod
    def parse_SAML_to_time(timestr: str) -> int:  # noqa: N802 - its name there
        moment = parse_instant(timestr)
        return int(_OriginalUtils.parse_SAML_to_time(timestr) if moment is None else moment.timestamp())

    @staticmethod
    def validate_sign(xml: Any, *args: Any, **options: Any) -> bool:
        """Verify as python3-saml does; the signature of a decrypted assertion in the bytes that were decrypted.

        At its place in the response the assertion would inherit namespaces, which a signature may cover.
        """
        decrypted = question.get().decrypted
        if decrypted is not None and options["xpath"] == Utils.ASSERTION_SIGNATURE_XPATH:
            xml, options = decrypted, options | {"xpath": _DECRYPTED_SIGNATURE}
        return bool(_OriginalUtils.validate_sign(xml, *args, **options))


class Response(_OriginalResponse):  # type: ignore[misc]
    """Take an encrypted assertion as our own code has decrypted it, and one or more AuthnStatements.

    "Exactly one" is the one rule of python3-saml that is switched off: the standard asks for at least one (profiles
    4.1.4.2), and conditions.py holds each to every rule.
    """

    def check_one_authnstatement(self) -> bool:
        """Return whether there is at least one."""
        return bool(self._query_assertion("/saml:AuthnStatement"))

    def get_issuers(self) -> list[str]:
        """Return the issuers without the white space around them, as our own rules read them."""
        return [trimmed(str(name)) for name in super().get_issuers()]

    def _decrypt_assertion(self, xml: etree._Element) -> etree._Element:
        return in_place(xml, parse_utf8(cast("bytes", question.get().decrypted)))

    def get_audiences(self) -> list[str]:
        """Return the audiences without the spn: that Entra puts before some identifiers."""
        return [trimmed(str(name)).removeprefix("spn:") for name in super().get_audiences()]


class _Keys:
    """Read each public key once; xmlsec copies a key when it is used, so threads may share one."""

    @staticmethod
    @lru_cache(maxsize=1024)
    def from_memory(key_pem: str, *_: object) -> Any:
        return xmlsec.Key.from_memory(key_pem, xmlsec.constants.KeyDataFormatPem)


_CANONICALIZATIONS = (xmlsec.constants.TransformExclC14N, xmlsec.constants.TransformExclC14NWithComments)
_IN_REFERENCE = (
    *_CANONICALIZATIONS,
    xmlsec.constants.TransformEnveloped,
    xmlsec.constants.TransformInclC14N,  # where no canonicalization is named (XML Signature 4.4.3.2)
    xmlsec.constants.TransformSha1,
    xmlsec.constants.TransformSha256,
    xmlsec.constants.TransformSha384,
    xmlsec.constants.TransformSha512,
)
_IN_SIGNED_INFO = (
    *_CANONICALIZATIONS,
    xmlsec.constants.TransformInclC14N,
    xmlsec.constants.TransformInclC14NWithComments,
    xmlsec.constants.TransformRsaSha1,
    xmlsec.constants.TransformRsaSha256,
    xmlsec.constants.TransformRsaSha384,
    xmlsec.constants.TransformRsaSha512,
    xmlsec.constants.TransformEcdsaSha256,
    xmlsec.constants.TransformEcdsaSha384,
    xmlsec.constants.TransformEcdsaSha512,
)


class _SignatureContext(xmlsec.SignatureContext):
    """Run no algorithm but those that SAML uses; SHA-1 is refused by python3-saml itself, unless there is a waiver."""

    def __init__(self) -> None:
        super().__init__()
        for each in _IN_REFERENCE:
            self.enable_reference_transform(each)
        for each in _IN_SIGNED_INFO:
            self.enable_signature_transform(each)


# The copies look these names up each time they run.
_utils.xmlsec = SimpleNamespace(**vars(xmlsec) | {"Key": _Keys, "SignatureContext": _SignatureContext})
_utils.OneLogin_Saml2_XML = _XML
_response.OneLogin_Saml2_Constants = _Constants
_response.OneLogin_Saml2_Utils = Utils
_response.OneLogin_Saml2_XML = _XML
