"""Our own metadata for a connection, in the form that identity providers import (SAML metadata 2.4.4)."""

import base64

from lxml import etree

from sso.saml.keys.certificates import SigningCertificate
from sso.saml.types import Binding, ServiceProvider
from sso.saml.xml.names import DS, DS_NAMESPACE, MD, MD_NAMESPACE, SAMLP_NAMESPACE


def build_sp_metadata(sp: ServiceProvider) -> bytes:
    """Return a UTF-8 document, the same bytes every time for the same service provider.

    WantAssertionsSigned asks for the form every provider can send; a signed response is accepted as well.
    There is no NameIDFormat, so that the one chosen at the provider stays. Each certificate is listed for signing, two
    of them during a rollover; for encryption only what is offered for it, because a provider that imports the document
    begins to encrypt.
    """
    entity = etree.Element(MD + "EntityDescriptor", {"entityID": sp.entity_id}, nsmap={"md": MD_NAMESPACE})
    role = etree.SubElement(
        entity,
        MD + "SPSSODescriptor",
        {
            "AuthnRequestsSigned": "true" if sp.signs_requests else "false",
            "WantAssertionsSigned": "true",
            "protocolSupportEnumeration": SAMLP_NAMESPACE,
        },
    )
    for certificate in sp.certificates:
        _add_key(role, "signing", certificate)
    for certificate in sp.encryption_certificates:
        _add_key(role, "encryption", certificate)
    for binding in (Binding.REDIRECT, Binding.POST):
        if sp.slo_url:
            etree.SubElement(role, MD + "SingleLogoutService", Binding=binding.value, Location=sp.slo_url)
    etree.SubElement(
        role,
        MD + "AssertionConsumerService",
        {
            "Binding": Binding.POST.value,
            "Location": sp.acs_url,
            "index": "0",
            "isDefault": "true",
        },
    )
    return etree.tostring(entity, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def _add_key(role: etree._Element, use: str, certificate: SigningCertificate) -> None:
    """Add a key without EncryptionMethod: providers that read it know fewer algorithms than they use."""
    descriptor = etree.SubElement(role, MD + "KeyDescriptor", use=use)
    info = etree.SubElement(descriptor, DS + "KeyInfo", nsmap={"ds": DS_NAMESPACE})
    data = etree.SubElement(info, DS + "X509Data")
    etree.SubElement(data, DS + "X509Certificate").text = base64.b64encode(certificate.der).decode()
