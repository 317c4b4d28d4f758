"""Taking down what a provider vouches for, from the signed bytes of a case that has passed every check."""

from collections.abc import Iterator
from types import MappingProxyType

from lxml import etree

from sso.saml.case import Case
from sso.saml.confirmation import timely_ends
from sso.saml.instants import parse_instant
from sso.saml.names import SAML
from sso.saml.response_rules import text_of
from sso.saml.verdict import Assertion


def read_assertion(case: Case) -> Assertion:
    """Only response.py calls this, and only when nothing has failed."""
    name = case.name_id
    statement = case.assertion.find(SAML + "AuthnStatement")
    said = etree.Element("none") if statement is None else statement
    return Assertion(
        id=case.assertion.get("ID", ""),
        issuer=case.identity_provider.entity_id,
        name_id=(name.text or "").strip(),
        name_id_format=name.get("Format", ""),
        attributes=MappingProxyType(_attributes(case)),
        session_index=said.get("SessionIndex", ""),
        authn_instant=parse_instant(said.get("AuthnInstant", "")),
        session_not_on_or_after=parse_instant(said.get("SessionNotOnOrAfter", "")),
        not_on_or_after=max(timely_ends(case)),
        name_qualifier=name.get("NameQualifier", ""),
        sp_name_qualifier=name.get("SPNameQualifier", ""),
    )


def _attributes(case: Case) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for attribute in case.attributes:
        name = attribute.get("Name", "")
        found[name] = found.get(name, ()) + tuple(_values(attribute))
    return found


def _values(attribute: etree._Element) -> Iterator[str]:
    """A value that is empty, or that holds elements as eduPersonTargetedID does, is no text and is left out."""
    for value in attribute.iterchildren(SAML + "AttributeValue"):
        text = (text_of(value) or "").strip()
        if text:
            yield text
