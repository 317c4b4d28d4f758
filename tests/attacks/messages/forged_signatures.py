"""Signatures that are missing, broken, by another party's key, by weak algorithms, or that ask for too much."""

from __future__ import annotations

import base64
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache

import xmlsec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import load_der_x509_certificate
from lxml import etree

from sso.saml import CheckName
from tests.attacks.messages.target import (
    BROKEN,
    DS,
    EVIL,
    GENUINE,
    SAML,
    Case,
    Group,
    Target,
    child,
    one,
    rebuilds,
    remove,
    replaces,
    rewrites,
    says,
    signatures,
)
from tests.saml.provider import ENVELOPED, EXCLUSIVE, KeyPair, encode, issue, key_pair, sign

XMLDSIG = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
NEWER = "http://www.w3.org/2007/05/xmldsig-more#"
XMLENC = "http://www.w3.org/2001/04/xmlenc#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
INCLUSIVE_11 = "http://www.w3.org/2006/12/xml-c14n11"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XPATH2 = "http://www.w3.org/2002/06/xmldsig-filter2"
NOWHERE = "http://127.0.0.1:9/"

PLACES = CheckName.SIGNATURE_PLACES
SCHEMA = CheckName.SCHEMA
SIGNED_INFO = (CheckName.SIGNED_INFO, SCHEMA)
KEY_INFO = (CheckName.KEY_INFO, SCHEMA)
ALGORITHMS = CheckName.ALGORITHMS

Change = Callable[[etree._Element], object]


def on_each(change: Change) -> Change:
    """Do something to every signature of a document."""

    def all_of_them(root: etree._Element) -> None:
        for signature in signatures(root):
            change(signature)

    return all_of_them


# --- Exclusion --------------------------------------------------------------------------------------------------


def _unsigned_about_eve(root: etree._Element) -> None:
    for each in root.iter(SAML + "NameID"):
        each.text = EVIL


def _sign_the_status(root: etree._Element) -> None:
    status = one(root, "Status")
    status.set("ID", "_s1")
    sign(status, Target("none").answer())


def _move_to(name: str) -> Change:
    def change(root: etree._Element) -> None:
        one(root, name).append(signatures(root)[0])

    return change


def _genuine_signature_of_another_answer(root: etree._Element) -> None:
    """Insert a signature that the same provider made over its response to another request."""
    other = Target("assertion", request_id="_other").answer().document()
    one(root, "Assertion").insert(1, one(other, "Signature"))


EXCLUSION: Group = {
    "unsigned": says(PLACES, sign="none", name_id=EVIL),
    "signatures taken out": rebuilds(lambda root: remove(root, "Signature"), PLACES),
    "signatures taken out, about somebody else": rebuilds(
        lambda root: (remove(root, "Signature"), _unsigned_about_eve(root)), PLACES
    ),
    "assertion's signature taken out of a signed response": rebuilds(
        lambda root: root[-1].remove(root[-1].find(DS + "Signature")), *BROKEN, bases=("both",)
    ),
    "response's signature taken out and the response changed": rebuilds(
        lambda root: (root.remove(root.find(DS + "Signature")), _unsigned_about_eve(root)), *BROKEN, bases=("both",)
    ),
    "only the status signed": Case(
        lambda target: target.answer(sign="none", after=_sign_the_status).encoded(), (SCHEMA, PLACES), ("assertion",)
    ),
    "signature moved into the status": rebuilds(_move_to("Status"), SCHEMA, PLACES),
    "signature moved into the subject": rebuilds(_move_to("SubjectConfirmationData"), PLACES),
    "signature moved into an attribute": rebuilds(_move_to("AttributeValue"), PLACES),
    "signature in another namespace": rewrites(
        lambda xml: xml.replace(XMLDSIG.encode(), b"http://www.w3.org/2000/09/xmldsig"), SCHEMA, PLACES
    ),
    "signature without anything in it": rebuilds(on_each(lambda each: each.clear()), *SIGNED_INFO),
    "signature without a value": rebuilds(
        on_each(lambda each: setattr(one(each, "SignatureValue"), "text", None)), *SIGNED_INFO
    ),
    "signature without its value element": rebuilds(on_each(lambda each: remove(each, "SignatureValue")), *SIGNED_INFO),
    "signature without its digest": rebuilds(on_each(lambda each: remove(each, "DigestValue")), *SIGNED_INFO),
    "signature without a reference": rebuilds(on_each(lambda each: remove(each, "Reference")), *SIGNED_INFO),
    "signature of another response": Case(
        lambda target: target.answer(sign="none", after=_genuine_signature_of_another_answer).encoded(),
        BROKEN,
        ("assertion",),
    ),
    "signature value of noughts": rebuilds(
        on_each(lambda each: setattr(one(each, "SignatureValue"), "text", "A" * 342 + "==")), *BROKEN
    ),
    "signature value cut short": rebuilds(
        on_each(lambda each: setattr(one(each, "SignatureValue"), "text", "AAAA")), *BROKEN
    ),
    "one of the two signatures broken": rebuilds(
        lambda root: setattr(one(signatures(root)[0], "SignatureValue"), "text", "AAAA"), *BROKEN, bases=("both",)
    ),
    "name ID changed": replaces(f"{GENUINE}</NameID>".encode(), f"{EVIL}</NameID>".encode(), *BROKEN),
    "address changed": replaces(f"{GENUINE}</Att".encode(), f"{EVIL}</Att".encode(), *BROKEN),
    "attribute added": replaces(b"<AttributeStatement>", b'<AttributeStatement><Attribute Name="role"/>', *BROKEN),
    "blank added": replaces(b"</Conditions>", b" </Conditions>", *BROKEN),
    "audience changed": replaces(b"<Audience>", b"<Audience>x", *BROKEN),
    "SignedInfo twice": rebuilds(on_each(lambda each: each.insert(0, deepcopy(one(each, "SignedInfo")))), *SIGNED_INFO),
    "SignedInfo behind the value": rebuilds(on_each(lambda each: each.append(each[0])), *SIGNED_INFO),
    "SignedInfo of another signature in front": rebuilds(
        lambda root: signatures(root)[0].insert(0, deepcopy(one(signatures(root)[1], "SignedInfo"))),
        *SIGNED_INFO,
        bases=("both",),
    ),
    "signatures exchanged": rebuilds(lambda root: _exchange(*signatures(root)), CheckName.SIGNED_INFO, bases=("both",)),
}


def _exchange(first: etree._Element, second: etree._Element) -> None:
    parent, other = first.getparent(), second.getparent()
    assert parent is not None
    assert other is not None
    parent.insert(1, second)
    other.insert(1, first)


# --- Algorithms -------------------------------------------------------------------------------------------------


def _claims(method: str = "", digest: str = "") -> Case:
    """Named after signing: nothing is left to verify, but a reader that obeys would try."""

    def change(signature: etree._Element) -> None:
        if method:
            one(signature, "SignatureMethod").set("Algorithm", method)
        if digest:
            one(signature, "DigestMethod").set("Algorithm", digest)

    return rebuilds(on_each(change), ALGORITHMS)


def _hmac(secret: Callable[[], bytes], method: str) -> Case:
    """Sign by HMAC with the public key as the shared secret, which every attacker knows (CVE-2009-0217 and its kin)."""

    def sign_again(signature: etree._Element) -> None:
        one(signature, "SignatureMethod").set("Algorithm", method)
        xmlsec.tree.add_ids(signature.getroottree().getroot(), ["ID"])
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_binary_data(xmlsec.constants.KeyDataHmac, secret())
        context.sign(signature)

    return rebuilds(on_each(sign_again), ALGORITHMS)


def _certificate_der() -> bytes:
    return key_pair().certificate.der


def _public_pem() -> bytes:
    key = load_der_x509_certificate(_certificate_der()).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _certificate_pem() -> bytes:
    return load_der_x509_certificate(_certificate_der()).public_bytes(serialization.Encoding.PEM)


ALGORITHM: Group = {
    "really RSA with SHA-1": says(ALGORITHMS, signature_method=XMLDSIG + "rsa-sha1"),
    "really a SHA-1 digest": says(ALGORITHMS, digest_method=XMLDSIG + "sha1"),
    "really RSA with SHA-224": says(ALGORITHMS, signature_method=MORE + "rsa-sha224"),
    "really a SHA-224 digest": says(ALGORITHMS, digest_method=MORE + "sha224"),
    "really RSA with RIPEMD-160": says(ALGORITHMS, signature_method=MORE + "rsa-ripemd160"),
    "really ECDSA with SHA-1": says(ALGORITHMS, pair=key_pair("ec", "ec"), signature_method=MORE + "ecdsa-sha1"),
    "HMAC with the certificate, DER": _hmac(_certificate_der, MORE + "hmac-sha256"),
    "HMAC with the certificate, PEM": _hmac(_certificate_pem, MORE + "hmac-sha256"),
    "HMAC with the public key, PEM": _hmac(_public_pem, MORE + "hmac-sha512"),
    "HMAC with SHA-1": _hmac(_public_pem, XMLDSIG + "hmac-sha1"),
    "HMAC with an empty key": _hmac(lambda: b"\0", MORE + "hmac-sha384"),
    "HMAC cut to nothing": rebuilds(
        on_each(lambda each: child(one(each, "SignatureMethod"), DS + "HMACOutputLength", "0")), *SIGNED_INFO
    ),
    "no algorithm": _claims(" "),
    "the word none": _claims("none"),
    "RSA with MD5": _claims(MORE + "rsa-md5"),
    "DSA": _claims(XMLDSIG + "dsa-sha1"),
    "DSA with SHA-256": _claims("http://www.w3.org/2009/xmldsig11#dsa-sha256"),
    "RSA-PSS, which nobody asked for": _claims(NEWER + "sha256-rsa-MGF1"),
    "a digest as signature": _claims(XMLENC + "sha256"),
    "a canonicalization as signature": _claims(EXCLUSIVE),
    "in capitals": _claims((MORE + "rsa-sha256").upper()),
    "with a blank behind": _claims(MORE + "rsa-sha256 "),
    "with a fragment of another host": _claims("http://evil.test/xmldsig-more#rsa-sha256"),
    "MD5 digest": _claims(digest=MORE + "md5"),
    "RIPEMD digest": _claims(digest=XMLENC + "ripemd160"),
    "a signature as digest": _claims(digest=MORE + "rsa-sha256"),
    "no digest algorithm": _claims(digest=" "),
}


# --- Keys -------------------------------------------------------------------------------------------------------


@cache
def _namesake() -> KeyPair:
    """Another key under the genuine certificate's very name."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return issue(key, datetime(2025, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))


def _text_of(pair: KeyPair) -> str:
    return base64.b64encode(pair.certificate.der).decode()


def _by_eve(inside: str | Callable[[], str]) -> Case:
    """Signed by Eve; KeyInfo, which no signature covers, says what it likes."""

    def attack(target: Target) -> str:
        text = inside if isinstance(inside, str) else inside()

        def tell(root: etree._Element) -> None:
            for signature in signatures(root):
                signature.append(etree.fromstring(f'<KeyInfo xmlns="{XMLDSIG}">{text}</KeyInfo>'))

        return encode(
            etree.tostring(target.answer(pair=key_pair("eve"), key_info="none", name_id=EVIL, after=tell).document())
        )

    return Case(attack, (*BROKEN, *KEY_INFO))


def _x509(*pairs: KeyPair) -> str:
    return "".join(f"<X509Data><X509Certificate>{_text_of(pair)}</X509Certificate></X509Data>" for pair in pairs)


def _rsa_key_value() -> str:
    numbers = load_der_x509_certificate(key_pair("eve").certificate.der).public_key().public_numbers()
    modulus = base64.b64encode(numbers.n.to_bytes(256, "big")).decode()
    return f"<KeyValue><RSAKeyValue><Modulus>{modulus}</Modulus><Exponent>AQAB</Exponent></RSAKeyValue></KeyValue>"


def _points_elsewhere(inside: str) -> Case:
    """The genuine signature, with a KeyInfo that would have a key fetched or unwrapped."""
    return rebuilds(on_each(lambda each: one(each, "KeyInfo").append(etree.fromstring(inside))), *KEY_INFO, *BROKEN)


KEYS: Group = {
    "her certificate in KeyInfo": says(*BROKEN, pair=key_pair("eve"), name_id=EVIL),
    "her key without KeyInfo": says(*BROKEN, pair=key_pair("eve"), key_info="none", name_id=EVIL),
    "her key under the genuine name": Case(
        lambda target: target.answer(pair=_namesake(), name_id=EVIL).encoded(), BROKEN
    ),
    "the genuine certificate in KeyInfo": _by_eve(lambda: _x509(key_pair())),
    "the genuine certificate first, then hers": _by_eve(lambda: _x509(key_pair(), key_pair("eve"))),
    "her certificate first, then the genuine": _by_eve(lambda: _x509(key_pair("eve"), key_pair())),
    "her key as a value": _by_eve(_rsa_key_value),
    "the genuine key's name": _by_eve("<KeyName>Microsoft Azure Federated SSO Certificate</KeyName>"),
    "the genuine certificate's subject and number": _by_eve(
        "<X509Data><X509IssuerSerial><X509IssuerName>CN=Microsoft Azure Federated SSO Certificate</X509IssuerName>"
        "<X509SerialNumber>1</X509SerialNumber></X509IssuerSerial></X509Data>"
    ),
    "an elliptic key where RSA is trusted": says(
        *BROKEN, pair=key_pair("eve-ec", "ec"), signature_method=MORE + "ecdsa-sha256", name_id=EVIL
    ),
    "a weak key that nobody trusts": says(*BROKEN, pair=key_pair("eve-weak", "rsa1024"), name_id=EVIL),
    "key to be fetched": _points_elsewhere(f'<RetrievalMethod xmlns="{XMLDSIG}" URI="{NOWHERE}"/>'),
    "key in a file": _points_elsewhere(f'<RetrievalMethod xmlns="{XMLDSIG}" URI="file:///etc/hostname"/>'),
    "key elsewhere in the document": _points_elsewhere(f'<RetrievalMethod xmlns="{XMLDSIG}" URI="#_a1"/>'),
    "key to be fetched and transformed": _points_elsewhere(
        f'<RetrievalMethod xmlns="{XMLDSIG}" URI="#_a1"><Transforms><Transform Algorithm="{XSLT}"/></Transforms>'
        "</RetrievalMethod>"
    ),
    "key by another KeyInfo": _points_elsewhere(
        f'<KeyInfoReference xmlns="http://www.w3.org/2009/xmldsig11#" URI="{NOWHERE}"/>'
    ),
    "key in DER": _points_elsewhere(
        '<DEREncodedKeyValue xmlns="http://www.w3.org/2009/xmldsig11#">AA==</DEREncodedKeyValue>'
    ),
    "encrypted key": _points_elsewhere(
        f'<EncryptedKey xmlns="{XMLENC}"><CipherData><CipherReference URI="{NOWHERE}"/></CipherData></EncryptedKey>'
    ),
    "PGP key": _points_elsewhere(f'<PGPData xmlns="{XMLDSIG}"><PGPKeyID>AAAA</PGPKeyID></PGPData>'),
    "SPKI key": _points_elsewhere(f'<SPKIData xmlns="{XMLDSIG}"><SPKISexp>AAAA</SPKISexp></SPKIData>'),
    "managed key": _points_elsewhere(f'<MgmtData xmlns="{XMLDSIG}">key</MgmtData>'),
}


# --- Transforms and references ----------------------------------------------------------------------------------

LOOPS = (
    '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/">'
    + '<xsl:for-each select="//. | //@*">' * 5
    + "<xsl:value-of select='1'/>"
    + "</xsl:for-each>" * 5
    + "</xsl:template></xsl:stylesheet>"
)


def _transform(algorithm: str, inside: str = "") -> Case:
    """One more, behind the two that are allowed; libxmlsec would run it before it knows who signed."""

    def change(signature: etree._Element) -> None:
        made = child(one(signature, "Transforms"), DS + "Transform", Algorithm=algorithm)
        if inside:
            made.append(etree.fromstring(inside))

    return rebuilds(on_each(change), *SIGNED_INFO)


def _transforms(*algorithms: str) -> Case:
    def change(signature: etree._Element) -> None:
        transforms = one(signature, "Transforms")
        del transforms[:]
        for algorithm in algorithms:
            child(transforms, DS + "Transform", Algorithm=algorithm)

    return rebuilds(on_each(change), *SIGNED_INFO)


def _each(change: Change) -> Case:
    return rebuilds(on_each(change), *SIGNED_INFO)


def _canonicalization(algorithm: str) -> Case:
    return _each(lambda each: one(each, "CanonicalizationMethod").set("Algorithm", algorithm))


def _reference(uri: str | None) -> Case:
    def change(signature: etree._Element) -> None:
        reference = one(signature, "Reference")
        if uri is None:
            del reference.attrib["URI"]
        else:
            reference.set("URI", uri)

    return _each(change)


def _prefixes(name: str, text: str) -> Change:
    def change(signature: etree._Element) -> None:
        found = one(signature, name)
        place = found if name == "CanonicalizationMethod" else found[-1]
        made = etree.SubElement(place, f"{{{EXCLUSIVE}}}InclusiveNamespaces")
        made.set("PrefixList", text)

    return change


TRANSFORMS: Group = {
    "XSLT loops": _transform(XSLT, LOOPS),
    "XSLT that writes a file": _transform(
        XSLT,
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" '
        'xmlns:e="http://xmlsoft.org/XSLT/namespace" extension-element-prefixes="e"><xsl:template match="/">'
        '<e:output file="/tmp/written"/></xsl:template></xsl:stylesheet>',
    ),
    "XSLT that reads a file": _transform(
        XSLT,
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/">'
        "<xsl:copy-of select=\"document('file:///etc/hostname')\"/></xsl:template></xsl:stylesheet>",
    ),
    "XPath": _transform(XPATH, f'<XPath xmlns="{XMLDSIG}">count(//. | //@*) > count(//.)</XPath>'),
    "XPath that leaves everything out": _transform(XPATH, f'<XPath xmlns="{XMLDSIG}">false()</XPath>'),
    "XPath filter": _transform(XPATH2, f'<XPath xmlns="{XPATH2}" Filter="subtract">//.</XPath>'),
    "XPointer": _transform("http://www.w3.org/2001/04/xmldsig-more/xptr"),
    "base64": _transform(XMLDSIG + "base64"),
    "decryption": _transform("http://www.w3.org/2002/07/decrypt#XML"),
    "one that nobody knows": _transform("urn:evil:transform"),
    "one without a name": _transform(""),
    "inclusive canonicalization": _transform(INCLUSIVE),
    "canonicalization 1.1": _transform(INCLUSIVE_11),
    "canonicalized twice": _transform(EXCLUSIVE),
    "enveloped twice": _transform(ENVELOPED),
    "a thousand canonicalizations": _transforms(ENVELOPED, *[EXCLUSIVE] * 1000),
    "a thousand enveloped signatures": _transforms(*[ENVELOPED] * 1000),
    "no enveloped signature": _transforms(EXCLUSIVE),
    "the wrong order": _transforms(EXCLUSIVE, ENVELOPED),
    "none at all": _transforms(),
    "inclusive instead of exclusive": _transforms(ENVELOPED, INCLUSIVE),
    "transforms in a transform": _each(lambda each: one(each, "Transform").append(deepcopy(one(each, "Transforms")))),
    "something in the enveloped transform": _each(lambda each: child(one(each, "Transform"), DS + "XPath", "1")),
    "text of hundreds of kilobytes in a transform": _each(
        lambda each: setattr(one(each, "Transform"), "text", "a" * 90_000)
    )._replace(by=BROKEN),
    "XSLT as canonicalization": _canonicalization(XSLT),
    "XPath as canonicalization": _canonicalization(XPATH),
    "enveloped signature as canonicalization": _canonicalization(ENVELOPED),
    "canonicalization without a name": _canonicalization(""),
    "canonicalization 1.1 of SignedInfo": _canonicalization("http://www.w3.org/2006/12/xml-c14n11"),
    "thousands of prefixes": _each(_prefixes("CanonicalizationMethod", "a " * 5000)),
    "thousands of prefixes in the transform": _each(_prefixes("Transforms", "a " * 5000)),
    "prefixes with something in them": _each(
        lambda each: child(
            child(one(each, "CanonicalizationMethod"), f"{{{EXCLUSIVE}}}InclusiveNamespaces", PrefixList=""), "x"
        )
    ),
    "digest value of endless blanks": _each(
        lambda each: setattr(one(each, "DigestValue"), "text", "AAAA" + " " * 90_000 + "§")
    ),
    "signature value of endless blanks": _each(
        lambda each: setattr(one(each, "SignatureValue"), "text", "AAAA" + " " * 90_000 + "§")
    ),
    "digest value with a comment's worth of elements": _each(lambda each: child(one(each, "DigestValue"), "x")),
    "signature value in pieces": _each(lambda each: child(one(each, "SignatureValue"), "x")),
    "a signature method with something in it": _each(lambda each: child(one(each, "SignatureMethod"), "x")),
    "a digest method with something in it": _each(lambda each: child(one(each, "DigestMethod"), "{urn:x}x")),
    "object": _each(lambda each: child(each, DS + "Object")),
    "manifest": _each(lambda each: child(child(each, DS + "Object"), DS + "Manifest")),
}

REFERENCES: Group = {
    "to the whole document": _reference(""),
    "to nothing": _reference(None),
    "to the other element": rebuilds(
        lambda root: [one(each, "Reference").set("URI", "#_other") for each in signatures(root)], *SIGNED_INFO
    ),
    "to the other signed element": rebuilds(
        lambda root: one(signatures(root)[0], "Reference").set("URI", "#_a1"), *SIGNED_INFO, bases=("response", "both")
    ),
    "by XPointer": _reference("#xpointer(id('_a1'))"),
    "by XPointer to the root": _reference("#xpointer(/)"),
    "to a file": _reference("file:///etc/hostname"),
    "to the network": _reference(NOWHERE),
    "to the network, with a fragment": _reference(NOWHERE + "#_a1"),
    "to the same ID with a blank": _reference("#_a1 "),
    "to an empty ID": _reference("#"),
    "with an escape": _reference("#_a%31"),
    "two of them": _each(lambda each: one(each, "Reference").addnext(deepcopy(one(each, "Reference")))),
    "hundreds of them": _each(
        lambda each: [one(each, "SignedInfo").append(deepcopy(one(each, "Reference"))) for _ in range(300)]
    ),
    "without digest method": _each(lambda each: remove(each, "DigestMethod")),
    "two digest values": _each(lambda each: child(one(each, "Reference"), DS + "DigestValue", "AAAA")),
    "digest of nothing": _each(
        lambda each: setattr(one(each, "DigestValue"), "text", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
    )._replace(by=BROKEN),
    "relative namespace": rewrites(
        lambda xml: xml.replace(b"<Conditions ", b'<Conditions xmlns:x="relative" ', 1), CheckName.NAMESPACES
    ),
    "relative namespace, and the digest of nothing": rewrites(
        lambda xml: xml.replace(b"<samlp:Status>", b'<samlp:Status xmlns:x="1/../2">', 1), CheckName.NAMESPACES
    ),
    "the namespace of an element is relative": rewrites(
        lambda xml: xml.replace(
            b"<samlp:Status>", b'<samlp:Extensions><x xmlns="x"/></samlp:Extensions><samlp:Status>'
        ),
        CheckName.NAMESPACES,
    ),
}
