"""Explanations of the standard's status codes for when an identity provider declines (SAML core 3.2.2.2)."""

from __future__ import annotations

import re

from sso.reasons import Advice

_CODE = re.compile(r"urn:oasis:names:tc:SAML:2\.0:status:([A-Za-z]+)")

# What Amplisso asks for is little, so most complaints about a request are about settings at the provider.
_OURS = (
    "Compare the Entity ID and the addresses at the identity provider with the settings page, character by character. "
    "If the provider accepts signed requests only, turn Sign requests on and give it our certificate."
)
_SAML_2 = "Check that the application at the identity provider is one for SAML 2.0."
_OTHER_PROVIDER = (
    "Amplisso names no other provider: look at the settings that make your identity provider pass sign-ins on."
)

# An empty remedy: what to do depends on the identity provider alone.
STATUS_CODES: dict[str, Advice] = {
    "AuthnFailed": Advice(
        "The identity provider could not authenticate the user: AuthnFailed stands for a wrong password, a missing "
        "second factor or a locked account.",
        (
            "The user signs in again. If the error remains, look at the user's entry in the identity provider's "
            "own sign-in log."
        ),
    ),
    "InvalidAttrNameOrValue": Advice(
        "The identity provider found an attribute that it cannot use (InvalidAttrNameOrValue).",
        "Check the claims that are configured for this application at the identity provider.",
    ),
    "InvalidNameIDPolicy": Advice(
        "The identity provider could not provide the requested kind of name ID (InvalidNameIDPolicy).",
        "Amplisso requests no particular kind: check the name ID format of the application at the identity "
        "provider, and that the user has a value for it.",
    ),
    "NoAuthnContext": Advice(
        "The user did not sign in at the identity provider with a required method (NoAuthnContext).",
        "Amplisso requests no method: look for a rule about sign-in methods or second factors at the identity "
        "provider. The user signs out there and in again with the method that it asks for.",
    ),
    "NoAvailableIDP": Advice(
        "Your identity provider passes the sign-in on to another one and could not reach it (NoAvailableIDP).",
        _OTHER_PROVIDER,
    ),
    "NoPassive": Advice(
        "The identity provider needed input from the user but was not allowed to ask for it (NoPassive).",
        "Amplisso allows this: look for a setting there that forces passive sign-ins, and sign in again.",
    ),
    "NoSupportedIDP": Advice(
        "Your identity provider passes the sign-in on and supports none of the requested providers (NoSupportedIDP).",
        _OTHER_PROVIDER,
    ),
    "PartialLogout": Advice(
        "The identity provider could not end every session of the user (PartialLogout).",
        "Ask the user to close the browser, or to sign out of the other applications.",
    ),
    "ProxyCountExceeded": Advice(
        "The sign-in was passed on from provider to provider too often (ProxyCountExceeded).", _OTHER_PROVIDER
    ),
    "RequestDenied": Advice(
        "The identity provider understood the request but refused to sign the user in (RequestDenied). Most often "
        "the user may not use this application, or a policy forbids it.",
        "",
    ),
    "RequestUnsupported": Advice(
        "The identity provider does not support something in the request (RequestUnsupported).",
        "If Ask for a fresh sign-in or Sign requests is on, turn it off and test again. " + _OURS,
    ),
    "RequestVersionDeprecated": Advice(
        "The identity provider no longer accepts requests of this version of SAML (RequestVersionDeprecated).", _SAML_2
    ),
    "RequestVersionTooHigh": Advice(
        "The identity provider speaks an older version of SAML than 2.0 (RequestVersionTooHigh).", _SAML_2
    ),
    "RequestVersionTooLow": Advice(
        "The identity provider requires a newer version of SAML than 2.0 (RequestVersionTooLow).", _SAML_2
    ),
    "ResourceNotRecognized": Advice(
        "The identity provider does not know what the request is for (ResourceNotRecognized).", _OURS
    ),
    "TooManyResponses": Advice(
        "The response of the identity provider would be too large (TooManyResponses).",
        "Check what the identity provider sends to this application, such as very many groups.",
    ),
    "UnknownAttrProfile": Advice(
        "The identity provider does not support a requested kind of attribute (UnknownAttrProfile).",
        "Check the claims that are configured for this application at the identity provider.",
    ),
    "UnknownPrincipal": Advice(
        "The identity provider does not know the user (UnknownPrincipal).",
        "Check that the user has an account there, and did not sign in with another account.",
    ),
    "UnsupportedBinding": Advice(
        "The identity provider cannot send the response with the requested binding (UnsupportedBinding).",
        "Let the application at the identity provider send a SAML 2.0 response by HTTP-POST to the Assertion Consumer "
        "Service URL.",
    ),
    "Requester": Advice("The identity provider reports an error in the request (Requester).", _OURS),
    "Responder": Advice(
        "The identity provider reports an error on its own side (Responder).",
        "",
    ),
    "VersionMismatch": Advice(
        "The identity provider does not support the SAML version of the request (VersionMismatch).", _SAML_2
    ),
}


def status_advice(received: str, detail: str) -> Advice | None:
    """Return what the most specific known status code means; None if there is none that the standard knows.

    `received` holds the codes as they arrived, the inner ones last; `detail` is the name of one where the provider
    sent no message, and its message otherwise.
    """
    names = [*_CODE.findall(received), detail.strip()]
    return next((STATUS_CODES[name] for name in reversed(names) if name in STATUS_CODES), None)
