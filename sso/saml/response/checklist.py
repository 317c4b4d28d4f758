"""The list of every check in its order, each with the clause of the standard that asks for it.

First what makes a message safe to read, then who signed it, then what it says, in the order of the standard.
"""

from collections.abc import Callable
from typing import NamedTuple

from sso.saml.response import conditions, confirmation, encryption_rules, response_rules, signature_rules
from sso.saml.response.context import ResponseContext
from sso.saml.rule_result import COMPLAINT, RuleResult, failed, shown
from sso.saml.verdict import Check, CheckName, Outcome
from sso.saml.xml import envelope, signed_info


class Rule(NamedTuple):
    """A check's name, its clause of the standard, and its function."""

    name: CheckName
    clause: str
    look: Callable[[ResponseContext], RuleResult]


CHECKLIST: tuple[Rule, ...] = (
    Rule(CheckName.SIZE, "Amplisso's limit", envelope.size),
    Rule(CheckName.BASE64, "SAML bindings 3.5.4, RFC 4648 3.3", envelope.base64),
    Rule(CheckName.ENCODING, "XML 1.0 4.3.3", envelope.encoding),
    Rule(CheckName.PLAIN_XML, "XML Signature best practices 1 to 8", envelope.plain_xml),
    Rule(CheckName.MARKUP, "Amplisso's limit", envelope.markup),
    Rule(CheckName.WELL_FORMED, "XML 1.0 2.1", envelope.well_formed),
    Rule(CheckName.LIMITS, "Amplisso's limit", envelope.limits),
    Rule(CheckName.NAMESPACES, "Namespaces in XML 2.2", envelope.namespaces),
    Rule(CheckName.UNIQUE_IDS, "SAML core 1.3.4", envelope.unique_ids),
    Rule(CheckName.RESPONSE, "SAML profiles 4.1.4.2", response_rules.is_response),
    Rule(CheckName.RESPONSE_VERSION, "SAML core 3.2.2", response_rules.response_version),
    Rule(CheckName.STATUS, "SAML core 3.2.2.2", response_rules.status),
    Rule(CheckName.ENCRYPTION, "SAML core 2.3.4, XML Encryption 5", encryption_rules.encryption),
    Rule(CheckName.DECRYPTION, "SAML core 6.2, XML Encryption 4.4", encryption_rules.decryption),
    Rule(CheckName.ONE_ASSERTION, "SAML profiles 4.1.4.2", response_rules.one_assertion),
    Rule(CheckName.SCHEMA, "SAML core 1.1", signature_rules.schema),
    Rule(CheckName.SIGNATURE_PLACES, "SAML core 5.4.1", signed_info.signature_places),
    Rule(CheckName.SIGNED_INFO, "SAML core 5.4.2 to 5.4.4", signed_info.signed_info),
    Rule(CheckName.ALGORITHMS, "SAML core 5.4.1, RFC 9231", signed_info.algorithms),
    Rule(CheckName.KEY_INFO, "SAML core 5.4.5", signed_info.key_info),
    Rule(CheckName.SIGNATURE, "SAML profiles 4.1.4.3", signature_rules.signature),
    Rule(CheckName.CERTIFICATE_DATES, "SAML metadata 2.4.1.1", signature_rules.certificate_dates),
    Rule(CheckName.SIGNED_CONTENT, "XML Signature 3.2.1", signature_rules.signed_content),
    Rule(CheckName.DESTINATION, "SAML bindings 3.5.5.2", response_rules.destination),
    Rule(CheckName.RESPONSE_IN_RESPONSE_TO, "SAML core 3.2.2", response_rules.response_in_response_to),
    Rule(CheckName.RESPONSE_ISSUER, "SAML profiles 4.1.4.2", response_rules.response_issuer),
    Rule(CheckName.ASSERTION_VERSION, "SAML core 2.3.3", conditions.assertion_version),
    Rule(CheckName.ISSUER, "SAML profiles 4.1.4.2", conditions.issuer),
    Rule(CheckName.ISSUE_INSTANT, "SAML core 2.3.3", conditions.issue_instant),
    Rule(CheckName.SUBJECT, "SAML core 2.4.1", confirmation.subject),
    Rule(CheckName.NAME_ID, "SAML core 2.2.2 and 2.2.3", confirmation.name_id),
    Rule(CheckName.BEARER, "SAML profiles 4.1.4.2", confirmation.bearer),
    Rule(CheckName.RECIPIENT, "SAML profiles 4.1.4.3", confirmation.recipient),
    Rule(CheckName.IN_RESPONSE_TO, "SAML profiles 4.1.4.3", confirmation.in_response_to),
    Rule(CheckName.CONFIRMATION_TIME, "SAML profiles 4.1.4.2", confirmation.confirmation_time),
    Rule(CheckName.CONDITIONS, "SAML core 2.5.1.1", conditions.conditions),
    Rule(CheckName.VALIDITY, "SAML core 2.5.1.2", conditions.validity),
    Rule(CheckName.LIFETIME, "Amplisso's limit", conditions.lifetime),
    Rule(CheckName.AUDIENCE, "SAML core 2.5.1.4", conditions.audience),
    Rule(CheckName.AUTHN_STATEMENT, "SAML core 2.7.2", conditions.authn_statement),
    Rule(CheckName.FORCE_AUTHN, "SAML core 3.4.1", conditions.force_authn),
    Rule(CheckName.SESSION_TIME, "SAML core 2.7.2", conditions.session_time),
    Rule(CheckName.ATTRIBUTES, "SAML core 2.7.3", conditions.attributes),
    Rule(CheckName.TENANT, "claim tenantid", conditions.tenant),
    Rule(CheckName.TOOLKIT, "SAML profiles 4.1.4.3", signature_rules.toolkit_agrees),
)


_NOT_REACHED = tuple(Check(rule.name, Outcome.NOT_REACHED, "", "", rule.clause) for rule in CHECKLIST)


def examine(context: ResponseContext) -> tuple[Check, ...]:
    """Run the checks in order up to the first that fails; those after it are not reached."""
    checks: list[Check] = []
    outcome = Outcome.PASSED
    for name, clause, look in CHECKLIST:
        try:
            passed, expected, received, fault = look(context)
        except Exception as error:  # noqa: BLE001 - whatever a hostile document does to a library is a refusal
            passed, expected, received, fault = _not_examined(error)
        if not passed:
            outcome, context.fault = Outcome.FAILED, fault
        checks.append(Check(name, outcome, expected, received, clause))
        if not passed:
            break
    return (*checks, *_NOT_REACHED[len(checks) :])


def _not_examined(error: Exception) -> RuleResult:
    return failed("a message that can be examined", shown(f"{type(error).__name__}: {error}", COMPLAINT))
