"""Reading the assertion from the signed bytes of a response that has passed every check."""

from types import MappingProxyType

from lxml import etree

from sso.saml.response.context import ResponseContext
from sso.saml.response.response_rules import text_of
from sso.saml.verdict import Assertion, Claims
from sso.saml.xml.instants import parse_instant
from sso.saml.xml.names import SAML

_VALUE = SAML + "AttributeValue"
_CONTEXT = f"{SAML}AuthnContext/{SAML}AuthnContextClassRef"


def read_claims(context: ResponseContext) -> Claims | None:
    """Return the claims of a response; None unless its signature and signed content were found good."""
    if not context.verified:
        return None
    try:
        attributes = MappingProxyType(_attributes(context))
    except Exception:  # noqa: BLE001 - something is signed, but no assertion; a check has said so
        return None
    try:
        name = context.name_id
    except Exception:  # noqa: BLE001 - none, or none that can be opened; a check has said so
        return Claims("", "", attributes)
    return Claims((name.text or "").strip(), name.get("Format", ""), attributes)


def read_assertion(context: ResponseContext, claims: Claims) -> Assertion:
    """Return the assertion. Only response/validate.py calls this, and only when nothing has failed."""
    name = context.name_id
    said = context.authn_statements
    ends = [end for each in said if (end := parse_instant(each.get("SessionNotOnOrAfter", ""))) is not None]
    return Assertion(
        id=context.assertion.get("ID", ""),
        issuer=context.identity_provider.entity_id,
        name_id=claims.name_id,
        name_id_format=claims.name_id_format,
        attributes=claims.attributes,
        session_indexes=tuple(dict.fromkeys(index for each in said if (index := each.get("SessionIndex")))),
        authn_instant=min(
            moment for text in context.authn_instants if (moment := parse_instant(text or "")) is not None
        ),
        authn_context=_context(said),
        session_not_on_or_after=min(ends, default=None),
        not_on_or_after=max(context.timely_ends),
        name_qualifier=name.get("NameQualifier", ""),
        sp_name_qualifier=name.get("SPNameQualifier", ""),
    )


def _attributes(context: ResponseContext) -> dict[str, tuple[str, ...]]:
    """Return the values of each attribute by its name, each value once, however often it was written.

    A value that is empty, or that holds elements as eduPersonTargetedID does, is no text and is left out.
    """
    found: dict[str, dict[str, None]] = {}
    for attribute in context.attributes:
        texts = [(text_of(value) or "").strip() for value in attribute.iterchildren(_VALUE)]
        found.setdefault(attribute.get("Name", ""), {}).update(dict.fromkeys(filter(None, texts)))
    return {name: tuple(texts) for name, texts in found.items()}


def _context(statements: list[etree._Element]) -> str:
    """Return how the user signed in; "" if the statements do not agree."""
    named = {(each.findtext(_CONTEXT) or "").strip() for each in statements}
    return named.pop() if len(named) == 1 else ""
