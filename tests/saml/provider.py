"""A small identity provider that signs for real: one field for each thing that a test may break.

It writes its XML as text, without anything of sso.saml, so that both can't share one misunderstanding.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from ssl import DER_cert_to_PEM_cert
from xml.sax.saxutils import escape, quoteattr

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from sso.saml import IdentityProvider, PendingRequest, ServiceProvider, SigningCertificate

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TENANT = "0f3c9b1e-6a52-4d0e-9c1d-5b7a2f6e8d41"
ISSUER = f"https://sts.windows.net/{TENANT}/"
ENTITY_ID = "https://app.example.test/saml/2/metadata/10001"
ACS = "https://app.example.test/saml/2/acs/10001"
REQUEST_ID = "_6f0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4"
EMAIL_CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
TENANT_CLAIM = "http://schemas.microsoft.com/identity/claims/tenantid"

SP = ServiceProvider(ENTITY_ID, ACS)
REQUEST = PendingRequest(REQUEST_ID)

BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
ENTITY_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
DS = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = DS + "enveloped-signature"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


@dataclass(frozen=True)
class KeyPair:
    """A private key and a certificate for it."""

    pem: bytes
    certificate: SigningCertificate


@cache
def key_pair(name: str = "idp", kind: str = "rsa2048") -> KeyPair:
    """Make a key once for the whole run, with a certificate valid from 2025 to 2028."""
    return issue(_private_key(name, kind), datetime(2025, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))


@cache
def expired_key_pair() -> KeyPair:
    """The usual key with a certificate that ended before NOW."""
    return issue(_private_key("idp", "rsa2048"), datetime(2022, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))


@cache
def _private_key(name: str, kind: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    curves: dict[str, type[ec.EllipticCurve]] = {"ec": ec.SECP256R1, "ec384": ec.SECP384R1, "ec521": ec.SECP521R1}
    if kind in curves:
        return ec.generate_private_key(curves[kind]())
    return rsa.generate_private_key(public_exponent=65537, key_size=int(kind.removeprefix("rsa")))


def issue(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, begin: datetime, end: datetime, cn: str = "") -> KeyPair:
    """Write a self-signed certificate for a key."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, cn or "Microsoft Azure Federated SSO Certificate")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    certificate = builder.not_valid_before(begin).not_valid_after(end).sign(key, hashes.SHA256())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return KeyPair(pem, SigningCertificate.from_der(certificate.public_bytes(serialization.Encoding.DER)))


def certificate_pem(certificate: SigningCertificate) -> str:
    """As an administrator uploads it."""
    return DER_cert_to_PEM_cert(certificate.der)


def idp(*pairs: KeyPair, **waivers: datetime) -> IdentityProvider:
    """The provider as a connection knows it, with the usual key unless told otherwise."""
    certificates = tuple(pair.certificate for pair in pairs or (key_pair(),))
    return IdentityProvider(ISSUER, certificates, "https://login.example.test/saml2", **waivers)


def stamp(minutes: float = 0) -> str:
    """A moment relative to NOW, as Entra writes it."""
    return (NOW + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.123Z")


@dataclass
class SamlResponse:
    """One response. None leaves an attribute or element out."""

    sign: str = "assertion"  # assertion, response, both or none
    pair: KeyPair = field(default_factory=key_pair)
    signature_method: str = RSA_SHA256
    digest_method: str = SHA256
    transforms: tuple[str, ...] = (ENVELOPED, EXCLUSIVE)
    prefix_list: str = ""
    key_info: str = "x509"

    version: str = "2.0"
    destination: str | None = ACS
    response_in_response_to: str | None = REQUEST_ID
    response_issuer: str | None = ISSUER
    status: str = SUCCESS
    status_detail: str = ""

    assertion_version: str = "2.0"
    issuer: str = ISSUER
    issuer_format: str | None = None
    issued: str = field(default_factory=stamp)
    name_id: str | None = "adele@contoso.example"
    name_id_format: str = EMAIL_FORMAT
    name_qualifier: str | None = None
    name_id_xml: str | None = None
    method: str = BEARER
    recipient: str | None = ACS
    in_response_to: str | None = REQUEST_ID
    confirmed_until: str | None = field(default_factory=lambda: stamp(60))
    confirmed_from: str | None = None
    more_confirmations: str = ""
    not_before: str | None = field(default_factory=lambda: stamp(-5))
    not_on_or_after: str | None = field(default_factory=lambda: stamp(60))
    audiences: tuple[tuple[str, ...], ...] = ((ENTITY_ID,),)
    more_conditions: str = ""
    authn_instant: str = field(default_factory=lambda: stamp(-1400))
    session_until: str | None = None
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = (
        (TENANT_CLAIM, (TENANT,)),
        (EMAIL_CLAIM, ("adele@contoso.example",)),
    )
    statement: str | None = None
    extra: str = ""

    # What is done to the text, and to the document before and after it is signed.
    rewritten: Callable[[str], str] = str
    before: Callable[[etree._Element], object] | None = None
    placed: Callable[[etree._Element], object] | None = None
    after: Callable[[etree._Element], object] | None = None

    def document(self) -> etree._Element:
        """The response, signed."""
        root = etree.fromstring(self.rewritten(self._response()).encode())
        if self.before:
            self.before(root)
        assertion = root.find("{*}Assertion")
        if self.sign in ("assertion", "both") and assertion is not None:
            sign(assertion, self)
        if self.sign in ("response", "both"):
            sign(root, self)
        if self.after:
            self.after(root)
        return root

    def xml(self) -> bytes:
        """The document in bytes."""
        return etree.tostring(self.document())

    def encoded(self) -> str:
        """The form field."""
        return encode(self.xml())

    def _response(self) -> str:
        issuer = (
            "" if self.response_issuer is None else f"<Issuer xmlns={ASSERTION}>{escape(self.response_issuer)}</Issuer>"
        )
        return (
            f'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r1" Version="{self.version}"'
            f' IssueInstant="{stamp()}"{_attribute("Destination", self.destination)}'
            f"{_attribute('InResponseTo', self.response_in_response_to)}>{issuer}"
            f'<samlp:Status><samlp:StatusCode Value="{self.status}"/>{self.status_detail}</samlp:Status>'
            f"{self._assertion()}</samlp:Response>"
        )

    def _assertion(self) -> str:
        return (
            f'<Assertion xmlns={ASSERTION} ID="_a1" IssueInstant="{self.issued}" Version="{self.assertion_version}">'
            f"<Issuer{_attribute('Format', self.issuer_format)}>{escape(self.issuer)}</Issuer>"
            f"<Subject>{self._name_id()}{self._confirmation()}{self.more_confirmations}</Subject>"
            f"<Conditions{_attribute('NotBefore', self.not_before)}"
            f"{_attribute('NotOnOrAfter', self.not_on_or_after)}>{self._audiences()}{self.more_conditions}</Conditions>"
            f"{self._statement()}"
            f'<AuthnStatement AuthnInstant="{self.authn_instant}" SessionIndex="_a1"'
            f"{_attribute('SessionNotOnOrAfter', self.session_until)}><AuthnContext><AuthnContextClassRef>"
            "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement>"
            f"{self.extra}</Assertion>"
        )

    def _name_id(self) -> str:
        if self.name_id_xml is not None:
            return self.name_id_xml
        if self.name_id is None:
            return ""
        return (
            f"<NameID Format={quoteattr(self.name_id_format)}{_attribute('SPNameQualifier', self.name_qualifier)}>"
            f"{escape(self.name_id)}</NameID>"
        )

    def _confirmation(self) -> str:
        return confirmation(self.method, self.recipient, self.in_response_to, self.confirmed_until, self.confirmed_from)

    def _audiences(self) -> str:
        return "".join(
            "<AudienceRestriction>"
            + "".join(f"<Audience>{escape(each)}</Audience>" for each in names)
            + "</AudienceRestriction>"
            for names in self.audiences
        )

    def _statement(self) -> str:
        if self.statement is not None:
            return self.statement
        return "<AttributeStatement>" + "".join(attribute(*each) for each in self.attributes) + "</AttributeStatement>"


ASSERTION = '"urn:oasis:names:tc:SAML:2.0:assertion"'


def attribute(name: str, values: tuple[str, ...]) -> str:
    """One attribute as Entra writes it: no name format, no type."""
    inside = "".join(f"<AttributeValue>{escape(value)}</AttributeValue>" for value in values)
    return f"<Attribute Name={quoteattr(name)}>{inside}</Attribute>"


def confirmation(
    method: str = BEARER,
    recipient: str | None = ACS,
    in_response_to: str | None = REQUEST_ID,
    until: str | None = None,
    begin: str | None = None,
) -> str:
    """One subject confirmation."""
    return (
        f"<SubjectConfirmation Method={quoteattr(method)}><SubjectConfirmationData"
        f"{_attribute('InResponseTo', in_response_to)}{_attribute('NotOnOrAfter', until)}"
        f"{_attribute('Recipient', recipient)}{_attribute('NotBefore', begin)}/></SubjectConfirmation>"
    )


def encode(xml: bytes) -> str:
    """Base64, as a form field holds it."""
    return base64.b64encode(xml).decode()


def sign(element: etree._Element, answer: SamlResponse) -> etree._Element:
    """Put a signature into an element, behind its Issuer where it has one."""
    signature = etree.fromstring(_template(element.get("ID", ""), answer))
    issuer = element.find("{*}Issuer")
    if issuer is None:
        element.insert(0, signature)
    else:
        issuer.addnext(signature)
    if answer.placed:
        answer.placed(signature)
    xmlsec.tree.add_ids(element, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(answer.pair.pem, xmlsec.constants.KeyDataFormatPem)
    context.sign(signature)
    return signature


def _template(element_id: str, answer: SamlResponse) -> str:
    prefixes = (
        f'<InclusiveNamespaces xmlns="{EXCLUSIVE}" PrefixList="{answer.prefix_list}"/>' if answer.prefix_list else ""
    )
    transforms = "".join(
        f'<Transform Algorithm="{each}">{prefixes if each == EXCLUSIVE else ""}</Transform>'
        for each in answer.transforms
    )
    return (
        f'<Signature xmlns="{DS}"><SignedInfo><CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>'
        f'<SignatureMethod Algorithm="{answer.signature_method}"/><Reference URI="#{element_id}">'
        f"<Transforms>{transforms}</Transforms>"
        f'<DigestMethod Algorithm="{answer.digest_method}"/><DigestValue/></Reference>'
        f"</SignedInfo><SignatureValue/>{_key_info(answer)}</Signature>"
    )


def _key_info(answer: SamlResponse) -> str:
    certificate = base64.b64encode(answer.pair.certificate.der).decode()
    x509_data = f"<X509Data><X509Certificate>{certificate}</X509Certificate></X509Data>"
    kinds = {
        "none": "",
        "x509": f"<KeyInfo>{x509_data}</KeyInfo>",
        "keycloak": f"<KeyInfo><KeyName>FJ86GcF3jTbNLOco</KeyName>{x509_data}<KeyValue><RSAKeyValue>"
        "<Modulus>AQAB</Modulus><Exponent>AQAB</Exponent></RSAKeyValue></KeyValue></KeyInfo>",
        "retrieval": f'<KeyInfo><RetrievalMethod URI="http://127.0.0.1:9/key"/>{x509_data}</KeyInfo>',
    }
    return kinds[answer.key_info]


def _attribute(name: str, value: str | None) -> str:
    return "" if value is None else f" {name}={quoteattr(value)}"
