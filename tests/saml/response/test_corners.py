"""Lines that no provider and no attacker has reached yet, asked for on their own."""

from __future__ import annotations

import base64
from dataclasses import replace
from ssl import DER_cert_to_PEM_cert

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from simulator.saml.encryption import OAEP, encrypt
from sso.saml import make_key_pair, validate_response
from sso.saml.request.sp_metadata import build_sp_metadata
from sso.saml.response.checklist import CHECKLIST
from sso.saml.response.context import ResponseContext
from sso.saml.response.read_assertion import read_claims
from sso.saml.xml.decryption import in_place, mistakes
from sso.saml.xml.envelope import Plaintext
from sso.saml.xml.signature_value import signer_of
from sso.saml.xml.signed_bytes import SignedInfo, signed_info_bytes
from tests.saml.provider import NOW, REQUEST, SP, KeyPair, SamlResponse, encode, idp, key_pair, sign

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
OURS = make_key_pair("amplisso.example", now=NOW)
PEM = DER_cert_to_PEM_cert(OURS.certificate.der)


def test_another_ciphertext_than_the_signed_one_is_not_read() -> None:
    """If the tree changed between the check of the signature and the reading."""
    root = SamlResponse(sign="none").document()
    encrypt(root[-1], PEM)
    sign(root, SamlResponse(sign="response"))
    context = ResponseContext(
        encode(etree.tostring(root)),
        service_provider=replace(SP, keys=(OURS,)),
        identity_provider=idp(),
        request=REQUEST,
        now=NOW,
    )
    container = context.root[-1]
    context.decrypted = context.opened(container)
    assert context.signed_response is not None
    next(container.iter("{*}CipherValue")).text = "AAAA"
    with pytest.raises(ValueError, match="another assertion is signed"):
        _ = context.assertion


def test_a_decrypted_assertion_takes_its_place_wherever_that_is() -> None:
    decrypted = etree.fromstring('<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion"/>')
    first = etree.fromstring(f'<r><EncryptedAssertion xmlns="{SAML[1:-1]}"/><b/></r>')
    last = etree.fromstring(f'<r><b/><EncryptedAssertion xmlns="{SAML[1:-1]}"/></r>')
    assert [each.tag for each in in_place(first, decrypted)] == [SAML + "Assertion", "b"]
    assert [each.tag for each in in_place(last, decrypted)] == ["b", SAML + "Assertion"]


def test_an_encrypted_name_id_under_a_mask_that_the_schema_does_not_know() -> None:
    def hide(root: etree._Element) -> None:
        encrypt(next(root.iter(SAML + "NameID")), PEM, container="EncryptedID", key_transport=OAEP)

    verdict = validate_response(
        SamlResponse(before=hide).encoded(),
        service_provider=replace(SP, keys=(OURS,)),
        identity_provider=idp(),
        request=REQUEST,
        now=NOW,
    )
    assert verdict.assertion is not None
    assert verdict.assertion.name_id == "adele@contoso.example"


def test_our_metadata_lists_a_certificate_for_encryption_only_where_it_is_offered() -> None:
    both = (key_pair().certificate, OURS.certificate)
    ours = replace(SP, certificates=both, encryption_certificates=both[1:], signs_requests=True)
    document = etree.fromstring(build_sp_metadata(ours))
    listed = [(each.get("use"), each.findtext(".//{*}X509Certificate")) for each in document.iter("{*}KeyDescriptor")]
    first, second = (base64.b64encode(each.der).decode() for each in both)
    assert listed == [("signing", first), ("signing", second), ("encryption", second)]
    assert document[0].get("AuthnRequestsSigned") == "true"
    assert not list(document.iter("{*}SingleLogoutService"))
    logout = replace(SP, slo_url="https://app.example.test/saml/2/slo/10001")
    services = list(etree.fromstring(build_sp_metadata(logout)).iter("{*}SingleLogoutService"))
    assert [each.get("Location") for each in services] == [logout.slo_url] * 2


@pytest.mark.parametrize(
    "container",
    [
        "<EncryptedAssertion/>",
        '<EncryptedAssertion><EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#"><KeyInfo '
        'xmlns="http://www.w3.org/2000/09/xmldsig#"><EncryptedKey xmlns="http://www.w3.org/2001/04/xmlenc#"/></KeyInfo>'
        "</EncryptedData></EncryptedAssertion>",
    ],
)
def test_every_mistake_of_an_encrypted_element_can_be_told(container: str) -> None:
    """The first mistake is enough to refuse an element, so the others are otherwise not evaluated."""
    assert list(mistakes(etree.fromstring(container)))


def test_no_claims_without_a_signed_assertion() -> None:
    context = ResponseContext(
        SamlResponse(sign="none").encoded(), service_provider=SP, identity_provider=idp(), request=REQUEST, now=NOW
    )
    context.verified = (context.root,)
    assert read_claims(context) is None


def test_the_last_word_is_about_this_request() -> None:
    """Asked alone, without the rules before it that would have noticed."""
    context = ResponseContext(
        SamlResponse(response_in_response_to="_other", in_response_to="_other").encoded(),
        service_provider=SP,
        identity_provider=idp(),
        request=REQUEST,
        now=NOW,
    )
    seen = CHECKLIST[-1].look(context)
    assert not seen.passed
    assert "InResponseTo" in seen.received


def test_a_byte_order_mark_inside_what_was_encrypted() -> None:
    assert Plaintext(b"\xef\xbb\xbf<a/>").data == b"<a/>"
    assert Plaintext(b"<a/>").root.tag == "a"


def test_signed_info_with_blanks_in_it() -> None:
    """As providers write it that indent."""

    def indent(signature: etree._Element) -> None:
        signature[0].text = "\n  "
        for child in signature[0]:
            child.tail = "\n  "

    verdict = validate_response(
        SamlResponse(sign="both", placed=indent).encoded(),
        service_provider=SP,
        identity_provider=idp(),
        request=REQUEST,
        now=NOW,
    )
    assert verdict.failure is None


def test_signed_info_under_a_prefix_list() -> None:
    """The schema knows none there, so no response with one gets so far; its signature is read rightly all the same."""

    def list_prefixes(signature: etree._Element) -> None:
        listed = etree.SubElement(signature[0][0], "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces")
        listed.set("PrefixList", "samlp xs")
        signature[0].text = "\n"

    signature = next(SamlResponse(placed=list_prefixes).document().iter("{*}Signature"))
    assert b"xmlns:samlp" in signed_info_bytes(signature)
    assert signer_of(signature, SignedInfo.of(signature), [key_pair().certificate]) == key_pair().certificate


@pytest.mark.parametrize(("kind", "method"), [("ec", "ecdsa-sha256"), ("rsa2048", "rsa-sha256")])
def test_a_key_signs_by_its_own_method_only(kind: str, method: str) -> None:
    """Though the provider itself made it: what the signature says it is has to be what it is."""
    pair = key_pair(f"method-{kind}", kind)
    signature = next(SamlResponse(pair=pair, signature_method=MORE + method).document().iter("{*}Signature"))
    assert signer_of(signature, SignedInfo.of(signature), [pair.certificate]) == pair.certificate
    for other in ("ecdsa-sha256", "rsa-sha256"):
        signature[0][1].set("Algorithm", MORE + other)
        signature[1].text = base64.b64encode(_signed_by(pair, signed_info_bytes(signature))).decode()
        signer = signer_of(signature, SignedInfo.of(signature), [pair.certificate])
        assert (signer is not None) is (other == method)


def _signed_by(pair: KeyPair, data: bytes) -> bytes:
    key = load_pem_private_key(pair.pem, None)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    both = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return b"".join(number.to_bytes(32, "big") for number in both)
