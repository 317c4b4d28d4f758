"""Recognition of addresses, identifiers and thumbprints, pasted or saved as a link in place of the file."""

import re

from sso.saml.errors import WHAT_TO_DO, MetadataError, MetadataProblem
from sso.saml.metadata.addresses import shown_address
from sso.saml.metadata.entra import is_entra_address, is_entra_issuer

# Links that Windows (.url), Linux (.desktop) and macOS (.webloc) save.
_SAVED_LINKS = (
    re.compile(r"\[InternetShortcut\].{0,2000}?^URL=(\S{1,2000})", re.DOTALL | re.MULTILINE | re.IGNORECASE),
    re.compile(r"\[Desktop Entry\].{0,2000}?^URL(?:\[\$e\])?=(\S{1,2000})", re.DOTALL | re.MULTILINE),
    re.compile(r"<plist\b.{0,500}?<key>URL</key>\s*<string>([^<\s]{1,2000})</string>", re.DOTALL),
)
_ADDRESS = re.compile(r"https?://\S{1,2000}", re.IGNORECASE)
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}[\s:]*)+")
# SHA-1, as portals show it, and SHA-256, in hexadecimal digits.
_THUMBPRINTS = (40, 64)
_GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_LONGEST = 4000

_OPEN = "Open it in a browser, save what it shows as a file and upload that."
_NEEDED = "Amplisso needs the SAML metadata: in Microsoft Entra ID it is called Federation Metadata XML."
_PORTAL = "In the Azure portal open the application, Single sign-on, and download Federation Metadata XML."


def refuse_links(text: str) -> None:
    """Raise `MetadataError` where a text is one address, identifier or thumbprint and nothing else."""
    address = _address_in(text[:_LONGEST])
    if address:
        what, advice = _kind_of(address)
        raise MetadataError(
            MetadataProblem.ADDRESS, f"This is {what}, not the file itself: {shown_address(address)}. {advice}"
        )
    only = text.strip()
    digits = "".join(each for each in only if each.isalnum())
    if len(only) < _LONGEST and len(digits) in _THUMBPRINTS and _HEX.fullmatch(only):
        raise MetadataError(
            MetadataProblem.THUMBPRINT,
            "This is the thumbprint of a certificate, by which no signature can be verified. Download the metadata "
            "XML, which holds the certificate itself: in Microsoft Entra ID it is called Federation Metadata XML.",
        )
    if _GUID.fullmatch(only):
        raise MetadataError(
            MetadataProblem.ADDRESS, f"This is the ID of an application or a directory, not the metadata. {WHAT_TO_DO}"
        )


def _address_in(text: str) -> str:
    for pattern in _SAVED_LINKS:
        found = pattern.search(text)
        if found:
            return found[1]
    only = text.strip().strip("<>\"'")
    return only if _ADDRESS.fullmatch(only) else ""


def _kind_of(address: str) -> tuple[str, str]:
    """Return what an address is and what to do, by the most specific kind that it matches."""
    lower, entra = address.lower(), is_entra_address(address)
    kinds = (
        ("/.well-known/openid-configuration" in lower, "the address of an OpenID Connect configuration", _NEEDED),
        (
            entra and "/federationmetadata" in lower and "appid=" in lower,
            "the App Federation Metadata URL of your application",
            _OPEN,
        ),
        (entra and "/federationmetadata" in lower, "the metadata address of your whole Microsoft Entra ID", _PORTAL),
        (is_entra_issuer(address), "the Microsoft Entra Identifier", _PORTAL),
        (entra and lower.endswith(("/saml2", "/saml2/")), "the Login URL, where users sign in", _PORTAL),
        ("metadata" in lower, "the address of metadata", _OPEN),
        (True, "a web address", f"If it is that of the metadata: {_OPEN[0].lower()}{_OPEN[1:]}"),
    )
    return next((what, advice) for applies, what, advice in kinds if applies)
