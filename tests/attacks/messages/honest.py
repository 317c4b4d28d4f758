"""Genuine responses of real providers: a control for every group of attacks, so that refusing everything fails too.

Named after the provider or the quirk; Entra's by its documentation and by real responses of it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cryptography.x509 import load_der_x509_certificate
from lxml import etree

from tests.attacks.messages.target import DS, GENUINE, SAML, Target, child, one, signatures
from tests.saml.provider import (
    EMAIL_CLAIM,
    EMAIL_FORMAT,
    ENTITY_FORMAT,
    ENVELOPED,
    EXCLUSIVE,
    ISSUER,
    TENANT,
    TENANT_CLAIM,
    KeyPair,
    attribute,
    encode,
    key_pair,
    stamp,
)

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
XMLENC = "http://www.w3.org/2001/04/xmlenc#"
NAME_FORMATS = "urn:oasis:names:tc:SAML:"
CLAIMS = "http://schemas.microsoft.com/identity/claims/"
GROUPS_CLAIM = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
OBJECT_ID = "6f4c1a52-8a0e-4c53-9a3e-0d8a3f1b2c4d"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XS = "http://www.w3.org/2001/XMLSchema"


class Shape(NamedTuple):
    """One variant of a genuine response: the SAMLResponse field, and the key the connection trusts."""

    write: Callable[[Target], str]
    pair: Callable[[], KeyPair] = key_pair


def says(pair: Callable[[], KeyPair] = key_pair, **knobs: Any) -> Shape:
    """Return a genuine response made with these options."""
    return Shape(lambda target: target.answer(pair=pair(), **knobs).encoded(), pair)


def says_to(make: Callable[[Target], dict[str, Any]]) -> Shape:
    """Return a genuine response whose options depend on our addresses."""
    return Shape(lambda target: target.answer(**make(target)).encoded())


def written(change: Callable[[bytes], bytes]) -> Shape:
    """Return a genuine response whose XML is serialized in another way."""
    return Shape(lambda target: encode(change(target.answer().xml())))


def folded(change: Callable[[str], str]) -> Shape:
    """Return a genuine response whose base64 is written in another way."""
    return Shape(lambda target: change(target.answer().encoded()))


def key_info(inside: Callable[[], str]) -> Shape:
    """Return a genuine response with another KeyInfo, which no signature covers and which is not trusted."""

    def tell(root: etree._Element) -> None:
        for signature in reversed(signatures(root)):
            signature.append(etree.fromstring(f'<KeyInfo xmlns="{DS[1:-1]}">{inside()}</KeyInfo>'))

    def write(target: Target) -> str:
        # Signed over by the response, so it has to be there before.
        if target.sign == "both":
            return target.answer(key_info="keycloak").encoded()
        return target.answer(key_info="none", after=tell).encoded()

    return Shape(write)


def _certificate(pair: KeyPair | None = None) -> str:
    return base64.b64encode((pair or key_pair()).certificate.der).decode()


def _lines(text: str, blank: str = "\n", width: int = 64) -> str:
    return blank + blank.join(text[at : at + width] for at in range(0, len(text), width)) + blank


def _serial() -> str:
    number = load_der_x509_certificate(key_pair().certificate.der).serial_number
    return (
        "<X509Data><X509IssuerSerial><X509IssuerName>CN=Microsoft Azure Federated SSO Certificate</X509IssuerName>"
        f"<X509SerialNumber>{number}</X509SerialNumber></X509IssuerSerial>"
        f"<X509Certificate>{_certificate()}</X509Certificate></X509Data>"
    )


def _p256() -> KeyPair:
    return key_pair("ec", "ec")


def _p384() -> KeyPair:
    return key_pair("ec384", "ec384")


def _p521() -> KeyPair:
    return key_pair("ec521", "ec521")


def _rsa4096() -> KeyPair:
    return key_pair("long", "rsa4096")


SIGNATURES: Mapping[str, Shape] = {
    "RSA with SHA-384": says(signature_method=MORE + "rsa-sha384", digest_method=MORE + "sha384"),
    "RSA with SHA-512": says(signature_method=MORE + "rsa-sha512", digest_method=XMLENC + "sha512"),
    "RSA with SHA-256 over a SHA-512 digest": says(digest_method=XMLENC + "sha512"),
    "RSA of 4096 bits": says(_rsa4096),
    "ECDSA P-256 with SHA-256": says(_p256, signature_method=MORE + "ecdsa-sha256"),
    "ECDSA P-256 with SHA-512": says(_p256, signature_method=MORE + "ecdsa-sha512"),
    "ECDSA P-384 with SHA-384": says(_p384, signature_method=MORE + "ecdsa-sha384", digest_method=MORE + "sha384"),
    "ECDSA P-521 with SHA-512": says(_p521, signature_method=MORE + "ecdsa-sha512"),
    "canonicalization with comments": says(transforms=(ENVELOPED, EXCLUSIVE + "WithComments")),
    "enveloped signature alone": says(transforms=(ENVELOPED,)),
    "prefix list": says(prefix_list="xs"),
    "prefix list of prefixes that nobody declares": says(prefix_list="xs xsi ds saml samlp md"),
    "prefix list with the default namespace": says(prefix_list="#default samlp"),
    "prefix list with a prefix in scope": says(
        prefix_list="samlp xs",
        rewritten=lambda text: text.replace("<samlp:Response ", f'<samlp:Response xmlns:xs="{XS}" ', 1),
    ),
    "blanks in digest and signature value": Shape(
        lambda target: encode(
            target.answer(sign="assertion" if target.sign == "both" else target.sign)
            .xml()
            .replace(b"<SignatureValue>", b"<SignatureValue>\r\n   ")
            .replace(b"</SignatureValue>", b"\t\n</SignatureValue>")
        )
    ),
}

KEY_INFOS: Mapping[str, Shape] = {
    "none": says(key_info="none"),
    "the certificate": says(key_info="x509"),
    "Keycloak: name, certificate and value": says(key_info="keycloak"),
    "certificate in lines": key_info(
        lambda: f"<X509Data><X509Certificate>{_lines(_certificate())}</X509Certificate></X509Data>"
    ),
    "certificate in lines, indented": key_info(
        lambda: f"<X509Data><X509Certificate>{_lines(_certificate(), chr(10) + ' ' * 24)}</X509Certificate></X509Data>"
    ),
    "issuer and number": key_info(_serial),
    "certificate of another key": key_info(
        lambda: f"<X509Data><X509Certificate>{_certificate(key_pair('another'))}</X509Certificate></X509Data>"
    ),
    "two certificates, as of a chain": key_info(
        lambda: (
            f"<X509Data><X509Certificate>{_certificate()}</X509Certificate><X509Certificate>"
            f"{_certificate(key_pair('another'))}</X509Certificate></X509Data>"
        )
    ),
    "a certificate that is none": key_info(lambda: "<X509Data><X509Certificate>VE9ETw==</X509Certificate></X509Data>"),
    "name alone": key_info(lambda: "<KeyName>signing-key</KeyName>"),
}


def _prefixed(text: str) -> str:
    """saml: for the assertion's namespace, as most providers but Entra write it."""
    head, found, rest = text.partition("<Assertion ")
    rest = found + rest
    for name in (
        "AuthnContextClassRef",
        "AuthnContext",
        "AuthnStatement",
        "AttributeStatement",
        "AttributeValue",
        "Attribute",
        "AudienceRestriction",
        "Audience",
        "Assertion",
        "Conditions",
        "Issuer",
        "NameID",
        "SubjectConfirmationData",
        "SubjectConfirmation",
        "Subject",
    ):
        for before, after in (("<", " "), ("<", ">"), ("<", "/>"), ("</", ">")):
            rest = rest.replace(f"{before}{name}{after}", f"{before}saml:{name}{after}")
    return head + rest.replace("xmlns=", "xmlns:saml=", 1)


def _indented(root: etree._Element) -> None:
    etree.indent(root, space="    ")


WRITINGS: Mapping[str, Shape] = {
    "byte order mark": written(lambda xml: b"\xef\xbb\xbf" + xml),
    "declaration": written(lambda xml: b'<?xml version="1.0" encoding="UTF-8"?>' + xml),
    "declaration and a line": written(lambda xml: b'<?xml version="1.0"?>\r\n' + xml),
    "byte order mark and declaration": written(
        lambda xml: b"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8' standalone='no' ?>" + xml
    ),
    "line break at the end": written(lambda xml: xml + b"\r\n"),
    "base64 in lines": folded(lambda text: _lines(text, "\r\n", 76)),
    "base64 with blanks round it": folded(lambda text: f"  {text}\n"),
    "base64 with tabs": folded(lambda text: _lines(text, "\t", 100)),
    "prefixes everywhere": says(rewritten=_prefixed),
    "another prefix": says(rewritten=lambda text: text.replace("samlp:", "ns0:").replace("xmlns:samlp", "xmlns:ns0")),
    "no prefix for the protocol": says(
        rewritten=lambda text: text.replace("<samlp:", "<").replace("</samlp:", "</").replace("xmlns:samlp=", "xmlns=")
    ),
    "indented before it was signed": says(before=_indented),
    "names as character references": written(lambda xml: xml.replace(GENUINE.encode(), b"&#x61;dele@contoso.example")),
    "text as CDATA": written(
        lambda xml: xml.replace(b">" + GENUINE.encode() + b"<", b"><![CDATA[" + GENUINE.encode() + b"]]><")
    ),
    "attributes in apostrophes": written(lambda xml: xml.replace(b'Version="2.0"', b"Version = '2.0'")),
    "empty elements in two tags": written(
        lambda xml: xml.replace(b'status:Success"/>', b'status:Success"></samlp:StatusCode>')
    ),
    "namespaces that nobody uses": says(
        rewritten=lambda text: text.replace(
            "<samlp:Response ", f'<samlp:Response xmlns:xsi="{XSI}" xmlns:xenc="{XMLENC}" xmlns:md="urn:md" ', 1
        )
    ),
}


def _entra_claims(*more: tuple[str, tuple[str, ...]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The claims of a new application, in Entra's order."""
    return (
        (TENANT_CLAIM, (TENANT,)),
        (CLAIMS + "objectidentifier", (OBJECT_ID,)),
        (CLAIMS + "displayname", ("Adèle Vance",)),
        (CLAIMS + "identityprovider", (ISSUER,)),
        (
            "http://schemas.microsoft.com/claims/authnmethodsreferences",
            (
                "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password",
                "http://schemas.microsoft.com/claims/multipleauthn",
            ),
        ),
        ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", ("Adèle",)),
        ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", ("Vance",)),
        (EMAIL_CLAIM, (GENUINE,)),
        ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name", (GENUINE,)),
        *more,
    )


ENTRA: Mapping[str, Shape] = {
    "as it is set up by default": says(attributes=_entra_claims()),
    "guest of a Microsoft account": says(
        name_id="adele_live.example#EXT#@contoso.onmicrosoft.com", attributes=_entra_claims()
    ),
    "member without a mailbox": says(attributes=tuple(each for each in _entra_claims() if each[0] != EMAIL_CLAIM)),
    "mail that is not the name": says(name_id="adele.vance@contoso.onmicrosoft.com", attributes=_entra_claims()),
    "a hundred and fifty groups": says(
        attributes=_entra_claims((GROUPS_CLAIM, tuple(f"{n:08x}-8a0e-4c53-9a3e-0d8a3f1b2c4d" for n in range(150))))
    ),
    "more groups than it sends": says(
        attributes=_entra_claims(
            (
                "http://schemas.microsoft.com/claims/groups.link",
                (f"https://graph.windows.net/{TENANT}/users/{OBJECT_ID}/getMemberObjects",),
            )
        )
    ),
    "groups by name": says(attributes=_entra_claims((GROUPS_CLAIM, ("Sales & Marketing", "R<D", '"quoted"')))),
    "roles": says(
        attributes=_entra_claims(("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", ("admin",)))
    ),
    "identifier that is no address": says_to(
        lambda target: {"audiences": ((f"spn:{target.entity_id}",),), "attributes": _entra_claims()}
    ),
    "signed in yesterday": says(authn_instant=stamp(-23 * 60), attributes=_entra_claims()),
    "signed in weeks ago": says(authn_instant=stamp(-60 * 24 * 60), attributes=_entra_claims()),
    "an hour and five minutes of validity": says(
        not_before=stamp(-5), not_on_or_after=stamp(60), attributes=_entra_claims()
    ),
    "five minutes of confirmation": says(confirmed_until=stamp(5), attributes=_entra_claims()),
    "seven digits of a second": says(issued="2026-03-02T09:29:00.1234567Z", attributes=_entra_claims()),
    "name ID unspecified": says(
        name_id_format=NAME_FORMATS + "1.1:nameid-format:unspecified", attributes=_entra_claims()
    ),
    "name ID persistent": says(
        name_id="pJ3sN2b0yq3Yh8Vb",
        name_id_format=NAME_FORMATS + "2.0:nameid-format:persistent",
        attributes=_entra_claims(),
    ),
    "name ID transient": says(
        name_id="_2f9b6c1d", name_id_format=NAME_FORMATS + "2.0:nameid-format:transient", attributes=_entra_claims()
    ),
    "format of attribute names": says(
        attributes=_entra_claims(),
        rewritten=lambda text: text.replace(
            "<Attribute ", f'<Attribute NameFormat="{NAME_FORMATS}2.0:attrname-format:uri" '
        ),
    ),
}

TYPED = (
    f'<AttributeStatement><Attribute Name="email"><AttributeValue xmlns:xs="{XS}" xmlns:xsi="{XSI}" '
    f'xsi:type="xs:string">{GENUINE}</AttributeValue></Attribute></AttributeStatement>'
)
TARGETED_ID = (
    '<AttributeStatement><Attribute Name="urn:oid:1.3.6.1.4.1.5923.1.1.1.10"><AttributeValue>'
    f"<NameID>opaque</NameID></AttributeValue></Attribute>{attribute('mail', (GENUINE,))}</AttributeStatement>"
)
NIL = (
    f'<AttributeStatement>{attribute("email", (GENUINE,))}<Attribute Name="phone"><AttributeValue xmlns:xsi="{XSI}" '
    'xsi:nil="true"/></Attribute></AttributeStatement>'
)


def _advice(root: etree._Element) -> None:
    advice = etree.Element(SAML + "Advice")
    child(advice, SAML + "AssertionURIRef", "https://idp.example/1")
    one(root, "Conditions").addnext(advice)


OTHERS: Mapping[str, Shape] = {
    "no Destination where nothing is signed round it": Shape(
        lambda target: target.answer(sign="assertion", destination=None).encoded()
    ),
    "no InResponseTo but the signed one": says(response_in_response_to=None),
    "no Issuer on the envelope": says(response_issuer=None),
    "Issuer with its format": says(issuer_format=ENTITY_FORMAT),
    "no attribute statement": says(statement=""),
    "an empty attribute statement": says(statement="<AttributeStatement/>"),
    "an attribute without values": says(
        statement="<AttributeStatement>" + attribute("groups", ()) + "</AttributeStatement>"
    ),
    "an attribute twice": says(attributes=(("groups", ("a",)), ("groups", ("b",)))),
    "hundreds of attributes": says(attributes=tuple((f"urn:attribute:{n}", (str(n),)) for n in range(400))),
    "a thousand groups": says(attributes=(("memberOf", tuple(f"CN=group {n},DC=contoso" for n in range(1_000))),)),
    "a long value": says(attributes=(("thumbnailPhoto", ("QUJD" * 20_000,)),)),
    "letters of many scripts": says(attributes=(("displayName", ("Ådèle Ванс 王 😀 \u202e",)),)),
    "Okta: typed values": says(statement=TYPED, prefix_list="xs"),
    "Google: a value that is nil": says(statement=NIL),
    "Shibboleth: a name ID as value": says(statement=TARGETED_ID),
    "Shibboleth: qualified name ID": Shape(
        lambda target: target.answer(
            name_id_xml=f'<NameID Format="{EMAIL_FORMAT}" NameQualifier="{ISSUER}" '
            f'SPNameQualifier="{target.entity_id}">{GENUINE}</NameID>'
        ).encoded()
    ),
    "ADFS: a name ID without format": says(name_id_xml=f"<NameID>{GENUINE}</NameID>"),
    "PingFederate: consent": says(
        rewritten=lambda text: text.replace(
            "<samlp:Response ", '<samlp:Response Consent="urn:oasis:names:tc:SAML:2.0:consent:obtained" ', 1
        )
    ),
    "JumpCloud: lines between the elements": says(before=_indented, statement=TYPED),
    "a status message beside success": says(status_detail="<samlp:StatusMessage>Success</samlp:StatusMessage>"),
    "extensions": says(
        rewritten=lambda text: text.replace(
            "<samlp:Status>", '<samlp:Extensions><x:y xmlns:x="urn:x"/></samlp:Extensions><samlp:Status>', 1
        )
    ),
    "advice": says(before=_advice),
    "several audiences": says_to(lambda target: {"audiences": (("https://other.example", target.entity_id),)}),
    "several restrictions that all name us": says_to(
        lambda target: {"audiences": ((target.entity_id,), ("https://other.example", target.entity_id))}
    ),
    "blanks round the audience": says_to(lambda target: {"audiences": ((f"\n  {target.entity_id}\n ",),)}),
    "used once": says(more_conditions="<OneTimeUse/>"),
    "not to be passed on": says(more_conditions='<ProxyRestriction Count="0"/>'),
    "no window in the conditions": says(not_before=None, not_on_or_after=None),
    "a second confirmation by other means": says_to(
        lambda target: {"more_confirmations": target.confirmation(method=f"{NAME_FORMATS}2.0:cm:sender-vouches")}
    ),
    "a second confirmation, for somebody else": says_to(
        lambda target: {"more_confirmations": target.confirmation(recipient="https://other.example/acs")}
    ),
    "the visitor's address": says(
        rewritten=lambda text: text.replace(
            "<SubjectConfirmationData ", '<SubjectConfirmationData Address="192.0.2.1" '
        )
    ),
    "a clock two minutes ahead": says(issued=stamp(2), not_before=stamp(2), authn_instant=stamp(2)),
    "a clock two minutes behind": says(not_on_or_after=stamp(-2), confirmed_until=stamp(-2)),
    "a clock two minutes behind, and a slow visitor": says(issued=stamp(-12)),
    "a day of validity, and five minutes before": says(
        not_before=stamp(-5), not_on_or_after=stamp(1440), confirmed_until=stamp(1440)
    ),
    "valid since long ago": says(not_before="2000-01-01T00:00:00Z"),
    "a session that ends": says(session_until=stamp(480)),
    "a session of two months": says(session_until=stamp(60 * 1440)),
    "a session that never ends": says(session_until="9999-12-31T23:59:59Z"),
    "where the visitor signed in": says(
        rewritten=lambda text: text.replace("<AuthnContext>", '<SubjectLocality Address="192.0.2.1"/><AuthnContext>', 1)
    ),
    "who else was asked": says(
        rewritten=lambda text: text.replace(
            "</AuthnContextClassRef>",
            "</AuthnContextClassRef><AuthenticatingAuthority>https://up.example</AuthenticatingAuthority>",
            1,
        )
    ),
    "an ID on another element": says(
        rewritten=lambda text: text.replace(
            "<samlp:Status>", '<samlp:Extensions><x:y xmlns:x="urn:x" ID="_z"/></samlp:Extensions><samlp:Status>', 1
        )
    ),
    "blanks behind the signature": says(placed=lambda signature: setattr(signature, "tail", "\r\n\t")),
}

HONEST: Mapping[str, Mapping[str, Shape]] = {
    "signature": SIGNATURES,
    "key info": KEY_INFOS,
    "writing": WRITINGS,
    "Entra": ENTRA,
    "other": OTHERS,
}
