"""The second verifier: python3-saml and xmlsec judge a message that has passed every rule of our own.

Only this module, toolkit/adapted_modules.py and toolkit/settings.py know python3-saml.
"""

from base64 import b64decode
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sso.saml.response.context import SKEW
from sso.saml.toolkit.adapted_modules import Question, Response, Utils, question, schema_complaint
from sso.saml.toolkit.limits import excess_of_bytes, excess_of_signatures
from sso.saml.toolkit.settings import key_pem, settings_for
from sso.saml.types import IdentityProvider, ServiceProvider
from sso.saml.xml.parsing import parse_utf8

__all__ = ["complaint", "logout_complaint", "request_data", "schema_complaint"]

_LOGOUT_SIGNATURE = "/samlp:LogoutRequest/ds:Signature | /samlp:LogoutResponse/ds:Signature"


def complaint(
    encoded: str,
    *,
    service_provider: ServiceProvider,
    identity_provider: IdentityProvider,
    request_id: str,
    now: datetime,
    allow_sha1: bool,
    decrypted: bytes | None = None,
) -> str:
    """Return python3-saml's complaint about a response, "" if it accepts it.

    It parses the form field `encoded` itself and verifies each signature by xmlsec with the provider's keys.
    `decrypted` are the bytes of the assertion that the response brought encrypted.
    """
    # Set back by SKEW, because python3-saml allows no difference of clocks for the confirmation's NotOnOrAfter.
    asked = Question(int((now - SKEW).timestamp()), decrypted)
    settings = settings_for(service_provider, identity_provider, allow_sha1=allow_sha1)

    def validate() -> None:
        _refuse(excess_of_bytes(b64decode(encoded)) or excess_of_bytes(decrypted or b""))
        response = Response(settings, encoded)
        _refuse(excess_of_signatures(response.get_xml_document()))
        response.is_valid(request_data(service_provider.acs_url), request_id, raise_exceptions=True)

    return _complaint(asked, validate)


def logout_complaint(encoded: str, identity_provider: IdentityProvider) -> str:
    """Return python3-saml's complaint about the signature of a logout message by POST, "" if it is good."""

    def verify() -> None:
        data = b64decode(encoded)
        _refuse(excess_of_bytes(data))
        document = parse_utf8(data)
        _refuse(excess_of_signatures(document))
        keys = [key_pem(each) for each in identity_provider.certificates]
        Utils.validate_sign(document, xpath=_LOGOUT_SIGNATURE, multicerts=keys, raise_exceptions=True)

    return _complaint(Question(0, None), verify)


def _refuse(excess: str) -> None:
    if excess:
        raise ValueError(f"not handed to xmlsec: {excess}")


def _complaint(asked: Question, ask: Callable[[], None]) -> str:
    token = question.set(asked)
    try:
        ask()
    except Exception as error:  # noqa: BLE001 - python3-saml raises its own errors, lxml's, xmlsec's and bare Exception
        return str(error) or type(error).__name__
    finally:
        question.reset(token)
    return ""


def request_data(acs_url: str) -> dict[str, Any]:
    """Return our configured address in the parts that python3-saml wants; never the Host header."""
    parts = urlsplit(acs_url)
    return {
        "https": "on" if parts.scheme == "https" else "off",
        "http_host": parts.netloc,
        "script_name": parts.path,
    }
