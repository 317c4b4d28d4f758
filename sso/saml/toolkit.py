"""python3-saml and xmlsec. Nothing else in this project knows them, and every setting of theirs is written out here."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import deepcopy
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from ssl import DER_cert_to_PEM_cert
from typing import Any, cast
from urllib.parse import urlsplit

import xmlsec
from lxml import etree
from onelogin.saml2 import response as toolkit_response
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from sso.saml.case import SKEW
from sso.saml.certificates import SigningCertificate
from sso.saml.names import SAML
from sso.saml.types import Binding, ServiceProvider

_SCHEMAS = Path(toolkit_response.__file__).parent / "schemas"
_PROTOCOL = "saml-schema-protocol-2.0.xsd"

# Seconds since the epoch while we ask python3-saml something; None for anybody else who uses it in this process.
_clock: ContextVar[int | None] = ContextVar("clock of the response under examination", default=None)


class _Schemas(threading.local):
    """Compiling the schema takes longer than everything else together, so each thread does it once."""

    def __init__(self) -> None:
        self.protocol = etree.XMLSchema(etree.parse(str(_SCHEMAS / _PROTOCOL)))


_schemas = _Schemas()


class _Utils(OneLogin_Saml2_Utils):  # type: ignore[misc]
    """python3-saml asks the system's clock, and a verdict depends on nothing but what it is given."""

    @staticmethod
    def now() -> int:
        moment = _clock.get()
        return int(OneLogin_Saml2_Utils.now()) if moment is None else moment


class _XML(OneLogin_Saml2_XML):  # type: ignore[misc]
    """The same schema, compiled once instead of for each response."""

    @staticmethod
    def validate_xml(xml: Any, schema: str, debug: bool = False) -> Any:  # noqa: FBT001, FBT002
        if _clock.get() is None or schema != _PROTOCOL:
            return OneLogin_Saml2_XML.validate_xml(xml, schema, debug)
        return "invalid_xml" if schema_complaint(xml) else xml


# response.py of python3-saml looks both names up when it runs; there is no other way in.
toolkit_response.OneLogin_Saml2_Utils = _Utils
toolkit_response.OneLogin_Saml2_XML = _XML


class _Response(OneLogin_Saml2_Response):  # type: ignore[misc]
    """A response that has been parsed already: two parsers could read it differently."""

    def __init__(self, settings: OneLogin_Saml2_Settings, document: etree._Element) -> None:
        self._settings = settings
        self._error = None
        self.response = None
        self.document = document
        self.decrypted_document = None
        self.encrypted = None
        self.valid_scd_not_on_or_after = None

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
    schema = _schemas.protocol
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


def signer_of(signature: etree._Element, certificates: Iterable[SigningCertificate]) -> SigningCertificate | None:
    """Return the certificate whose key made a signature, None if none did. The document's own keys don't count.

    Only for a signature that signed_info.py has let through.
    """
    xmlsec.tree.add_ids(signature.getroottree().getroot(), ["ID"])
    return next((each for each in certificates if _is_signed_by(signature, each)), None)


def _is_signed_by(signature: etree._Element, certificate: SigningCertificate) -> bool:
    context = xmlsec.SignatureContext()
    try:
        context.key = _key(certificate.der)
        context.set_enabled_key_data([xmlsec.constants.KeyDataX509])
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


@lru_cache(maxsize=1024)
def _key(der: bytes) -> xmlsec.Key:
    return xmlsec.Key.from_memory(der, xmlsec.constants.KeyDataFormatCertDer)


def complaint(
    document: etree._Element,
    *,
    service_provider: ServiceProvider,
    issuer: str,
    certificates: tuple[SigningCertificate, ...],
    request_id: str,
    now: datetime,
    allow_sha1: bool,
) -> str:
    """Return what python3-saml has against a response, "" if it would accept it.

    It verifies all signatures again, by `certificates` alone.
    """
    settings = _settings(service_provider, issuer, certificates, allow_sha1)
    with _at(now):
        try:
            _Response(settings, document).is_valid(
                _request_data(service_provider.acs_url), request_id, raise_exceptions=True
            )
        except Exception as error:  # noqa: BLE001 - it raises its own, lxml's, xmlsec's and bare Exception
            return str(error) or type(error).__name__
    return ""


@contextmanager
def _at(now: datetime) -> Iterator[None]:
    """Set back by what clocks may differ: python3-saml allows none for the confirmation's NotOnOrAfter."""
    token = _clock.set(int((now - SKEW).timestamp()))
    try:
        yield
    finally:
        _clock.reset(token)


def _request_data(acs_url: str) -> dict[str, str]:
    """Our configured address in the form python3-saml takes it apart; never the Host header."""
    parts = urlsplit(acs_url)
    return {
        "https": "on" if parts.scheme == "https" else "off",
        "http_host": parts.netloc,
        "script_name": parts.path,
    }


@lru_cache(maxsize=1024)
def _settings(
    service_provider: ServiceProvider,
    issuer: str,
    certificates: tuple[SigningCertificate, ...],
    allow_sha1: bool,  # noqa: FBT001 - a cache key
) -> OneLogin_Saml2_Settings:
    """Everything they are made from is in the key, so that a changed connection is never judged by old ones."""
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "debug": False,
            "sp": {
                "entityId": service_provider.entity_id,
                "assertionConsumerService": {
                    "url": service_provider.acs_url,
                    "binding": Binding.POST.value,
                },
            },
            "idp": {
                "entityId": issuer,
                # Wanted, though nothing is sent there to validate a response.
                "singleSignOnService": {"url": "https://unused.invalid/"},
                "x509certMulti": {"signing": [DER_cert_to_PEM_cert(each.der) for each in certificates]},
            },
            "security": _security(allow_sha1=allow_sha1),
        }
    )


def _security(*, allow_sha1: bool) -> dict[str, Any]:
    """signature_places demands a signed response or a signed assertion; each setting here would demand one form."""
    return {
        "wantMessagesSigned": False,
        "wantAssertionsSigned": False,
        "wantAssertionsEncrypted": False,
        "wantNameIdEncrypted": False,
        "wantNameId": True,
        "wantAttributeStatement": False,
        "allowRepeatAttributeName": True,
        "requestedAuthnContext": False,
        "failOnAuthnContextMismatch": False,
        "rejectDeprecatedAlgorithm": not allow_sha1,
        "allowSingleLabelDomains": True,
    }
