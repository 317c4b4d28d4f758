"""Finding the identity providers of a metadata document, or saying what it describes instead."""

from lxml import etree

from sso.saml.errors import WHAT_TO_DO, MetadataError, MetadataProblem
from sso.saml.xml.names import MD, MD_NAMESPACE, SAMLP_NAMESPACE

_ROOTS = ("EntityDescriptor", "EntitiesDescriptor")
_OTHER_ROLES = ("SPSSODescriptor", "RoleDescriptor")


def entity_id_of(role: etree._Element) -> str:
    """Return the entityID of the entity a role belongs to, without blanks around it, "" if there is none."""
    return raw_entity_id_of(role).strip()


def raw_entity_id_of(role: etree._Element) -> str:
    """Return the entityID of the entity a role belongs to, as it is written."""
    entity = role.getparent()
    return "" if entity is None else entity.get("entityID", "")


def candidates(root: etree._Element, our_entity_id: str) -> list[etree._Element]:
    """Return one IDPSSODescriptor of each entity that has any, in the file's order, at least one.

    Raise `MetadataError` that says what the document is instead.
    """
    refuse_other_root(root)
    described = Described(our_entity_id)
    roles = [described.provider(entity) for entity in root.iter(MD + "EntityDescriptor")]
    found = [role for role in roles if role is not None]
    if not found:
        raise described.refusal()
    return found


def speaks_saml2(role: etree._Element) -> bool:
    """Return whether a role supports SAML 2.0: federations still list providers that only support SAML 1.1."""
    return SAMLP_NAMESPACE in role.get("protocolSupportEnumeration", "").split()


def refuse_other_root(root: etree._Element) -> None:
    """Raise `MetadataError` where a document is not SAML 2.0 metadata at all."""
    namespace, _, name = str(root.tag).rpartition("}")
    if ":" in name or (namespace[1:] == MD_NAMESPACE and name in _ROOTS):
        return  # An undeclared prefix is a mistake in the XML, which the parser reports.
    if name in _ROOTS:
        raise _other_namespace()
    raise MetadataError(
        MetadataProblem.OTHER_XML,
        f"This is XML, but not SAML metadata: it begins with <{name[:60]}>. {WHAT_TO_DO}",
    )


class Described:
    """The kinds of entities in a document, so that the error for one without an identity provider can name them."""

    def __init__(self, our_entity_id: str) -> None:
        # Every organization has an entity ID of its own here, which differs in its last part only.
        self._our_entity_ids = our_entity_id.rpartition("/")[0] + "/"
        self._entities = self._us = self._elsewhere = False
        self._roles: set[str] = set()

    def provider(self, entity: etree._Element) -> etree._Element | None:
        """Return an entity's IDPSSODescriptor, the one for SAML 2.0 if there are several; note what else it is.

        We are in the metadata of our customers' federations, too; only a file about us alone was taken by mistake.
        """
        self._entities = True
        if entity.get("entityID", "").strip().startswith(self._our_entity_ids):
            self._us = True
            return None
        role = max(entity.iterchildren(MD + "IDPSSODescriptor"), key=speaks_saml2, default=None)
        if role is None:
            self._roles |= {role for role in _OTHER_ROLES if entity.find(MD + role) is not None}
            self._elsewhere |= entity.find("{*}IDPSSODescriptor") is not None
        return role

    def refusal(self) -> MetadataError:
        """Return the error for a document in which no identity provider was found."""
        if self._us:
            return MetadataError(
                MetadataProblem.OUR_OWN,
                "This is Amplisso's own metadata, which is meant for your identity provider. Upload the metadata "
                "that your identity provider offers for download.",
            )
        if not self._entities:
            return _no_provider("This file is an empty list without any identity provider.")
        if self._elsewhere:
            return _other_namespace()
        if "SPSSODescriptor" in self._roles:
            return MetadataError(
                MetadataProblem.SERVICE_PROVIDER,
                "This file describes a service provider, an application that users sign in to. Upload the "
                "metadata of the identity provider, where users sign in.",
            )
        if "RoleDescriptor" in self._roles:
            return MetadataError(
                MetadataProblem.WS_FEDERATION,
                "This file describes WS-Federation only. Upload metadata with SAML 2.0 in it: in Microsoft Entra "
                "ID, the Federation Metadata XML of the application's SAML-based sign-on.",
            )
        return _no_provider("There is no identity provider in this file (no IDPSSODescriptor).")


def _other_namespace() -> MetadataError:
    return MetadataError(
        MetadataProblem.NAMESPACE,
        "The elements of this file are not in the namespace of SAML metadata "
        f"({MD_NAMESPACE}). Download the file again, unchanged, from your identity provider.",
    )


def _no_provider(what: str) -> MetadataError:
    return MetadataError(MetadataProblem.NO_PROVIDER, f"{what} {WHAT_TO_DO}")
