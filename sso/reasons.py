"""Reasons for refusing a sign-in, and what the admin can do.

Visitors see none of this, and are told of two reasons in other words: their browser keeps no cookies, or they cancelled
the sign-in themselves (sso/views/sign_in.py; invariant 10).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models


class Reason(models.TextChoices):
    """Every reason for which a sign-in is refused."""

    # Rules that the response did not satisfy
    UNREADABLE = "unreadable", "Not a readable SAML response"
    UNSAFE = "unsafe", "The response contains something that no legitimate provider sends"
    TOO_LARGE = "too_large", "Larger than what is accepted"
    UNUSUAL = "unusual", "Built in a way that is not accepted"
    PROVIDER_BUG = "provider_bug", "The identity provider breaks the standard"
    ENCRYPTED = "encrypted", "The assertion could not be decrypted"
    WEAK_ENCRYPTION = "weak_encryption", "Encrypted in a way that is not safe"
    DECLINED = "declined", "The identity provider declined"
    UNTRUSTED = "untrusted", "Not signed by a certificate we know"
    CHANGED = "changed", "Changed after it was signed"
    WEAK_ALGORITHM = "weak_algorithm", "Signed with an algorithm that is no longer safe"
    CERTIFICATE_EXPIRED = "certificate_expired", "The signing certificate is expired or not valid yet"
    WRONG_ISSUER = "wrong_issuer", "Sent by another identity provider"
    WRONG_AUDIENCE = "wrong_audience", "Meant for another Entity ID"
    WRONG_ADDRESS = "wrong_address", "Meant for another Assertion Consumer Service URL"
    WRONG_REQUEST = "wrong_request", "Not the response to the request of this browser"
    OUT_OF_TIME = "out_of_time", "Too early or too late"
    NOT_UTC = "not_utc", "A time is not written in UTC"
    NOT_BEFORE = "not_before", "A NotBefore where the standard allows none"
    TOO_LONG = "too_long", "Valid for longer than a day"
    NOT_FRESH = "not_fresh", "Signed in before we asked for a fresh sign-in"
    INCOMPLETE = "incomplete", "Something that must be in the response is missing"
    # Reasons in our own records
    COOKIE_LOST = "cookie_lost", "The browser did not return our cookie"
    CLOSED = "closed", "The organization is closed"
    PLAN = "plan", "The plan does not include single sign-on"
    DISABLED = "disabled", "The connection is disabled"
    REPLACED = "replaced", "The configuration was replaced during the sign-in"
    UNLINKED = "unlinked", "The user was unlinked during the sign-in"
    NO_ADDRESS = "no_address", "No e-mail address that can be used was sent"
    AMBIGUOUS_ADDRESS = "ambiguous_address", "More than one e-mail address was sent"
    OTHER_SUBJECT = "other_subject", "The same address under another identifier"
    NOT_A_MEMBER = "not_a_member", "The user was not invited"
    SUSPENDED = "suspended", "The member is suspended"
    REMOVED = "removed", "The member was removed"
    ACCOUNT_NOT_ADMITTED = "account_not_admitted", "This account cannot sign in by single sign-on"
    TEST_NEEDS_ADMIN = "test_needs_admin", "Only an admin can test a draft"


def reason_choices() -> list[tuple[str, str]]:
    """Return the (value, label) pairs of every reason.

    The model takes this function instead of the list, so that a new reason needs no migration.
    """
    return Reason.choices


class OperatorReason(models.TextChoices):
    """The true reason behind `ACCOUNT_NOT_ADMITTED`, which only operators see.

    An organization could otherwise find out which addresses belong to operators or to disabled accounts, by having its
    own provider assert them (invariant 1).
    """

    ACCOUNT_DISABLED = "account_disabled", "The account is disabled"
    OPERATOR_ACCOUNT = "operator_account", "An operator's account is never joined by single sign-on"


def operator_reason_choices() -> list[tuple[str, str]]:
    """Return the (value, label) pairs of every reason that only operators see, for the model; see `reason_choices`."""
    return OperatorReason.choices


# What an admin puts right on Access & SSO Settings, or compares with what stands there.
IN_SETTINGS = {
    Reason.ENCRYPTED,
    Reason.UNTRUSTED,
    Reason.CERTIFICATE_EXPIRED,
    Reason.WRONG_ISSUER,
    Reason.WRONG_AUDIENCE,
    Reason.WRONG_ADDRESS,
    Reason.NOT_FRESH,
    Reason.INCOMPLETE,
    Reason.NOT_A_MEMBER,
    Reason.TEST_NEEDS_ADMIN,
}


@dataclass(frozen=True, slots=True)
class Advice:
    """Meaning of a reason, and what the admin does now; plain text, safe to show inside the organization.

    The texts here hold for every identity provider. What is done at one product stands in sso/providers/, and what
    follows from the failed check in sso/wording/.
    """

    meaning: str
    remedy: str


ADVICE: dict[str, Advice] = {
    Reason.UNREADABLE: Advice(
        "The received data is not a readable SAML response.",
        "Try once more. If it happens again, check that the provider sends a SAML 2.0 response by HTTP-POST to the "
        "Assertion Consumer Service URL.",
    ),
    Reason.UNSAFE: Advice(
        "The response is constructed in a way that attackers use and identity providers do not.",
        "This may be an attack. If one of your own members was signing in, tell the operator of Amplisso.",
    ),
    Reason.TOO_LARGE: Advice(
        "The response, or something in it, exceeds one of our limits: the failed check below names the limit and "
        "what was received.",
        "Let the identity provider send less. If a claim lists all groups or roles of a user, send only the "
        "groups assigned to the application.",
    ),
    Reason.UNUSUAL: Advice(
        "The response is constructed in a way that is not accepted: the failed check below names what was "
        "expected and what was received.",
        "Compare the settings at the identity provider with the guide on the settings page. If they are the same, "
        "give the reference code of this sign-in to the operator of Amplisso.",
    ),
    Reason.PROVIDER_BUG: Advice(
        "The identity provider sent something that the standard forbids: the failed check below names the rule "
        "and what was received.",
        "Show the failed check to the administrator of the identity provider, or to its vendor. No setting here "
        "can correct it.",
    ),
    Reason.ENCRYPTED: Advice(
        "The assertion is encrypted, but not for one of our certificates that are in use.",
        "Download the certificate on the settings page and import it at the identity provider for token encryption, or "
        "turn token encryption off there.",
    ),
    Reason.WEAK_ENCRYPTION: Advice(
        "The encryption is not accepted: only the assertion or the name ID may be encrypted, with AES-128 or "
        "AES-256 and RSA-OAEP.",
        "Choose AES and RSA-OAEP at the identity provider, not Triple DES or RSA 1.5. Or turn encryption off "
        "there: https protects what is sent in any case.",
    ),
    Reason.DECLINED: Advice(
        "The identity provider did not sign the user in.",
        "Look at the sign-in log of your identity provider, and check that the user may use the application there.",
    ),
    Reason.UNTRUSTED: Advice(
        "None of the certificates in the uploaded metadata made this signature.",
        "Download the Metadata XML of exactly this application at the identity provider and upload it here: the "
        "certificate may have been renewed, or the file may belong to another application.",
    ),
    Reason.CHANGED: Advice(
        "The signature was made with a known certificate, but the content was changed after signing.",
        "Find out what changes the message: software of the identity provider that formats XML after signing, a "
        "proxy, a security product or a browser extension.",
    ),
    Reason.WEAK_ALGORITHM: Advice(
        "The signature uses SHA-1 or another algorithm that can be forged.",
        "Choose SHA-256 as the signature algorithm of this application at the identity provider.",
    ),
    Reason.CERTIFICATE_EXPIRED: Advice(
        "The response was signed with a certificate that has expired or is not valid yet.",
        "If it has expired, create a new one at the identity provider, make it active, and upload the new "
        "Metadata XML here. If it is not valid yet, let the provider sign with the previous one until that date.",
    ),
    Reason.WRONG_ISSUER: Advice(
        "The response names another identity provider than the uploaded metadata.",
        "Upload the Metadata XML of the provider that your members really use.",
    ),
    Reason.WRONG_AUDIENCE: Advice(
        "The response is meant for another service provider.",
        "Copy the Entity ID of the settings page, character by character, into the field for it at "
        "the provider, often called Audience or Identifier.",
    ),
    Reason.WRONG_ADDRESS: Advice(
        "The response is meant for another address.",
        "Copy the Assertion Consumer Service URL of the settings page into the field for it at the "
        "identity provider, often called Reply, Callback or ACS URL.",
    ),
    Reason.WRONG_REQUEST: Advice(
        "The signed part of the response does not name the request that this browser made.",
        "Sign in again from the sign-in page.",
    ),
    Reason.OUT_OF_TIME: Advice(
        "The response was not valid at this moment.",
        "Sign in again. If it always happens, compare the clock of the provider with the correct time.",
    ),
    Reason.NOT_UTC: Advice(
        "A time in the response is not written in UTC with a Z at its end, as the standard asks (SAML core 1.3.3). No "
        "clock is wrong.",
        "Show the failed check to the administrator of the identity provider, or to its vendor: times must end "
        "with Z and have no offset.",
    ),
    Reason.NOT_BEFORE: Advice(
        "The subject confirmation has a NotBefore, which the standard forbids there (SAML profiles 4.1.4.2). No clock "
        "is wrong.",
        "Turn NotBefore off for the subject confirmation at the identity provider, or show the failed check to its "
        "vendor.",
    ),
    Reason.TOO_LONG: Advice(
        "The assertion is valid for longer than a day. An attacker who copies it could use it elsewhere for that time.",
        "Set the lifetime of the assertion at the identity provider to an hour or less.",
    ),
    Reason.NOT_FRESH: Advice(
        "We asked the provider for a fresh sign-in (ForceAuthn), but it used a session that had started before.",
        "Check that the identity provider honours ForceAuthn for this application; some leave it to a setting or an "
        "access policy. If yours does not know it, turn Ask for a fresh sign-in off.",
    ),
    Reason.INCOMPLETE: Advice(
        "The response lacks something that the standard requires.",
        "Compare the settings at the identity provider with the guide on the settings page.",
    ),
    Reason.COOKIE_LOST: Advice(
        "Twice in a row, the browser did not return the cookie that binds the response to the request.",
        "Ask the user to allow cookies for this site, or to use a normal browser window.",
    ),
    Reason.CLOSED: Advice("The organization has been closed.", "Ask the operator of Amplisso to reopen it."),
    Reason.PLAN: Advice(
        "The organization's plan does not include single sign-on.",
        "Change to a plan that does, or sign in with a password.",
    ),
    Reason.DISABLED: Advice("An operator disabled the connection.", "Ask the operator of Amplisso to enable it again."),
    Reason.REPLACED: Advice(
        "An admin replaced the metadata while the user was at the identity provider.", "The user signs in again."
    ),
    Reason.UNLINKED: Advice(
        "The user's account was unlinked from its identifier at the provider while the user was there.",
        "The user signs in again and is recognized by the e-mail address.",
    ),
    Reason.NO_ADDRESS: Advice(
        "Neither the name ID nor any of the claims that Amplisso reads contains a usable e-mail address.",
        (
            "Let the identity provider send the e-mail address as the name ID, and fill in the address in the "
            "user's profile."
        ),
    ),
    Reason.AMBIGUOUS_ADDRESS: Advice(
        "The name ID or claim with the address has more than one value, and choosing one could sign in the wrong user.",
        "Let the identity provider send one e-mail address, as the name ID.",
    ),
    Reason.OTHER_SUBJECT: Advice(
        "A user with this address has signed in before, and the identity provider sent another identifier for them.",
        "If it is the same person, unlink the address below and let them sign in again. Otherwise give the new "
        "user a different address.",
    ),
    Reason.NOT_A_MEMBER: Advice(
        "Just-in-time provisioning is off, and this address has no invitation.",
        "Invite the user under Members, or choose a default role under Provisioning settings.",
    ),
    Reason.SUSPENDED: Advice("An admin or manager suspended this member.", "Restore the member under Members."),
    Reason.REMOVED: Advice(
        "This member was removed, and just-in-time provisioning does not restore removed members.",
        "Invite the user again under Members.",
    ),
    Reason.ACCOUNT_NOT_ADMITTED: Advice(
        "The response is valid, but the account with this address cannot sign in by single sign-on here.",
        "Give the reference code of this sign-in to the operator of Amplisso, who can see the reason.",
    ),
    Reason.TEST_NEEDS_ADMIN: Advice(
        "The uploaded file is still a draft. It becomes active when an admin signs in through it.",
        "Test it again and choose the account of an admin of this organization.",
    ),
}
