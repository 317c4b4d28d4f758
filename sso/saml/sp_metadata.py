"""Our side of a connection, in the form that identity providers import (SAML metadata 2.4.4)."""

from lxml import etree

from sso.saml.names import MD, MD_NAMESPACE, SAMLP_NAMESPACE
from sso.saml.types import Binding, ServiceProvider


def build_sp_metadata(sp: ServiceProvider) -> bytes:
    """Return a UTF-8 document, the same bytes every time for the same service provider.

    WantAssertionsSigned asks for the form every provider can send; a signed response is accepted as well.
    There is no NameIDFormat, so that the one chosen at the provider stays.
    """
    entity = etree.Element(MD + "EntityDescriptor", {"entityID": sp.entity_id}, nsmap={"md": MD_NAMESPACE})
    role = etree.SubElement(
        entity,
        MD + "SPSSODescriptor",
        {
            "AuthnRequestsSigned": "false",
            "WantAssertionsSigned": "true",
            "protocolSupportEnumeration": SAMLP_NAMESPACE,
        },
    )
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
