"""python3-saml. Nothing else in this project knows it, but for the settings in toolkit_settings.py.

python3-saml compiles its schema, its expressions and its keys again for each response, and looks the signed assertion
up again for each value: fourteen fifteenths of its time (docs/performance.md). What it asks for under a few names is
answered here by functions that do the same with what is kept, and that don't do again what the checks before have done
to the very same tree. self_check.py holds its version against the pinned one.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from lxml import etree
from onelogin.saml2 import response as toolkit_response
from onelogin.saml2 import utils as toolkit_utils
from onelogin.saml2.constants import OneLogin_Saml2_Constants
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from sso.saml.case import SKEW
from sso.saml.instants import parse_instant
from sso.saml.names import SAML
from sso.saml.once import once
from sso.saml.toolkit_settings import settings_for
from sso.saml.types import ServiceProvider

_SCHEMAS = Path(toolkit_response.__file__).parent / "schemas"
_PROTOCOL = "saml-schema-protocol-2.0.xsd"


@dataclass(frozen=True, slots=True)
class _Question:
    """What we ask python3-saml about, and what is established already.

    `now` is in seconds since the epoch. The tree satisfies the schema; `verified` are those of its signatures of which
    key and digest are good.
    """

    now: int
    verified: tuple[etree._Element, ...]


# None for anybody else who uses python3-saml in this process: they get it unchanged.
_question: ContextVar[_Question | None] = ContextVar("question to python3-saml", default=None)


class _Expressions(dict[str, etree.XPath]):
    """By their text, which comes from python3-saml's source and never from a document, so there are few."""

    def __missing__(self, text: str) -> etree.XPath:
        # Each prefix is handed over again at each use, so only those that are in it.
        namespaces = {prefix: uri for prefix, uri in OneLogin_Saml2_Constants.NSMAP.items() if f"{prefix}:" in text}
        self[text] = etree.XPath(text, namespaces=namespaces, regexp=False)
        return self[text]


class _Kept(threading.local):
    """Compiling takes longer than everything else together, so each thread does it once."""

    def __init__(self) -> None:
        self.protocol = etree.XMLSchema(etree.parse(str(_SCHEMAS / _PROTOCOL)))
        self.expressions = _Expressions()


_kept = _Kept()


class _XML(OneLogin_Saml2_XML):  # type: ignore[misc]
    """The same schema and the same expressions, compiled before."""

    @staticmethod
    def validate_xml(xml: Any, schema: str, debug: bool = False) -> Any:  # noqa: FBT001, FBT002
        question = _question.get()
        if question is None or schema != _PROTOCOL:
            return OneLogin_Saml2_XML.validate_xml(xml, schema, debug)
        return xml

    @staticmethod
    def query(dom: Any, query: str, context: Any = None, tagid: str | None = None) -> Any:
        if _question.get() is None:
            return OneLogin_Saml2_XML.query(dom, query, context, tagid)
        source = dom if context is None else context
        expression = _kept.expressions[query]
        return expression(source) if tagid is None else expression(source, tagid=tagid)


class _Utils(OneLogin_Saml2_Utils):  # type: ignore[misc]
    """The same, by our clock instead of the system's, since a verdict depends on nothing but what it is given."""

    @staticmethod
    def now() -> int:
        question = _question.get()
        return int(OneLogin_Saml2_Utils.now()) if question is None else question.now

    @staticmethod
    def parse_SAML_to_time(timestr: str) -> int:  # noqa: N802 - its name there
        moment = None if _question.get() is None else parse_instant(timestr)
        return int(OneLogin_Saml2_Utils.parse_SAML_to_time(timestr) if moment is None else moment.timestamp())

    @staticmethod
    def validate_sign(xml: Any, *args: Any, **options: Any) -> bool:
        question = _question.get()
        if question is None:
            return bool(OneLogin_Saml2_Utils.validate_sign(xml, *args, **options))
        signatures = _XML.query(xml, options["xpath"])
        return len(signatures) == 1 and any(signatures[0] is each for each in question.verified)


# python3-saml's modules look these names up when they run; there is no other way in.
toolkit_response.OneLogin_Saml2_Utils = _Utils
toolkit_response.OneLogin_Saml2_XML = _XML
toolkit_utils.OneLogin_Saml2_XML = _XML


class _Response(OneLogin_Saml2_Response):  # type: ignore[misc]
    """A response that has been parsed already: two parsers could read it differently."""

    def __init__(self, settings: Any, document: etree._Element, decrypted: etree._Element | None = None) -> None:
        self._settings = settings
        self._error = None
        self.response = None
        self.document = document
        self.decrypted_document = decrypted
        self.encrypted = decrypted is not None
        self.valid_scd_not_on_or_after = None

    @once
    def _signed_assertions(self) -> list[etree._Element]:
        return list(super()._query_assertion(""))

    def _query_assertion(self, xpath_expr: str) -> list[etree._Element]:
        """Looked for in the signed assertion, which is itself looked up once."""
        return [found for each in self._signed_assertions for found in _XML.query(each, "." + xpath_expr)]

    def validate_timestamps(self, **_: object) -> bool:
        """conditions.py compares them, with three minutes on both sides; python3-saml's five can't be set."""
        return True

    def get_audiences(self) -> list[str]:
        """Without the spn: that Entra puts before some identifiers; conditions.py wants us in every restriction."""
        return [str(name).strip().removeprefix("spn:") for name in super().get_audiences()]


def schema_complaint(document: etree._Element) -> str:
    """Return what the protocol's schema says against a document, "" if nothing.

    An AttributeStatement without attributes breaks the schema, and providers send it for people without any: that alone
    is overlooked.
    """
    schema = _kept.protocol
    if schema.validate(document):
        return ""
    if document.find(f"{SAML}Assertion/{SAML}AttributeStatement") is not None:
        without = deepcopy(document)
        for parent in without.iter(SAML + "Assertion"):
            for statement in list(_empty_statements(parent)):
                parent.remove(statement)
        if schema.validate(without):
            return ""
    # lxml's stubs don't know that the log is a list.
    log = cast("list[etree.LxmlError]", schema.error_log)
    return str(log[0]) if log else "not valid"


def _empty_statements(assertion: etree._Element) -> Iterator[etree._Element]:
    return (each for each in assertion.iterchildren(SAML + "AttributeStatement") if not len(each))


def complaint(
    document: etree._Element,
    *,
    service_provider: ServiceProvider,
    issuer: str,
    request_id: str,
    now: datetime,
    allow_sha1: bool,
    verified: tuple[etree._Element, ...] = (),
    decrypted: etree._Element | None = None,
) -> str:
    """Return what python3-saml has against a response, "" if it would accept it.

    Only for a document against which `schema_complaint` had nothing to say. `verified`: those of its signatures that
    signature_rules.py has verified; python3-saml hears of any other that it is not good. `decrypted` is the response
    with its assertion in place of the encrypted one.
    """
    # Set back by what clocks may differ: python3-saml allows none for the confirmation's NotOnOrAfter.
    question = _Question(int((now - SKEW).timestamp()), verified)
    settings = settings_for(service_provider, issuer, allow_sha1=allow_sha1)
    request_data = _request_data(service_provider.acs_url)
    with _asking(question):
        try:
            _Response(settings, document, decrypted).is_valid(request_data, request_id, raise_exceptions=True)
        except Exception as error:  # noqa: BLE001 - it raises its own, lxml's, xmlsec's and bare Exception
            return str(error) or type(error).__name__
    return ""


@contextmanager
def _asking(question: _Question) -> Iterator[None]:
    token = _question.set(question)
    try:
        yield
    finally:
        _question.reset(token)


def _request_data(acs_url: str) -> dict[str, str]:
    """Our configured address in the form python3-saml takes it apart; never the Host header."""
    parts = urlsplit(acs_url)
    return {
        "https": "on" if parts.scheme == "https" else "off",
        "http_host": parts.netloc,
        "script_name": parts.path,
    }
