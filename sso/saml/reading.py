"""Taking down what a provider vouches for, from the signed bytes of a case that has passed every check."""

from types import MappingProxyType

from sso.saml.case import Case
from sso.saml.instants import parse_instant
from sso.saml.names import SAML
from sso.saml.response_rules import text_of
from sso.saml.verdict import Assertion, Claims

_VALUE = SAML + "AttributeValue"


def read_claims(case: Case) -> Claims | None:
    """What was received of them; None unless its signature and content were found good."""
    if not case.verified:
        return None
    try:
        attributes = MappingProxyType(_attributes(case))
    except Exception:  # noqa: BLE001 - something is signed, but no assertion; a check has said so
        return None
    try:
        name = case.name_id
    except Exception:  # noqa: BLE001 - none, or none that can be opened; a check has said so
        return Claims("", "", attributes)
    return Claims((name.text or "").strip(), name.get("Format", ""), attributes)


def read_assertion(case: Case, claims: Claims) -> Assertion:
    """Only response.py calls this, and only when nothing has failed."""
    name = case.name_id
    said = case.authn_statements[0]
    return Assertion(
        id=case.assertion.get("ID", ""),
        issuer=case.identity_provider.entity_id,
        name_id=claims.name_id,
        name_id_format=claims.name_id_format,
        attributes=claims.attributes,
        session_index=said.get("SessionIndex", ""),
        authn_instant=parse_instant(said.get("AuthnInstant", "")),
        session_not_on_or_after=parse_instant(said.get("SessionNotOnOrAfter", "")),
        not_on_or_after=max(case.timely_ends),
        name_qualifier=name.get("NameQualifier", ""),
        sp_name_qualifier=name.get("SPNameQualifier", ""),
    )


def _attributes(case: Case) -> dict[str, tuple[str, ...]]:
    """A value that is empty, or that holds elements as eduPersonTargetedID does, is no text and is left out."""
    found: dict[str, tuple[str, ...]] = {}
    for attribute in case.attributes:
        name = attribute.get("Name", "")
        texts = [(text_of(value) or "").strip() for value in attribute.iterchildren(_VALUE)]
        found[name] = found.get(name, ()) + tuple(filter(None, texts))
    return found
