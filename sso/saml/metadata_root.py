"""Which identity providers a metadata document describes, and if none, what it describes instead."""

from collections.abc import Iterable

from lxml import etree

from sso.saml.errors import MetadataError, MetadataProblem
from sso.saml.names import MD, MD_NAMESPACE, SAMLP_NAMESPACE

_ROOTS = ("EntityDescriptor", "EntitiesDescriptor")
_WHAT_TO_DO = "Download the metadata XML of your identity provider and upload that."


def entity_id_of(role: etree._Element) -> str:
    """The entityID of the entity a role belongs to, without blanks round it, "" if there is none."""
    return raw_entity_id_of(role).strip()


def raw_entity_id_of(role: etree._Element) -> str:
    """The same as it is written."""
    entity = role.getparent()
    return "" if entity is None else entity.get("entityID", "")


def candidates(root: etree._Element, our_entity_id: str) -> list[etree._Element]:
    """Return one IDPSSODescriptor of each entity that has any, in the file's order, at least one.

    Raises `MetadataError` that says what the document is instead.
    """
    _refuse_other_root(root)
    entities = list(root.iter(MD + "EntityDescriptor"))
    _refuse_our_own(entities, our_entity_id)
    roles = [list(entity.iterchildren(MD + "IDPSSODescriptor")) for entity in entities]
    found = [max(several, key=speaks_saml2) for several in roles if several]
    if not found:
        raise _without_provider(root, entities)
    return found


def speaks_saml2(role: etree._Element) -> bool:
    """Federations still list providers that speak SAML 1.1 only."""
    return SAMLP_NAMESPACE in role.get("protocolSupportEnumeration", "").split()


def _refuse_other_root(root: etree._Element) -> None:
    name = etree.QName(root)
    if name.namespace == MD_NAMESPACE and name.localname in _ROOTS:
        return
    if name.localname in _ROOTS:
        raise MetadataError(
            MetadataProblem.NAMESPACE,
            "The elements of this file are not in the namespace of SAML metadata "
            f"({MD_NAMESPACE}). Download the file again, unchanged, from your identity provider.",
        )
    raise MetadataError(
        MetadataProblem.OTHER_XML,
        f"This is XML, but not SAML metadata: it begins with <{name.localname[:60]}>. {_WHAT_TO_DO}",
    )


def _refuse_our_own(entities: Iterable[etree._Element], our_entity_id: str) -> None:
    if any(entity.get("entityID", "").strip() == our_entity_id for entity in entities):
        raise MetadataError(
            MetadataProblem.OUR_OWN,
            "This is Amplisso's own metadata, which your identity provider wants. Upload the metadata "
            "that your identity provider offers for download.",
        )


def _without_provider(root: etree._Element, entities: list[etree._Element]) -> MetadataError:
    if not entities:
        return _no_provider("This file describes nobody: it is an empty list.")
    if any(True for _ in root.iter(MD + "SPSSODescriptor")):
        return MetadataError(
            MetadataProblem.SERVICE_PROVIDER,
            "This file describes a service provider, an application that people sign in to. Upload the "
            "metadata of the identity provider, where people sign in.",
        )
    if any(True for _ in root.iter(MD + "RoleDescriptor")):
        return MetadataError(
            MetadataProblem.WS_FEDERATION,
            "This file describes WS-Federation only. Upload metadata with SAML 2.0 in it: in Microsoft Entra "
            "ID, the Federation Metadata XML of the application's SAML-based sign-on.",
        )
    return _no_provider("There is no identity provider in this file (no IDPSSODescriptor).")


def _no_provider(what: str) -> MetadataError:
    return MetadataError(MetadataProblem.NO_PROVIDER, f"{what} {_WHAT_TO_DO}")
