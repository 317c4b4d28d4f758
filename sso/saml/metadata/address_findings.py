"""Findings about the addresses in metadata that was accepted."""

from collections.abc import Iterator

from sso.saml.metadata.addresses import host_of, is_in, is_internal, is_loopback, is_reserved, shown_address
from sso.saml.metadata.endpoints import SignInAddresses, SignOutAddresses
from sso.saml.metadata.entra import is_entra_address, is_entra_issuer
from sso.saml.types import Finding, FindingCode

NOTHING = "You don't need to do anything."

# Services that rewrite every link in e-mail. They drop what we add to the address, which is the request itself.
_REWRITERS = (
    "safelinks.protection.outlook.com",
    "safelinks.protection.office365.us",
    "urldefense.com",
    "urldefense.us",
    "urldefense.proofpoint.com",
    "mimecast.com",
    "mimecastprotect.com",
    "linkprotect.cudasvc.com",
    "secure-web.cisco.com",
    "protection.sophos.com",
)
_CORRECT = "At your identity provider, set the address that your members use, download the file again and upload it."


def about_addresses(
    entity_id: str, sign_in: SignInAddresses, sign_out: SignOutAddresses, *, loopback_is_meant: bool
) -> Iterator[Finding]:
    """Yield what is odd about the addresses that are used, and which addresses were left out."""
    for address in dict.fromkeys(filter(None, (sign_in.redirect, sign_in.post))):
        found = _about(entity_id, address, loopback_is_meant=loopback_is_meant)
        if found is not None:
            yield found
            break
    if sign_in.left_out:
        left_out = sign_in.left_out[0]
        yield Finding(
            FindingCode.SIGN_IN_ADDRESS_IGNORED,
            f"The sign-in address {shown_address(left_out.address)} was left out, because it {left_out.flaw.what}. "
            f"{shown_address(sign_in.redirect or sign_in.post)} is used. {NOTHING}",
        )
    if sign_out.left_out is not None and not sign_out.request:
        address, flaw = sign_out.left_out
        yield Finding(
            FindingCode.SIGN_OUT_ADDRESS_IGNORED,
            f"The sign-out address {shown_address(address)} was left out, because it {flaw.what}, so members are "
            f"signed out here only. To sign them out there, too: {_begun_small(flaw.advice)}",
        )


def _about(entity_id: str, address: str, *, loopback_is_meant: bool) -> Finding | None:
    host, shown = host_of(address), f"The sign-in address {shown_address(address)}"
    if is_loopback(host):
        return None if loopback_is_meant else _loopback(shown)
    if is_in(host, _REWRITERS):
        return Finding(
            FindingCode.REWRITTEN_ADDRESS,
            f"{shown} is not your identity provider's: a mail program replaced it to check links, and sign-ins will "
            "fail. Download the file again from your identity provider and upload it without sending it by mail.",
        )
    if is_reserved(host):
        return Finding(
            FindingCode.RESERVED_ADDRESS,
            f"{shown} is an example: its name is reserved, and no user can sign in there. {_CORRECT}",
        )
    if is_entra_issuer(entity_id) and not is_entra_address(address):
        return Finding(
            FindingCode.ADDRESS_OF_OTHER_PROVIDER,
            f"{shown} is not Microsoft's, but the entityID is that of Microsoft Entra ID. Unless you know why, "
            "download the Federation Metadata XML of your application from the Azure portal again.",
        )
    return _internal(shown) if is_internal(host) else None


def _loopback(shown: str) -> Finding:
    return Finding(
        FindingCode.LOOPBACK_ADDRESS,
        f"{shown} leads to the visitor's own computer: no user can sign in. {_CORRECT}",
    )


def _internal(shown: str) -> Finding:
    return Finding(
        FindingCode.INTERNAL_ADDRESS,
        f"{shown} looks like one inside a company's network: users can sign in only from there. If this is "
        "intended, you don't need to do anything; if not, set the public address at your identity provider and "
        "upload its metadata.",
    )


def _begun_small(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
