"""Encrypted assertions and name IDs: what is opened, what is refused before it is opened, and that no refusal tells."""

from __future__ import annotations

import base64
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import cache
from ssl import DER_cert_to_PEM_cert

import pytest
from lxml import etree

from simulator.saml.encryption import KEY_BYTES, OAEP, OAEP_MGF1P, RSA_1_5, XENC, encrypt
from sso.saml import CheckName, KeyPair, Verdict, make_key_pair, unverified_hint, validate_response
from sso.saml.response.context import ResponseContext
from sso.saml.xml.envelope import Plaintext
from tests.saml.provider import NOW, REQUEST, SP, SamlResponse, encode, idp, key_pair, sign

GCM256 = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
CBC256 = XENC + "aes256-cbc"
ALLOWED = [method for method in KEY_BYTES if "tripledes" not in method]
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
X = "{%s}" % XENC  # noqa: UP031
SIGNINGS = ["assertion", "response", "both"]


@cache
def ours(name: str = "current") -> KeyPair:
    return make_key_pair(name, now=NOW)


def pem(pair: KeyPair) -> str:
    return DER_cert_to_PEM_cert(pair.certificate.der)


def encrypted(answer: SamlResponse | None = None, key: KeyPair | None = None, **methods: str) -> etree._Element:
    """A response whose assertion was signed as the response says and then encrypted; the response is signed last."""
    answer = answer or SamlResponse()
    root = replace(answer, sign="assertion" if answer.sign in ("assertion", "both") else "none", after=None).document()
    encrypt(root.find(SAML + "Assertion"), pem(key or ours()), **methods)
    if answer.sign in ("response", "both"):
        sign(root, answer)
    if answer.after:
        answer.after(root)
    return root


def judge(document: etree._Element | bytes, *keys: KeyPair) -> Verdict:
    data = document if isinstance(document, bytes) else etree.tostring(document)
    sp = replace(SP, keys=keys or (ours(),))
    return validate_response(encode(data), service_provider=sp, identity_provider=idp(), request=REQUEST, now=NOW)


def failed(verdict: Verdict) -> tuple[CheckName | None, str]:
    check = verdict.failure
    assert verdict.assertion is None or check is None
    return (check.name, check.received) if check else (None, "")


NOT_OPENED = (CheckName.DECRYPTION, "encrypted, and not opened by any key of ours")


class TestOpened:
    """Genuine encrypted responses are opened."""

    @pytest.mark.parametrize("signing", SIGNINGS)
    @pytest.mark.parametrize("transport", [OAEP_MGF1P, OAEP])
    @pytest.mark.parametrize("content", ALLOWED)
    def test_every_method_and_signature(self, content, transport, signing):
        verdict = judge(encrypted(SamlResponse(sign=signing), content_method=content, key_transport=transport))
        assert failed(verdict) == (None, "")
        assert verdict.assertion.name_id == "adele@contoso.example"
        assert verdict.signed == signing

    @pytest.mark.parametrize("position", [0, 1])
    def test_by_either_key_of_a_rollover(self, position):
        both = (ours(), ours("next"))
        for _ in range(20):
            assert judge(encrypted(key=both[position]), *both).accepted, "no chance, in either order"

    @pytest.mark.parametrize("signing", SIGNINGS)
    def test_an_encrypted_name_id(self, signing):
        def hide(root: etree._Element) -> None:
            encrypt(next(root.iter(SAML + "NameID")), pem(ours()), container="EncryptedID")

        verdict = judge(SamlResponse(sign=signing, before=hide).document())
        assert failed(verdict) == (None, "")
        assert verdict.assertion.name_id == "adele@contoso.example"
        both = judge(encrypted(SamlResponse(sign=signing, before=hide)))
        assert failed(both) == (None, "")
        assert both.assertion.name_id == "adele@contoso.example"

    def test_an_encrypted_name_id_with_the_newer_rsa_oaep(self):
        """SAML's schema does not know what names the mask."""

        def hide(root: etree._Element) -> None:
            encrypt(next(root.iter(SAML + "NameID")), pem(ours()), container="EncryptedID", key_transport=OAEP)

        assert judge(SamlResponse(before=hide).document()).accepted
        assert judge(encrypted(SamlResponse(before=hide), key_transport=OAEP)).accepted

    def test_the_key_beside_the_data(self):
        root = encrypted()
        container = root.find(SAML + "EncryptedAssertion")
        info = next(container.iter(DS + "KeyInfo"))
        key = info[0]
        container.append(key)
        key.set("Id", "_k")
        etree.SubElement(info, DS + "RetrievalMethod", URI="#_k", Type=XENC + "EncryptedKey")
        assert judge(root).accepted

    def test_an_assertion_without_attributes(self):
        assert judge(encrypted(SamlResponse(statement="<AttributeStatement/>"))).accepted

    def test_prefixes_of_its_own(self):
        """Moved into the response, its prefix would become the response's, and its signature would break."""

        def rewrite(text: str) -> str:
            return text.replace(
                "<samlp:Response ", '<samlp:Response xmlns:other="urn:oasis:names:tc:SAML:2.0:assertion" '
            )

        assert judge(encrypted(SamlResponse(rewritten=rewrite))).accepted

    def test_keys_are_asked_for_only_when_needed(self):
        assert not unverified_hint(SamlResponse().encoded()).may_be_encrypted
        assert unverified_hint(encode(etree.tostring(encrypted()))).may_be_encrypted
        assert not unverified_hint("no base64!").may_be_encrypted
        assert not unverified_hint("A" * 10_000_000).may_be_encrypted


def change(edit: Callable[[etree._Element], object], **methods: str) -> etree._Element:
    """An encrypted response after an edit of its EncryptedAssertion."""
    root = encrypted(**methods)
    edit(root.find(SAML + "EncryptedAssertion"))
    return root


def methods(container: etree._Element) -> list[etree._Element]:
    """EncryptionMethod of the content, then of the key."""
    return list(container.iter(X + "EncryptionMethod"))


def _attribute(root: etree._Element) -> None:
    statement = root.find(f"{SAML}Assertion/{SAML}AttributeStatement")
    encrypt(statement[0], pem(ours()), container="EncryptedAttribute")


def _twice(container: etree._Element) -> None:
    container.addnext(deepcopy(container))


def _elsewhere(container: etree._Element) -> None:
    status = container.getparent().find("{*}Status")
    etree.SubElement(status, "{urn:oasis:names:tc:SAML:2.0:protocol}StatusDetail").append(container)


def _reference(container: etree._Element) -> None:
    value = list(container.iter(X + "CipherValue"))[-1]
    parent = value.getparent()
    parent.replace(value, etree.Element(X + "CipherReference", URI="http://127.0.0.1/"))


def _more_keys(container: etree._Element) -> None:
    key = next(container.iter(X + "EncryptedKey"))
    for _ in range(4):
        key.addnext(deepcopy(key))


class TestRefusedUnopened:
    """Held against the list before any key is used."""

    @pytest.mark.parametrize(
        ("content", "transport"), [(XENC + "tripledes-cbc", OAEP_MGF1P), (CBC256, RSA_1_5), (GCM256, RSA_1_5)]
    )
    def test_weak_methods(self, content, transport):
        verdict = judge(encrypted(content_method=content, key_transport=transport))
        assert failed(verdict)[0] is CheckName.ENCRYPTION

    @pytest.mark.parametrize(
        "edit",
        [
            lambda c: methods(c)[0].set("Algorithm", "urn:none"),
            lambda c: methods(c)[0].attrib.clear(),
            lambda c: methods(c)[0].getparent().remove(methods(c)[0]),
            lambda c: methods(c)[1].set("Algorithm", CBC256),
            lambda c: methods(c)[1][0].set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#md5"),
            lambda c: etree.SubElement(methods(c)[1], X + "OAEPparams"),
            lambda c: etree.SubElement(methods(c)[1], "{http://www.w3.org/2009/xmlenc11#}MGF", Algorithm="urn:none"),
            lambda c: next(c.iter(X + "EncryptedData")).set("Type", XENC + "Content"),
            lambda c: c.remove(c[0]),
            lambda c: c.append(deepcopy(c[0])),
            lambda c: next(c.iter(DS + "KeyInfo")).clear(),
            lambda c: etree.SubElement(next(c.iter(DS + "KeyInfo")), DS + "KeyValue"),
            lambda c: etree.SubElement(next(c.iter(X + "EncryptedKey")), X + "EncryptionProperties"),
            lambda c: etree.SubElement(next(c.iter(X + "CipherData")), X + "CipherValue"),
            _more_keys,
            _reference,
            _elsewhere,
            _twice,
        ],
    )
    def test_structure(self, edit):
        assert failed(judge(change(edit)))[0] is CheckName.ENCRYPTION

    def test_an_encrypted_attribute(self):
        assert failed(judge(SamlResponse(before=_attribute).document()))[0] is CheckName.ENCRYPTION

    def test_an_encrypted_name_id_in_another_place(self):
        def hide(root: etree._Element) -> None:
            encrypt(next(root.iter(SAML + "Issuer")), pem(ours()), container="EncryptedID")

        assert failed(judge(SamlResponse(before=hide).document()))[0] is CheckName.ENCRYPTION

    def test_data_on_its_own(self):
        def hide(root: etree._Element) -> None:
            container = root.find(SAML + "EncryptedAssertion")
            root.replace(container, container[0])

        assert failed(judge(encrypted(SamlResponse(after=hide))))[0] is CheckName.ENCRYPTION


def plaintext(text: bytes, **methods: str) -> etree._Element:
    """A response in which just these bytes are encrypted."""
    root = encrypted(**methods)
    marker = etree.Element("marker")
    written = etree.tostring
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(etree, "tostring", lambda each, *a, **k: text if each is marker else written(each, *a, **k))
        fresh = encrypt(marker, pem(ours()), **methods)
    root.replace(root.find(SAML + "EncryptedAssertion"), fresh)
    return root


def signed_assertion(**fields: object) -> bytes:
    return etree.tostring(SamlResponse(**fields).document().find(SAML + "Assertion"))


def _truncated(container: etree._Element, position: int) -> None:
    value = list(container.iter(X + "CipherValue"))[position]
    value.text = base64.b64encode(base64.b64decode(value.text)[:-16]).decode()


def _flipped(container: etree._Element, position: int) -> None:
    value = list(container.iter(X + "CipherValue"))[position]
    data = bytearray(base64.b64decode(value.text))
    data[-1] ^= 1
    value.text = base64.b64encode(bytes(data)).decode()


def _text(container: etree._Element, text: str) -> None:
    list(container.iter(X + "CipherValue"))[1].text = text


class TestRefusedAlike:
    """Whatever goes wrong inside is told in the same words."""

    @pytest.mark.parametrize("content", [CBC256, GCM256])
    @pytest.mark.parametrize(
        "edit",
        [
            lambda c: _flipped(c, 0),
            lambda c: _truncated(c, 0),
            lambda c: _flipped(c, 1),
            lambda c: _truncated(c, 1),
            lambda c: _text(c, ""),
            lambda c: _text(c, "AAAA"),
            lambda c: _text(c, "!"),
        ],
    )
    def test_broken_ciphertext(self, edit, content):
        seen = failed(judge(change(edit, content_method=content)))
        # The padding of CBC may still fit: then the signature inside is broken, or the XML.
        assert seen == NOT_OPENED or (content == CBC256 and seen[0] is CheckName.SIGNED_CONTENT)

    def test_another_key(self):
        assert failed(judge(encrypted(key=ours("another")))) == NOT_OPENED

    def test_no_key_at_all(self):
        sp = replace(SP, keys=())
        data = encode(etree.tostring(encrypted()))
        verdict = validate_response(data, service_provider=sp, identity_provider=idp(), request=REQUEST, now=NOW)
        assert failed(verdict) == NOT_OPENED

    @pytest.mark.parametrize("content", [CBC256, GCM256])
    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"x",
            b"<a>",
            b"\xff\xfe",
            b"<Subject/>",
            b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + b"<a>&b;</a>",
            b"<!--c--><Assertion xmlns='urn:oasis:names:tc:SAML:2.0:assertion'/>",
            b"<?x y?><Assertion xmlns='urn:oasis:names:tc:SAML:2.0:assertion'/>",
            b"<a xmlns='relative'/>",
            b"<a" + b" b='c'" * 8000 + b"/>",
            b"<a>" * 40 + b"</a>" * 40,
        ],
    )
    def test_what_is_inside(self, text, content):
        assert failed(judge(plaintext(text, content_method=content))) == NOT_OPENED

    def test_two_assertions(self):
        twice = signed_assertion(extra="<Advice>" + signed_assertion().decode() + "</Advice>")
        assert failed(judge(plaintext(twice))) == NOT_OPENED

    def test_an_id_of_the_response(self):
        root = plaintext(signed_assertion())
        assert judge(root).accepted
        root.set("ID", "_a1")
        assert failed(judge(root)) == NOT_OPENED

    def test_an_assertion_inside_that_is_encrypted_again(self):
        root = encrypted()
        inner = etree.tostring(root.find(SAML + "EncryptedAssertion"))
        assert failed(judge(plaintext(inner))) == NOT_OPENED

    def test_another_encrypted_beside_a_plain_one(self):
        def add(root: etree._Element) -> None:
            root.append(SamlResponse().document().find(SAML + "Assertion"))

        assert failed(judge(encrypted(SamlResponse(after=add)))) == NOT_OPENED

    def test_an_encrypted_name_id_for_somebody_else(self):
        def hide(root: etree._Element) -> None:
            encrypt(next(root.iter(SAML + "NameID")), pem(ours("another")), container="EncryptedID")

        assert failed(judge(SamlResponse(before=hide).document())) == (CheckName.NAME_ID, NOT_OPENED[1])

    def test_something_else_as_name_id(self):
        def hide(root: etree._Element) -> None:
            name = next(root.iter(SAML + "NameID"))
            name.tag = SAML + "BaseID"
            encrypt(name, pem(ours()), container="EncryptedID")

        assert failed(judge(SamlResponse(before=hide).document()))[0] is CheckName.NAME_ID


def test_only_what_is_signed_is_opened():
    """Whatever happens in between: what was opened has to be the ciphertext under the response's signature."""
    root = encrypted(SamlResponse(sign="response"))
    context = ResponseContext(
        encode(etree.tostring(root)),
        service_provider=replace(SP, keys=(ours(),)),
        identity_provider=idp(),
        request=REQUEST,
        now=NOW,
    )
    context.decrypted = Plaintext(signed_assertion(sign="none"))
    context.signed_response = encrypted(SamlResponse(sign="response"))
    with pytest.raises(ValueError, match="another assertion is signed"):
        _ = context.assertion


class TestForged:
    """Every attacker can encrypt for us: the certificate is public."""

    def test_unsigned(self):
        assert failed(judge(encrypted(SamlResponse(sign="none"))))[0] is CheckName.SIGNATURE_PLACES

    def test_signed_by_somebody_else(self):
        assert failed(judge(encrypted(SamlResponse(pair=key_pair("eve")))))[0] is CheckName.SIGNATURE

    def test_changed_after_it_was_signed(self):
        text = signed_assertion().replace(b"adele@contoso.example", b"admin@contoso.example")
        assert failed(judge(plaintext(text)))[0] is CheckName.SIGNED_CONTENT

    def test_in_the_place_of_the_signed_one(self):
        """The response's signature covers the ciphertext it was made over, not this one."""
        answer = SamlResponse(sign="response")
        forged = encrypted(SamlResponse(sign="none", name_id="admin@contoso.example")).find(SAML + "EncryptedAssertion")
        root = encrypted(answer)
        root.replace(root.find(SAML + "EncryptedAssertion"), forged)
        assert failed(judge(root))[0] is CheckName.SIGNED_CONTENT

    def test_bombs_are_found_before_anything_is_verified(self):
        def transforms(root: etree._Element) -> None:
            parent = next(root.iter(DS + "Transforms"))
            parent.append(deepcopy(parent[0]))

        text = etree.tostring(SamlResponse(after=transforms).document().find(SAML + "Assertion"))
        assert failed(judge(plaintext(text)))[0] is CheckName.SIGNED_INFO

    def test_the_schema_holds_outside(self):
        def first(root: etree._Element) -> None:
            root.insert(0, root.find(SAML + "EncryptedAssertion"))

        assert failed(judge(encrypted(SamlResponse(response_issuer=None, after=first))))[0] is CheckName.SCHEMA

    def test_the_schema_holds_inside(self):
        text = signed_assertion().replace(b"<Subject>", b"<Subject><Odd/>")
        assert failed(judge(plaintext(text)))[0] is CheckName.SCHEMA
