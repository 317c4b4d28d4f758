"""Namespaces, as Clark notation prefixes, and the URIs of the standard that several modules need."""

MD_NAMESPACE = "urn:oasis:names:tc:SAML:2.0:metadata"
SAML_NAMESPACE = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP_NAMESPACE = "urn:oasis:names:tc:SAML:2.0:protocol"
DS_NAMESPACE = "http://www.w3.org/2000/09/xmldsig#"

MD = "{%s}" % MD_NAMESPACE  # noqa: UP031 - braces are what Clark notation is made of
SAML = "{%s}" % SAML_NAMESPACE  # noqa: UP031
SAMLP = "{%s}" % SAMLP_NAMESPACE  # noqa: UP031
DS = "{%s}" % DS_NAMESPACE  # noqa: UP031

STATUS_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
STATUS_PARTIAL_LOGOUT = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
ENTITY_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
