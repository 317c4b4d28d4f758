"""Responses and metadata in the shape of nine products, written as text and signed for real.

What differs between them is what their own documents show: prefixes, where namespaces are declared, what is signed, the
KeyInfo, the format of the name ID, and how they name the address, the names and the groups of a user.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import xmlsec
from lxml import etree

from tests.attacks.messages.target import Target
from tests.saml.metadata_files import base64_of, entity, key, role, sso
from tests.saml.provider import (
    BEARER,
    DS,
    EMAIL_FORMAT,
    ENVELOPED,
    EXCLUSIVE,
    RSA_SHA256,
    SHA256,
    SUCCESS,
    TENANT,
    KeyPair,
    encode,
    stamp,
)

CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
MICROSOFT = "http://schemas.microsoft.com/identity/claims/"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
BASIC, URI, NO_FORMAT = (
    f"urn:oasis:names:tc:SAML:2.0:attrname-format:{each}" for each in ("basic", "uri", "unspecified")
)
_XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
ADDRESS, NAMES = "adele@contoso.example", ("Adele", "Vance")


@dataclass(frozen=True)
class Product:
    """One product with its usual settings.

    `address` is the name of the attribute with the e-mail address, "" if the name ID alone has it; `names` are those of
    the given and the family name. `typed` is the xsi:type of values, "" where values have none.
    """

    name: str
    provider: str
    entity_id: str
    login: str
    address: str = ""
    names: tuple[str, str] = ("", "")
    groups: str = ""
    name_id: str = ADDRESS
    name_id_format: str = EMAIL_FORMAT
    protocol_prefix: str = "samlp"
    prefix: str = "saml"
    signature_prefix: str = "ds"
    sign: tuple[str, ...] = ("Assertion",)
    prefix_list: str = ""
    typed: str = ""
    name_format: str = ""
    has_friendly_names: bool = False
    has_key_value: bool = False
    more: tuple[tuple[str, str], ...] = ()

    def metadata(self, *pairs: KeyPair) -> str:
        """Return the metadata file with the certificates of these keys."""
        return entity(role("".join(key(base64_of(pair)) for pair in pairs) + sso(self.login)), self.entity_id)

    def response(self, target: Target, pair: KeyPair, *, has_address: bool = True, groups: tuple[str, ...] = ()) -> str:
        """Return the form field that signs Adele in; without an address neither name ID nor attributes have one."""
        root = etree.fromstring(self._text(target, has_address=has_address, groups=groups))
        # The assertion first: the response's signature covers it.
        for tag in ("Assertion", "Response"):
            if tag in self.sign:
                self._sign(next(root.iter("{*}" + tag)), pair)
        return encode(etree.tostring(root))

    def _text(self, target: Target, *, has_address: bool, groups: tuple[str, ...]) -> str:
        p, a = self.protocol_prefix, f"{self.prefix}:" if self.prefix else ""
        declared = f'xmlns{":" + self.prefix if self.prefix else ""}="urn:oasis:names:tc:SAML:2.0:assertion"'
        name_id = self.name_id if has_address or "@" not in self.name_id else "adele"
        attributes = self._attributes(a, has_address=has_address, groups=groups)
        return (
            f'<{p}:Response xmlns:{p}="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r{target.request_id}" Version="2.0"'
            f' IssueInstant="{stamp()}" Destination="{target.acs}" InResponseTo="{target.request_id}">'
            f"<{a}Issuer {declared}>{escape(self.entity_id)}</{a}Issuer>"
            f'<{p}:Status><{p}:StatusCode Value="{SUCCESS}"/></{p}:Status>'
            f'<{a}Assertion {declared} ID="_a{target.request_id}" IssueInstant="{stamp()}" Version="2.0">'
            f"<{a}Issuer>{escape(self.entity_id)}</{a}Issuer>"
            f"<{a}Subject><{a}NameID Format={quoteattr(self.name_id_format)}>{escape(name_id)}</{a}NameID>"
            f'<{a}SubjectConfirmation Method="{BEARER}"><{a}SubjectConfirmationData NotOnOrAfter="{stamp(5)}"'
            f' Recipient="{target.acs}" InResponseTo="{target.request_id}"/></{a}SubjectConfirmation></{a}Subject>'
            f'<{a}Conditions NotBefore="{stamp(-5)}" NotOnOrAfter="{stamp(5)}"><{a}AudienceRestriction>'
            f"<{a}Audience>{target.entity_id}</{a}Audience></{a}AudienceRestriction></{a}Conditions>"
            f'<{a}AuthnStatement AuthnInstant="{stamp(-1)}" SessionIndex="_s{target.request_id}"><{a}AuthnContext>'
            f"<{a}AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
            f"</{a}AuthnContextClassRef></{a}AuthnContext></{a}AuthnStatement>"
            + (f"<{a}AttributeStatement>{attributes}</{a}AttributeStatement>" if attributes else "")
            + f"</{a}Assertion></{p}:Response>"
        )

    def _attributes(self, a: str, *, has_address: bool, groups: tuple[str, ...]) -> str:
        sent = [*self.more, *zip(self.names, NAMES, strict=True)]
        if has_address:
            sent.append((self.address, ADDRESS))
        written = [self._attribute(a, name, (value,)) for name, value in sent if name]
        return "".join(written) + (self._attribute(a, self.groups, groups) if groups else "")

    def _attribute(self, a: str, name: str, values: tuple[str, ...]) -> str:
        form = f' NameFormat="{self.name_format}"' if self.name_format else ""
        friendly = f' FriendlyName="{name.rpartition(":")[2]}"' if self.has_friendly_names else ""
        kind = f' {_XS} xsi:type="{self.typed}"' if self.typed else ""
        inside = "".join(f"<{a}AttributeValue{kind}>{escape(each)}</{a}AttributeValue>" for each in values)
        return f"<{a}Attribute Name={quoteattr(name)}{form}{friendly}>{inside}</{a}Attribute>"

    def _sign(self, element: etree._Element, pair: KeyPair) -> None:
        signature = etree.fromstring(self._template(element.get("ID", ""), pair))
        issuer = element.find("{*}Issuer")
        assert issuer is not None
        issuer.addnext(signature)
        xmlsec.tree.add_ids(element, ["ID"])
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(pair.pem, xmlsec.constants.KeyDataFormatPem)
        context.sign(signature)

    def _template(self, element_id: str, pair: KeyPair) -> str:
        s = f"{self.signature_prefix}:" if self.signature_prefix else ""
        declared = f'xmlns{":" + self.signature_prefix if self.signature_prefix else ""}="{DS}"'
        listed = (
            f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{self.prefix_list}"/>'
            if self.prefix_list
            else ""
        )
        certificate = base64.b64encode(pair.certificate.der).decode()
        value = f"<{s}KeyName>signing</{s}KeyName>" if self.has_key_value else ""
        return (
            f'<{s}Signature {declared}><{s}SignedInfo><{s}CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>'
            f'<{s}SignatureMethod Algorithm="{RSA_SHA256}"/><{s}Reference URI="#{element_id}"><{s}Transforms>'
            f'<{s}Transform Algorithm="{ENVELOPED}"/><{s}Transform Algorithm="{EXCLUSIVE}">{listed}</{s}Transform>'
            f'</{s}Transforms><{s}DigestMethod Algorithm="{SHA256}"/><{s}DigestValue/></{s}Reference></{s}SignedInfo>'
            f"<{s}SignatureValue/><{s}KeyInfo>{value}<{s}X509Data><{s}X509Certificate>{certificate}"
            f"</{s}X509Certificate></{s}X509Data></{s}KeyInfo></{s}Signature>"
        )


_PRODUCTS = (
    Product(
        "Microsoft Entra ID",
        "azure",
        f"https://sts.windows.net/{TENANT}/",
        f"https://login.microsoftonline.com/{TENANT}/saml2",
        address=CLAIMS + "emailaddress",
        names=(CLAIMS + "givenname", CLAIMS + "surname"),
        groups="http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
        prefix="",
        signature_prefix="",
        more=(
            (MICROSOFT + "tenantid", TENANT),
            (MICROSOFT + "objectidentifier", "6f4c1a52-8a0e-4c53-9a3e-0d8a3f1b2c4d"),
            (MICROSOFT + "displayname", "Adele Vance"),
        ),
    ),
    Product(
        "AD FS",
        "other",
        "http://adfs.contoso.com/adfs/services/trust",
        "https://adfs.contoso.com/adfs/ls/",
        address=CLAIMS + "emailaddress",
        names=(CLAIMS + "givenname", CLAIMS + "surname"),
        groups="http://schemas.xmlsoap.org/claims/Group",
        name_id="CONTOSO\\adele",
        name_id_format=UNSPECIFIED,
        prefix="",
        more=((CLAIMS + "upn", "adele@corp.contoso.local"),),
    ),
    Product(
        "Okta",
        "okta",
        "http://www.okta.com/exk1fcia6d6EMsf331d8",
        "https://contoso.okta.com/app/contoso_app_1/exk1fcia6d6EMsf331d8/sso/saml",
        address="email",
        names=("firstName", "lastName"),
        groups="groups",
        name_id_format=UNSPECIFIED,
        protocol_prefix="saml2p",
        prefix="saml2",
        sign=("Assertion", "Response"),
        prefix_list="xs",
        typed="xs:string",
        name_format=NO_FORMAT,
    ),
    Product(
        "Google",
        "google",
        "https://accounts.google.com/o/saml2?idpid=C01abcdef",
        "https://accounts.google.com/o/saml2/idp?idpid=C01abcdef",
        protocol_prefix="saml2p",
        prefix="saml2",
        typed="xs:anyType",
        names=("firstName", "lastName"),
        groups="groups",
    ),
    Product(
        "OneLogin",
        "onelogin",
        "https://app.onelogin.com/saml/metadata/0c1d2e3f-4a5b-6c7d-8e9f-0a1b2c3d4e5f",
        "https://contoso.onelogin.com/trust/saml2/http-redirect/sso/0c1d2e3f",
        names=("User.FirstName", "User.LastName"),
        groups="memberOf",
        typed="xs:string",
        name_format=BASIC,
        sign=("Response",),
    ),
    Product(
        "Auth0",
        "auth0",
        "urn:contoso.eu.auth0.com",
        "https://contoso.eu.auth0.com/samlp/Qk3V9bXf",
        address=CLAIMS + "emailaddress",
        names=(CLAIMS + "givenname", CLAIMS + "surname"),
        groups="http://schemas.auth0.com/groups",
        name_id="auth0|5f7c8ec7c33c6c004bbafe82",
        name_id_format=UNSPECIFIED,
        signature_prefix="",
        typed="xs:string",
        name_format=URI,
    ),
    Product(
        "AWS IAM Identity Center",
        "aws",
        "https://portal.sso.eu-west-1.amazonaws.com/saml/assertion/MTIzNDU2",
        "https://portal.sso.eu-west-1.amazonaws.com/saml/assertion/MTIzNDU2",
        names=("givenName", "sn"),
        groups="groups",
        protocol_prefix="saml2p",
        prefix="saml2",
        typed="xs:string",
        name_format=NO_FORMAT,
    ),
    Product(
        "Keycloak",
        "other",
        "https://sso.contoso.com/realms/contoso",
        "https://sso.contoso.com/realms/contoso/protocol/saml",
        address="email",
        names=("urn:oid:2.5.4.42", "urn:oid:2.5.4.4"),
        groups="Role",
        name_id="G-7d2b5f1c-3d2a-4c53-9a3e-0d8a3f1b2c4d",
        name_id_format=PERSISTENT,
        signature_prefix="dsig",
        sign=("Assertion", "Response"),
        typed="xs:string",
        name_format=BASIC,
        has_friendly_names=True,
        has_key_value=True,
    ),
    Product(
        "Shibboleth",
        "other",
        "https://idp.contoso.com/idp/shibboleth",
        "https://idp.contoso.com/idp/profile/SAML2/Redirect/SSO",
        address="urn:oid:0.9.2342.19200300.100.1.3",
        names=("urn:oid:2.5.4.42", "urn:oid:2.5.4.4"),
        groups="urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
        name_id="AAdzZWNyZXQxYmFzZTY0",
        name_id_format=TRANSIENT,
        protocol_prefix="saml2p",
        prefix="saml2",
        sign=("Response",),
        name_format=URI,
        has_friendly_names=True,
    ),
)
PRODUCTS = {product.name: product for product in _PRODUCTS}
