"""The checks of a response in an admin's words, for the sign-in log."""

from __future__ import annotations

from sso.saml import CheckName

TITLES: dict[CheckName, str] = {
    CheckName.SIZE: "Small enough",
    CheckName.BASE64: "Readable base64",
    CheckName.ENCODING: "Readable characters",
    CheckName.PLAIN_XML: "Plain XML",
    CheckName.MARKUP: "Not too much markup",
    CheckName.WELL_FORMED: "Well-formed XML",
    CheckName.LIMITS: "Not too deep, not too many elements",
    CheckName.NAMESPACES: "Ordinary namespaces",
    CheckName.UNIQUE_IDS: "Every ID only once",
    CheckName.RESPONSE: "A SAML response",
    CheckName.RESPONSE_VERSION: "SAML 2.0",
    CheckName.STATUS: "The provider reports success",
    CheckName.ENCRYPTION: "Safe encryption, if any",
    CheckName.DECRYPTION: "Opened with our key, if encrypted",
    CheckName.ONE_ASSERTION: "One assertion",
    CheckName.SCHEMA: "Valid by the schema",
    CheckName.SIGNATURE_PLACES: "Signatures where they belong",
    CheckName.SIGNED_INFO: "Only the expected parts in the signature",
    CheckName.ALGORITHMS: "Safe algorithms",
    CheckName.KEY_INFO: "Ordinary key information",
    CheckName.SIGNATURE: "Signed by a certificate we know",
    CheckName.CERTIFICATE_DATES: "The certificate is valid now",
    CheckName.SIGNED_CONTENT: "Nothing changed after signing",
    CheckName.DESTINATION: "Sent to our address",
    CheckName.RESPONSE_IN_RESPONSE_TO: "The response names our request",
    CheckName.RESPONSE_ISSUER: "The response names the provider",
    CheckName.ASSERTION_VERSION: "Assertion of SAML 2.0",
    CheckName.ISSUER: "The assertion names the provider",
    CheckName.ISSUE_INSTANT: "Issued recently",
    CheckName.SUBJECT: "About exactly one user",
    CheckName.NAME_ID: "The user has a name ID",
    CheckName.BEARER: "Confirmed for the bearer",
    CheckName.RECIPIENT: "Meant for our address",
    CheckName.IN_RESPONSE_TO: "The assertion answers our request",
    CheckName.CONFIRMATION_TIME: "In time to be used",
    CheckName.CONDITIONS: "Only known conditions",
    CheckName.VALIDITY: "Valid now",
    CheckName.LIFETIME: "Not valid for too long",
    CheckName.AUDIENCE: "Meant for our Entity ID",
    CheckName.AUTHN_STATEMENT: "Says when the user signed in",
    CheckName.FORCE_AUTHN: "A fresh sign-in, if we asked for one",
    CheckName.SESSION_TIME: "The provider's session has not ended",
    CheckName.ATTRIBUTES: "Readable claims",
    CheckName.TENANT: "The directory of the provider",
    CheckName.TOOLKIT: "A second library agrees",
}

_BY_NAME = {check.value: title for check, title in TITLES.items()}


def title_of(name: str) -> str:
    """Return the title of a check as the log keeps it; a name from another version of Amplisso reads as it is."""
    return _BY_NAME.get(name, name.replace("_", " "))
