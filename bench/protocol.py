"""The protocol alone, without web server and database, against python3-saml as it comes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime

import xmlsec
from lxml import etree
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser

from bench.provider import ACS, ACS_PATH, ENTITY_ID, HOST, Material
from bench.report import ratios
from bench.rounds import Case, take_turns
from sso import saml

STOCK = "python3-saml"
_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_US = saml.ServiceProvider(ENTITY_ID, ACS)


class NotAcceptedError(RuntimeError):
    """A case did not do what it is measured for."""


def run(material: Material, *, rounds: int, seconds: float) -> None:
    """Print one table for each thing that the protocol does."""

    def measure(title: str, cases: Mapping[str, Case], floor: str = "") -> None:
        ratios(title, take_turns(cases, rounds=rounds, seconds=seconds), stock=STOCK, floor=floor)

    measure("A response is judged (5 KB, assertion signed, RSA 2048, SHA-256)", _judging(material), "floor")
    measure("A request is made (HTTP-Redirect, not signed)", _asking(material, signed=False))
    measure("A request is made (HTTP-Redirect, signed with RSA 2048)", _asking(material, signed=True))
    measure("A metadata file is read (8 KB, Entra's)", _reading(material))


def _judging(material: Material) -> dict[str, Case]:
    """Return the cases that judge a response; floor is base64, parsing and xmlsec's verification with a kept key."""
    request = saml.PendingRequest(saml.new_request_id())
    encoded = material.response(request.id)
    key = xmlsec.Key.from_memory(material.certificate.der, xmlsec.constants.KeyDataFormatCertDer)

    def ours() -> None:
        verdict = saml.validate_response(
            encoded,
            service_provider=_US,
            identity_provider=material.identity_provider,
            request=request,
            now=datetime.now(UTC),
        )
        _check(verdict.accepted)

    def stock() -> None:
        auth = OneLogin_Saml2_Auth(_request_data(encoded), material.stock_settings())
        auth.process_response(request.id)
        _check(auth.is_authenticated())

    def floor() -> None:
        root = etree.fromstring(base64.b64decode(encoded))
        xmlsec.tree.add_ids(root, ["ID"])
        context = xmlsec.SignatureContext()
        context.key = key
        context.verify(next(root.iter(_DS + "Signature")))

    return {"Amplisso": ours, STOCK: stock, "floor": floor}


def _asking(material: Material, *, signed: bool) -> dict[str, Case]:
    pair = saml.make_key_pair(HOST, now=datetime.now(UTC))

    def ours() -> None:
        key = saml.KeyPair(pair.private_der, pair.certificate) if signed else None
        saml.build_authn_request(
            _US, material.identity_provider, request_id=saml.new_request_id(), issue_instant=datetime.now(UTC), key=key
        )

    def stock() -> None:
        settings = material.stock_settings()
        if signed:
            settings["security"]["authnRequestsSigned"] = True
            settings["sp"] |= material.stock_keys(pair)
        OneLogin_Saml2_Auth(_request_data(""), settings).login()

    return {"Amplisso": ours, STOCK: stock}


def _reading(material: Material) -> dict[str, Case]:
    """Return the cases that read metadata; ours also reads every certificate, and writes the findings for the admin."""
    metadata = material.metadata

    def ours() -> None:
        saml.read_idp_metadata(metadata, our_entity_id=ENTITY_ID, now=datetime.now(UTC), allow_loopback_http=True)

    def stock() -> None:
        OneLogin_Saml2_IdPMetadataParser.parse(metadata)

    return {"Amplisso": ours, STOCK: stock}


def _request_data(encoded: str) -> dict[str, object]:
    """Return a request in the form that python3-saml takes."""
    return {
        "https": "on",
        "http_host": HOST,
        "script_name": ACS_PATH,
        "get_data": {},
        "post_data": {"SAMLResponse": encoded},
    }


def _check(accepted: object) -> None:
    if not accepted:
        raise NotAcceptedError
