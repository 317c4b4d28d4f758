"""A small response, signed with a new key, for the check at start-up. Importing this module imports xmlsec."""

from datetime import datetime

import xmlsec
from lxml import etree

from sso.saml.keys.key_pairs import KeyPair
from sso.saml.types import REQUEST_LIFE, IdentityProvider, ServiceProvider
from sso.saml.xml.instants import format_instant
from sso.saml.xml.names import BEARER, DS, SAML_NAMESPACE, SAMLP_NAMESPACE, STATUS_SUCCESS

SERVICE_PROVIDER = ServiceProvider("https://sp.invalid/metadata", "https://sp.invalid/acs")
SIGNED_VALUES = ("DigestValue", "SignatureValue")
ISSUER = "https://idp.invalid/"

_RESPONSE = """<samlp:Response xmlns:samlp="{samlp}" ID="_r" Version="2.0" IssueInstant="{now}" InResponseTo="{id}"
 Destination="{acs}"><Issuer xmlns="{saml}">{issuer}</Issuer>
<samlp:Status><samlp:StatusCode Value="{success}"/></samlp:Status>
<Assertion xmlns="{saml}" ID="_a" Version="2.0" IssueInstant="{now}"><Issuer>{issuer}</Issuer>
<Subject><NameID>sample</NameID><SubjectConfirmation Method="{bearer}">
<SubjectConfirmationData InResponseTo="{id}" Recipient="{acs}" NotOnOrAfter="{end}"/></SubjectConfirmation></Subject>
<Conditions NotBefore="{now}" NotOnOrAfter="{end}"><AudienceRestriction><Audience>{entity_id}</Audience>
</AudienceRestriction></Conditions><AuthnStatement AuthnInstant="{now}"><AuthnContext><AuthnContextClassRef
>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion>
</samlp:Response>"""


def identity_provider(pair: KeyPair) -> IdentityProvider:
    """Return the provider that signs the sample."""
    return IdentityProvider(ISSUER, (pair.certificate,))


def signed_sample(pair: KeyPair, request_id: str, now: datetime) -> etree._Element:
    """Return a response to a request, issued at `now` (aware); its assertion is signed by xmlsec."""
    root = etree.fromstring(
        _RESPONSE.format(
            samlp=SAMLP_NAMESPACE,
            saml=SAML_NAMESPACE,
            now=format_instant(now),
            end=format_instant(now + REQUEST_LIFE),
            id=request_id,
            acs=SERVICE_PROVIDER.acs_url,
            entity_id=SERVICE_PROVIDER.entity_id,
            issuer=ISSUER,
            success=STATUS_SUCCESS,
            bearer=BEARER,
        )
    )
    _sign(root[-1], pair)
    return root


def changed(root: etree._Element, name: str) -> etree._Element:
    """Change the first character of one of SIGNED_VALUES."""
    value = next(root.iter(DS + name))
    text = "".join((value.text or "").split())
    value.text = ("B" if text.startswith("A") else "A") + text[1:]
    return root


def _sign(assertion: etree._Element, pair: KeyPair) -> None:
    signature = xmlsec.template.create(
        assertion, xmlsec.constants.TransformExclC14N, xmlsec.constants.TransformRsaSha256, ns="ds"
    )
    assertion.insert(1, signature)
    reference = xmlsec.template.add_reference(signature, xmlsec.constants.TransformSha256, uri="#_a")
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    xmlsec.tree.add_ids(assertion, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pair.private_der, xmlsec.constants.KeyDataFormatDer)
    context.sign(signature)
