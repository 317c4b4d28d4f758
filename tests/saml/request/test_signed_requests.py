"""Requests that we sign: by our own code, verified here by others."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import xmlsec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from sso.saml import (
    AuthnRequest,
    Binding,
    IdentityProvider,
    KeyPair,
    build_authn_request,
    build_sp_metadata,
)
from sso.saml import make_key_pair as make
from tests.saml.metadata_files import SSO
from tests.saml.provider import ISSUER, NOW, SP, certificate_pem, key_pair

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
DS = "{http://www.w3.org/2000/09/xmldsig#}"


@cache
def our_key() -> KeyPair:
    return make("Amplisso app.example.test 10001", now=NOW)


def request(url: str = SSO, post: str = "", **options: object) -> AuthnRequest:
    options = {"request_id": "_1", "issue_instant": NOW, "key": our_key(), **options}
    return build_authn_request(SP, IdentityProvider(ISSUER, (), url, post), **options)


def verified(query: str) -> None:
    """Raise InvalidSignature unless the signature was made over these very octets."""
    signed, _, value = query.partition("&Signature=")
    signature = base64.b64decode(parse_qs("v=" + value)["v"][0], validate=True)
    public_key = our_key().certificate.public_key
    assert isinstance(public_key, rsa.RSAPublicKey)
    public_key.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("relay_state", ["", "a+b/c= ü"])
@pytest.mark.parametrize("address", [SSO, SSO + "?app=1", SSO + "?"])
def test_by_redirect_the_query_is_signed_as_it_is_sent(address, relay_state):
    made = request(address, relay_state=relay_state, login_hint="adele@contoso.example")
    query = "SAMLRequest=" + made.url.partition("SAMLRequest=")[2]
    verified(query)
    names = [name for name, _ in parse_qsl(query)]
    assert names == ["SAMLRequest", *(["RelayState"] if relay_state else []), "SigAlg", "Signature"]
    assert parse_qs(query)["SigAlg"] == [RSA_SHA256]
    with pytest.raises(InvalidSignature):
        verified(query.replace("SAMLRequest=", "SAMLRequest=a", 1))


def test_python3_saml_verifies_the_query():
    query = urlsplit(request(relay_state="abc").url).query
    assert OneLogin_Saml2_Utils.validate_binary_sign(
        query.partition("&Signature=")[0],
        base64.b64decode(parse_qs(query)["Signature"][0]),
        certificate_pem(our_key().certificate),
        RSA_SHA256,
    )


def test_by_post_the_signature_is_in_the_document():
    made = request("", SSO, relay_state="abc")
    fields = dict(made.fields)
    assert (made.binding, made.url, set(fields)) == (Binding.POST, SSO, {"SAMLRequest", "RelayState"})
    root = etree.fromstring(base64.b64decode(fields["SAMLRequest"]))
    assert [etree.QName(child).localname for child in root] == ["Issuer", "Signature"]
    schema = etree.XMLSchema(etree.parse(str(files("onelogin.saml2") / "schemas" / "saml-schema-protocol-2.0.xsd")))
    assert schema.validate(root), schema.error_log
    verify(root)
    root.set("ForceAuthn", "true")
    with pytest.raises(xmlsec.Error):
        verify(root)


def test_by_post_the_signature_survives_reading_and_writing():
    """A provider may parse and print it before it verifies."""
    made = request("", SSO, force_authn=True)
    root = etree.fromstring(base64.b64decode(dict(made.fields)["SAMLRequest"]))
    verify(etree.fromstring(etree.tostring(root, xml_declaration=True, encoding="UTF-16")))
    (shown,) = root.iter(DS + "X509Certificate")
    assert base64.b64decode(shown.text) == our_key().certificate.der


def test_unsigned_without_a_key():
    assert "Signature" not in request(key=None).url
    made = request("", SSO, key=None)
    assert b"Signature" not in base64.b64decode(dict(made.fields)["SAMLRequest"])


def test_the_private_key_has_to_be_rsa():
    pair = KeyPair(der_of(key_pair("idp", "ec").pem), key_pair("idp", "ec").certificate)
    with pytest.raises(ValueError, match="not an RSA key"):
        pair.sign(b"")


def test_certificate():
    certificate = our_key().certificate
    assert certificate.subject == "CN=Amplisso app.example.test 10001"
    assert (certificate.not_before, certificate.not_after) == (NOW - timedelta(hours=1), NOW + timedelta(days=1095))
    assert certificate.strong


def verify(root: etree._Element) -> None:
    """Raise xmlsec.Error unless our key signed the document."""
    xmlsec.tree.add_ids(root, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(our_key().certificate.der, xmlsec.constants.KeyDataFormatCertDer)
    context.verify(root.find(DS + "Signature"))


def der_of(pem: bytes) -> bytes:
    from cryptography.hazmat.primitives import serialization as s

    key = s.load_pem_private_key(pem, None)
    return key.private_bytes(s.Encoding.DER, s.PrivateFormat.PKCS8, s.NoEncryption())


def test_the_clock_is_given():
    assert make("x", now=datetime(2030, 1, 1, tzinfo=UTC)).certificate.not_after.year == 2032


def test_our_metadata_lists_certificates_and_the_sign_out_address():
    ours = (our_key().certificate, key_pair().certificate)
    sp = replace(SP, certificates=ours, encryption_certificates=ours[1:], signs_requests=True, slo_url="https://x")
    root = etree.fromstring(build_sp_metadata(sp))
    schema = etree.XMLSchema(etree.parse(str(files("onelogin.saml2") / "schemas" / "saml-schema-metadata-2.0.xsd")))
    assert schema.validate(root), schema.error_log
    role = root[0]
    assert role.get("AuthnRequestsSigned") == "true"
    listed = [(each.get("use"), each.findtext(".//{*}X509Certificate")) for each in role.iter("{*}KeyDescriptor")]
    first, second = (base64.b64encode(each.der).decode() for each in ours)
    assert listed == [("signing", first), ("signing", second), ("encryption", second)]
    assert [each.get("Location") for each in role.iter("{*}SingleLogoutService")] == ["https://x", "https://x"]
