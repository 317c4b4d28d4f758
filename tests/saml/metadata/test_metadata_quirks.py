"""The 82 ways in which metadata has been seen to differ from what the standard says, and what becomes of each.

Numbered as in the collection that they come from. What is refused says what it is and what to do about it; what is
accepted with a finding says what the administrator should know; all others are simply read.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sso.saml import (
    FindingCode,
    IdentityProvider,
    IdpMetadata,
    MetadataError,
    MetadataProblem,
    ServiceProvider,
    SeveralProviders,
    build_authn_request,
    read_idp_metadata,
)
from tests.saml.metadata_files import (
    BINDINGS,
    BOM,
    DECLARATION,
    DS,
    ENTITY,
    ENTRA,
    ENTRA_SSO,
    MD,
    POST,
    REDIRECT,
    SOAP,
    SP_ROLE,
    SSO,
    WS_FEDERATION,
    base64_of,
    certificate,
    endpoint,
    entities,
    entity,
    key,
    role,
    sso,
    ui,
)
from tests.saml.provider import ENTITY_ID, NOW, key_pair

SAML1 = "urn:oasis:names:tc:SAML:1.1:protocol"
SLO = "https://idp.example.test/slo"
MANY_ATTRIBUTES = "".join(
    f'<Attribute xmlns="urn:oasis:names:tc:SAML:2.0:assertion" Name="urn:a:{number}" FriendlyName="a"/>'
    for number in range(68)
)


@dataclass(frozen=True)
class Quirk:
    """One row: what is uploaded, and what has to become of it."""

    number: int
    name: str
    data: str | bytes
    problem: MetadataProblem | None = None
    says: str = ""
    findings: tuple[FindingCode, ...] = ()
    holds: Callable[[IdpMetadata], object] = lambda _: True

    @property
    def uploaded(self) -> bytes:
        return self.data.encode() if isinstance(self.data, str) else self.data


def accepted(
    number: int,
    name: str,
    data: str | bytes,
    *findings: FindingCode,
    holds: Callable[[IdpMetadata], object] = lambda _: True,
) -> Quirk:
    return Quirk(number, name, data, findings=findings, holds=holds)


def refused(number: int, name: str, data: str | bytes, problem: MetadataProblem, says: str) -> Quirk:
    return Quirk(number, name, data, problem, says)


def issued_by_an_authority() -> str:
    """A signing certificate that a company's authority has signed, with SHA-256 over another key's name."""
    authority, own = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "adfs.example.test")])
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Example Issuing CA 1")])
    builder = x509.CertificateBuilder(issuer, subject, own.public_key(), x509.random_serial_number())
    ours = key_pair().certificate
    signed = builder.not_valid_before(ours.not_before).not_valid_after(ours.not_after).sign(authority, hashes.SHA256())
    return base64.b64encode(signed.public_bytes(serialization.Encoding.DER)).decode()


OWN = (key_pair().certificate,)
own_key = lambda metadata: metadata.certificates == OWN  # noqa: E731
VIEWER = "This XML file does not appear to have any style information associated with it."
TWO = certificate(2024, 2034)
SIGNATURE = f'<Signature xmlns="{DS}"><SignedInfo><SignatureMethod Algorithm="{DS}rsa-sha1"/></SignedInfo></Signature>'
COMMON = "https://sts.windows.net/{tenantid}/"
P, F = MetadataProblem, FindingCode

QUIRKS = [
    # Bytes and encoding
    accepted(1, "byte order mark", BOM + DECLARATION + entity()),
    accepted(2, "two of them", BOM + BOM + DECLARATION + entity()),
    accepted(3, "one, and a declaration without encoding", BOM + '<?xml version="1.0"?>' + entity()),
    accepted(4, "no declaration", entity()),
    accepted(5, "blank line in front", "\n \r\n" + DECLARATION + entity()),
    accepted(6, "comment in front of the declaration", f"<!-- made by hand -->{DECLARATION}{entity()}"),
    accepted(7, "comments behind it", f"{DECLARATION}{'<!-- license -->' * 11}{entity()}"),
    accepted(8, "UTF-16, little end", (BOM + entity()).encode("utf-16-le")),
    accepted(8, "UTF-16, big end", (BOM + entity()).encode("utf-16-be")),
    accepted(9, "UTF-16 that declares UTF-8", (BOM + DECLARATION + entity()).encode("utf-16-le")),
    accepted(10, "lines of Windows", entity().replace("><", ">\r\n<")),
    accepted(11, "14 kB in one line", entity(role(key() + MANY_ATTRIBUTES + MANY_ATTRIBUTES + sso()))),
    refused(12, "empty file", b"", P.EMPTY, "This file is empty. Download"),
    refused(12, "nothing but blanks", b"\xef\xbb\xbf \r\n", P.EMPTY, "Download the metadata XML file"),
    refused(13, "cut off", entity()[:-40], P.INCOMPLETE, "it ends in the middle. Download it again"),
    accepted(14, "70 kB of ADFS", entity(role(key() + MANY_ATTRIBUTES * 9 + sso()))),
    refused(14, "more than any one provider needs", entity() + " " * 1_000_000, P.TOO_LARGE, "larger than 1 MB"),
    # Not metadata at all
    refused(15, "sign-in page", b"<!DOCTYPE html><html><body>Sign in</body></html>", P.WEB_PAGE, "while you are"),
    refused(15, "another", b"\n<HTML lang=en>", P.WEB_PAGE, "This is a web page"),
    accepted(16, "a browser's view", f"{VIEWER} The document tree is shown below.\n{entity()}\nnotes"),
    accepted(17, "fold marks", f"- {entity()}".replace("><KeyD", ">\n- <KeyD")),
    refused(18, "curly quotes", entity().replace('ID="', "ID=\u201c", 1), P.MALFORMED, "line 1, near column"),
    refused(18, "and what they are", entity().replace('ID="', "ID=\u201d", 1), P.MALFORMED, "curly quotation marks"),
    refused(19, "certificate, DER", key_pair().certificate.der, P.CERTIFICATE, "Federation Metadata XML"),
    refused(19, "certificate, base64", base64_of(key_pair()), P.CERTIFICATE, "This is the certificate, not the"),
    refused(
        19,
        "certificate, PEM",
        f"-----BEGIN CERTIFICATE-----\n{base64_of(key_pair())}\n-----END CERTIFICATE-----\n",
        P.CERTIFICATE,
        "Download the metadata XML",
    ),
    refused(20, "OpenID configuration", b'{"issuer": "https://a.test"}', P.JSON, "needs the SAML metadata"),
    refused(21, "some other XML", "<root>hello</root>", P.OTHER_XML, "it begins with <root>. Download"),
    # Hostile XML
    refused(22, "nested entities", "<!DOCTYPE x [<!ENTITY a 'a'><!ENTITY b '&a;&a;'>]><x>&b;</x>", P.DTD, "not safe"),
    refused(22, "behind a comment", f"<!-- a --><!DOCTYPE x>{entity()}", P.DTD, "a document type"),
    refused(
        23, "external entity", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', P.DTD, "DOCTYPE"
    ),
    refused(24, "javascript:", entity(role(key() + sso("javascript:alert(1)"))), P.UNSAFE_ADDRESS, "not a web address"),
    refused(25, "http", entity(role(key() + sso("http://idp.test/"))), P.UNSAFE_ADDRESS, "not https: http://idp.test/"),
    accepted(26, "internal address", entity(role(key() + sso("https://10.1.2.3/sso"))), F.INTERNAL_ADDRESS),
    # Which document, which entity
    refused(
        27,
        "document of a whole Entra ID",
        entity(role(key(base64_of(certificate(cn="accounts.accesscontrol.windows.net"))) + sso(ENTRA_SSO)), ENTRA),
        P.ENTRA_TENANT,
        "In the Azure portal open the application",
    ),
    refused(28, "Entra's common document", entity(entity_id=COMMON), P.ENTRA_COMMON, "not the one of your application"),
    refused(
        28,
        "its addresses",
        entity(role(key() + sso("https://login.microsoftonline.com/common/saml2"))),
        P.ENTRA_COMMON,
        "download its own Federation Metadata XML",
    ),
    refused(29, "service provider", entity(SP_ROLE), P.SERVICE_PROVIDER, "an application that users sign in to"),
    refused(29, "several", entities(entity(SP_ROLE), entity(SP_ROLE)), P.SERVICE_PROVIDER, "Upload the metadata of"),
    refused(
        29, "we ourselves", entity(SP_ROLE, ENTITY_ID), P.OUR_OWN, "Amplisso's own metadata, which is meant for your"
    ),
    accepted(30, "provider and service provider in one", entity(SP_ROLE + role()), holds=own_key),
    refused(31, "WS-Federation only", entity(WS_FEDERATION), P.WS_FEDERATION, "Upload metadata with SAML 2.0 in it"),
    accepted(32, "keys repeated in other roles", entity(WS_FEDERATION + role()), holds=own_key),
    refused(33, "misspelt role", entity(role(name="IDPSsoDescriptor")), P.NO_PROVIDER, "no IDPSSODescriptor"),
    accepted(34, "a list of one", entities(entity())),
    refused(35, "several", entities(entity(), entity(entity_id="b")), P.SEVERAL, "Choose yours by its entity ID."),
    accepted(36, "a list with service providers", entities(entity(SP_ROLE, "https://sp.test/"), entity())),
    refused(37, "an empty list", entities(), P.NO_PROVIDER, "an empty list without any identity provider. Download"),
    accepted(38, "attribute authority", entity(role() + role(name="AttributeAuthorityDescriptor")), holds=own_key),
    accepted(
        39,
        "prefixes",
        re.sub(r"<(/?)(Ent|IDP|KeyD|Sing)", r"<\1md:\2", entity()).replace("xmlns=", "xmlns:md=", 1),
        holds=own_key,
    ),
    refused(
        40,
        "declared, but not used",
        entity().replace("xmlns=", "xmlns:md=", 1),
        P.NAMESPACE,
        "not in the namespace of SAML metadata",
    ),
    refused(
        40,
        "used for the entity only",
        re.sub(r"<(/?)Ent", r"<\1md:Ent", entity()).replace("xmlns=", "xmlns:md=", 1),
        P.NAMESPACE,
        "Download the file again",
    ),
    refused(41, "SAML 1.1 only", entity(role(protocol=SAML1)), P.SAML1, "Turn SAML 2.0 on"),
    # entityID, validity, signature
    refused(42, "no entityID", entity(entity_id=None), P.NO_ENTITY_ID, "has no entityID. Download the file again"),
    refused(42, "an empty one", entity(entity_id=""), P.NO_ENTITY_ID, "unchanged"),
    accepted(43, "blanks round it", entity(entity_id=f" {ENTITY}\t"), F.ENTITY_ID_TRIMMED),
    accepted(44, "JumpCloud's", entity(entity_id="IdP Entity ID"), holds=lambda m: m.entity_id == "IdP Entity ID"),
    refused(44, "1025 characters", entity(entity_id="a" * 1025), P.ENTITY_ID_TOO_LONG, "Set a shorter one"),
    accepted(45, "valid until 2022", entity(attributes=' validUntil="2022-01-01T00:00:00Z"'), F.METADATA_EXPIRED),
    accepted(45, "on the role", entity(role(attributes=' validUntil="2022-01-01T00:00:00.000Z"')), F.METADATA_EXPIRED),
    accepted(
        46,
        "valid until the certificate ends",
        entity(attributes=f' validUntil="{key_pair().certificate.not_after:%Y-%m-%dT%H:%M:%SZ}"'),
        holds=lambda m: m.valid_until == m.certificates[0].not_after,
    ),
    accepted(47, "odd cacheDuration", entity(attributes=' cacheDuration="P1DT"')),
    accepted(48, "signed by itself", entity(SIGNATURE + role()), holds=own_key),
    accepted(49, "signed, then indented", entity(SIGNATURE + "\n  " + role()), holds=own_key),
    accepted(50, "signed with SHA-1", entity(SIGNATURE + role()), holds=own_key),
    accepted(51, "everybody's ID", entity(attributes=' ID="DUp57Bcq-y4RtkrRLyYj2fYxtqR"')),
    # Keys
    accepted(
        52,
        "several signing keys",
        entity(role(key(base64_of(TWO)) + key() + sso())),
        holds=lambda m: m.certificates == (TWO.certificate, *OWN),
    ),
    accepted(53, "encryption key, too", entity(role(key(base64_of(TWO), "encryption") + key() + sso())), holds=own_key),
    accepted(54, "key without use", entity(role(key(use=None) + sso())), holds=own_key),
    refused(
        55, "for encryption only", entity(role(key(use="encryption") + sso())), P.NO_SIGNING_KEY, "is for encryption"
    ),
    refused(56, "no key", entity(role(sso())), P.NO_SIGNING_KEY, "Download the file again"),
    accepted(57, "in lines", entity(role(key("\n        ".join(base64_of(key_pair()))) + sso())), holds=own_key),
    accepted(58, "no-break spaces", entity(role(key(f"\u00a0{base64_of(key_pair())}\u00a0\t") + sso())), holds=own_key),
    accepted(
        59,
        "PEM armour",
        entity(role(key(f"-----BEGIN CERTIFICATE-----\n{base64_of(key_pair())}\n-----END CERTIFICATE-----") + sso())),
        holds=own_key,
    ),
    refused(
        60, "placeholder", entity(role(key("TODO") + sso())), P.UNREADABLE_KEY, "stands only \u201cTODO\u201d. Download"
    ),
    accepted(60, "one of two", entity(role(key("TODO") + key() + sso())), F.CERTIFICATE_UNREADABLE, holds=own_key),
    accepted(
        61, "KeyInfo with https", entity(role(key(namespace=DS.replace("http:", "https:")) + sso())), holds=own_key
    ),
    accepted(61, "KeyInfo as metadata", entity(role(key(namespace=MD) + sso())), holds=own_key),
    accepted(
        62,
        "expired certificate",
        entity(role(key(base64_of(certificate(2015, 2020))) + sso())),
        F.CERTIFICATE_EXPIRED,
        F.NO_CERTIFICATE_VALID_NOW,
    ),
    refused(
        63, "1024 bits", entity(role(key(base64_of(certificate(bits=1024))) + sso())), P.WEAK_KEY, "at least RSA 2048"
    ),
    accepted(
        63,
        "1024 bits beside 2048",
        entity(role(key(base64_of(certificate(bits=1024))) + key() + sso())),
        F.CERTIFICATE_WEAK,
        holds=own_key,
    ),
    accepted(64, "the same key twice", entity(role(key() + key() + sso())), holds=own_key),
    accepted(
        65,
        "issued by a company's authority",
        entity(role(key(issued_by_an_authority()) + sso())),
        holds=lambda m: "adfs.example.test" in m.certificates[0].subject,
    ),
    refused(
        66,
        "key without certificate",
        entity(
            role(
                f'<KeyDescriptor><KeyInfo xmlns="{DS}"><KeyValue><RSAKeyValue><Modulus>AQAB</Modulus>'
                "<Exponent>AQAB</Exponent></RSAKeyValue></KeyValue></KeyInfo></KeyDescriptor>" + sso()
            )
        ),
        P.NO_SIGNING_KEY,
        "no signing certificate in this file",
    ),
    # Endpoints and the rest
    accepted(
        67,
        "POST only",
        entity(role(key() + sso(SSO, POST))),
        holds=lambda m: (m.sso_redirect_url, m.sso_post_url) == ("", SSO),
    ),
    accepted(
        68,
        "POST first",
        entity(role(key() + sso(SSO + "/p", POST) + sso(SSO))),
        holds=lambda m: (m.sso_redirect_url, m.sso_post_url) == (SSO, SSO + "/p"),
    ),
    accepted(
        69,
        "other bindings",
        entity(
            role(
                key()
                + sso("http://x", SOAP)
                + sso("x", BINDINGS + "HTTP-POST-SimpleSign")
                + sso("x", "urn:mace:shibboleth:1.0:profiles:AuthnRequest")
                + sso()
            )
        ),
        holds=lambda m: (m.sso_redirect_url, m.sso_post_url) == (SSO, ""),
    ),
    accepted(
        70,
        "the same binding twice",
        entity(role(key() + sso() + sso("https://other.test/"))),
        holds=lambda m: m.sso_redirect_url == SSO,
    ),
    refused(71, "no sign-in address", entity(role(key())), P.NO_SIGN_IN_ADDRESS, "has no sign-in address"),
    refused(
        71,
        "no binding",
        entity(role(key() + f'<SingleSignOnService Location="{SSO}"/>')),
        P.NO_SIGN_IN_ADDRESS,
        "HTTP-Redirect or HTTP-POST",
    ),
    accepted(72, "no sign-out", entity(), holds=lambda m: m.slo_url == m.slo_response_url == ""),
    accepted(
        73,
        "sign-out by SOAP",
        entity(role(key() + endpoint("SingleLogoutService", SOAP, "http://x") + sso())),
        holds=lambda m: not m.slo_url,
    ),
    accepted(
        74,
        "sign-out answers elsewhere",
        entity(role(key() + endpoint("SingleLogoutService", REDIRECT, SLO, SLO + "/r") + sso())),
        holds=lambda m: (m.slo_url, m.slo_response_url) == (SLO, SLO + "/r"),
    ),
    accepted(
        75,
        "wants signed requests",
        entity(role(attributes=' WantAuthnRequestsSigned="true"')),
        F.SIGNED_REQUESTS_WANTED,
        holds=lambda m: m.want_authn_requests_signed,
    ),
    accepted(76, "doesn't say", entity(), holds=lambda m: not m.want_authn_requests_signed),
    accepted(77, "no NameIDFormat", entity(), holds=lambda m: not asks_for_a_name_id(m)),
    accepted(
        78,
        "an empty one",
        entity(role(key() + "<NameIDFormat/>" + sso())),
        holds=lambda m: not asks_for_a_name_id(m),
    ),
    accepted(
        79,
        "many",
        entity(role(key() + "<NameIDFormat>urn:a</NameIDFormat>" * 8 + sso())),
        holds=lambda m: not asks_for_a_name_id(m),
    ),
    accepted(80, "dozens of attributes", entity(role(key() + sso() + MANY_ATTRIBUTES)), holds=own_key),
    accepted(
        81,
        "names, contacts and logos",
        entity(
            role(ui(en="<Contoso> & co".replace("&", "&amp;").replace("<", "&lt;")) + key() + sso())
            + '<Organization><OrganizationName xml:lang="en">Contoso</OrganizationName></Organization>'
            + '<ContactPerson contactType="technical"><EmailAddress>mailto:a@b.test</EmailAddress></ContactPerson>'
        ),
        holds=own_key,
    ),
    accepted(
        82,
        "artifact resolution",
        entity(role(key() + endpoint("ArtifactResolutionService", SOAP, "https://idp.test/art") + sso())),
        holds=own_key,
    ),
]


def asks_for_a_name_id(metadata: IdpMetadata) -> bool:
    """Whether a request to this provider would force a format on it."""
    provider = IdentityProvider(metadata.entity_id, metadata.certificates, sso_post_url=SSO)
    request = build_authn_request(
        ServiceProvider(ENTITY_ID, "https://sp.test/acs"), provider, request_id="_a", issue_instant=NOW
    )
    return b"NameIDPolicy" in base64.b64decode(dict(request.fields)["SAMLRequest"])


def test_every_quirk_is_here() -> None:
    assert sorted({quirk.number for quirk in QUIRKS}) == list(range(1, 83))


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: f"{quirk.number} {quirk.name}")
def test_quirk(quirk: Quirk) -> None:
    if quirk.problem is None:
        metadata = read(quirk)
        assert metadata.entity_id
        assert tuple(finding.code for finding in metadata.findings) == quirk.findings
        assert all(finding.message.endswith(".") and len(finding.message) > 30 for finding in metadata.findings)
        assert quirk.holds(metadata)
    else:
        with pytest.raises(MetadataError) as caught:
            read(quirk)
        assert caught.value.code is quirk.problem
        assert quirk.says in str(caught.value)
        assert isinstance(caught.value, SeveralProviders) == (quirk.number == 35)


def read(quirk: Quirk) -> IdpMetadata:
    return read_idp_metadata(quirk.uploaded, our_entity_id=ENTITY_ID, now=NOW)
