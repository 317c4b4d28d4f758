"""Explanations of Microsoft Entra ID's error codes for an admin of the application there.

Most of them are shown on Microsoft's own page; some come back in a response that says no. The texts behind the codes
change, so only the number is read. Source: Entra's error code reference and support articles, in our own words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CODE = re.compile(r"AADSTS(\d{4,9})")
_CANCELLED = "65004"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One code, what it means and what to do."""

    code: str
    meaning: str
    fix: str


_ASSIGN = (
    "The user is not assigned to the application.",
    "In the enterprise application open Users and groups and assign the user or a group that contains the user "
    "directly, or set Assignment required to No under Properties.",
)
_IDENTIFIER = (
    "Entra ID has no application with our Entity ID in this directory.",
    "Copy the Entity ID from Access & SSO Settings into Identifier (Entity ID), character by character, and check that "
    "it is the right directory.",
)
_REQUEST = (
    "Entra ID did not accept our request.",
    "Sign in again from the sign-in page. If the error remains, tell the operator of Amplisso, because the "
    "request has to be corrected there.",
)
_ACCOUNT = (
    "The account that was used does not belong to this directory.",
    "Sign out of the other Microsoft account, or use a private window; invite the user as a guest if they should "
    "have access.",
)
_POLICY = (
    "A Conditional Access policy or a device policy stopped the sign-in.",
    "Open Sign-in logs in Entra ID, find the user's entry and look at Conditional Access.",
)
_SECOND_FACTOR = (
    "A second factor was required but not given, or is not set up yet.",
    "The user completes or sets up multifactor authentication with Microsoft, then signs in again.",
)
_CREDENTIALS = (
    "The account is disabled or locked, or its password is wrong or has expired.",
    "The user resets the password with Microsoft, or an administrator unlocks or enables the account in Entra ID.",
)
_KEY = (
    "The application has no signing certificate.",
    "Under SAML Certificates create a new certificate, make it active, and upload the new Metadata XML here.",
)
_OFF = (
    "The application is disabled in Entra ID.",
    "Under Properties set Enabled for users to sign in to Yes.",
)
_CROSS = (
    "A cross-tenant access policy stopped the sign-in.",
    "Ask the administrators of both directories to check Cross-tenant access settings.",
)
_SIGNED = (
    "The application accepts signed requests only, and this one was not signed, or not by a certificate it knows.",
    "Turn Sign requests on in Access & SSO Settings, download our certificate there, and upload it in Entra ID under "
    "SAML Certificates, Verification certificates.",
)
_DIRECTORY = (
    "The sign-in address leads to a directory that does not exist, or to another Microsoft cloud.",
    "Download the Metadata XML again from the application and upload it here.",
)

_EXPLANATIONS = {
    "50011": (
        "Our address for the response is not registered.",
        "Copy the Assertion Consumer Service URL from Access & SSO Settings into Reply URL, character by character.",
    ),
    "700016": _IDENTIFIER,
    "70001": _IDENTIFIER,
    "650056": _IDENTIFIER,
    "65005": _IDENTIFIER,
    "50105": _ASSIGN,
    "75011": (
        "The user signed in to Microsoft with another method than the one requested.",
        "Amplisso requests none: remove the restriction at the application, or sign out of Microsoft and in again.",
    ),
    "750054": (
        "Microsoft's sign-in address was opened without a SAML request.",
        "Set Sign on URL to the address in the guide, step 5, not to an address of Microsoft.",
    ),
    "75005": _REQUEST,
    "7500529": _REQUEST,
    "75016": _REQUEST,
    "900236": _REQUEST,
    "90011": _REQUEST,
    "75008": _REQUEST,
    "76026": (
        "Our request was too old when it arrived.",
        "Start from the sign-in page, not from a bookmark of Microsoft's page.",
    ),
    "76021": _SIGNED,
    "50006": _SIGNED,
    "50003": _KEY,
    "50146": _KEY,
    "50007": (
        "The application encrypts its responses, but the certificate for it is missing.",
        "Download our certificate in Access & SSO Settings and import it under Token encryption, or turn token "
        "encryption off.",
    ),
    "501241": (
        "The user's profile has no value for the user identifier, most often the e-mail address.",
        "Fill in Email in the user's profile, or choose another source under Unique User Identifier.",
    ),
    "50020": _ACCOUNT,
    "16000": _ACCOUNT,
    "51004": _ACCOUNT,
    "50034": _ACCOUNT,
    "50058": ("The user was not signed in to Microsoft.", "Sign in again, and complete Microsoft's page."),
    _CANCELLED: ("The user pressed Cancel.", "Sign in again."),
    "53000": _POLICY,
    "53001": _POLICY,
    "53003": _POLICY,
    "530032": _POLICY,
    "50074": _SECOND_FACTOR,
    "50076": _SECOND_FACTOR,
    "50079": _SECOND_FACTOR,
    "50053": _CREDENTIALS,
    "50055": _CREDENTIALS,
    "50057": _CREDENTIALS,
    "50126": _CREDENTIALS,
    "7000112": _OFF,
    "1000031": _OFF,
    "90002": _DIRECTORY,
    "900439": _DIRECTORY,
    "500021": _CROSS,
    "500212": _CROSS,
    "500213": _CROSS,
}


def is_cancelled(text: str) -> bool:
    """Return whether a status message of Entra's says that the user pressed Cancel."""
    found = _CODE.search(text)
    return found is not None and found[1] == _CANCELLED


def explain(text: str) -> Explanation | None:
    """Return what the first code in a text of Entra's means; None if there is none or it is unknown here."""
    found = _CODE.search(text)
    if found is None or found[1] not in _EXPLANATIONS:
        return None
    meaning, fix = _EXPLANATIONS[found[1]]
    return Explanation(f"AADSTS{found[1]}", meaning, fix)
