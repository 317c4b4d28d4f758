"""The signing keys of an identity provider: all that can be used, and what became of the others."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree

from sso.saml.certificates import SigningCertificate
from sso.saml.errors import MetadataError, MetadataProblem
from sso.saml.names import MD

_ARMOUR = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]{1,40}-----")
# The keys Microsoft signs with for itself. The document of a whole Entra ID lists them under the right entityID, and
# every sign-in would then fail: an application signs with a key of its own.
_ENTRA_PLATFORM = ("accounts.accesscontrol.windows.net", "login.microsoftonline.us")
_AGAIN = "Create a new signing certificate at your identity provider and download the file again."


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """`usable` is never empty; `unreadable` counts what is no certificate."""

    usable: tuple[SigningCertificate, ...]
    weak: tuple[SigningCertificate, ...]
    unreadable: int


def signing_keys(role: etree._Element) -> SigningKeys:
    """Read the KeyDescriptors of one role. Raises `MetadataError` when no key remains that may verify a signature."""
    texts = list(_certificate_texts(role))
    read = [_certificate(text) for text in texts]
    known = _each_once(certificate for certificate in read if certificate is not None)
    keys = SigningKeys(
        usable=tuple(certificate for certificate in known if certificate.strong),
        weak=tuple(certificate for certificate in known if not certificate.strong),
        unreadable=read.count(None),
    )
    if not keys.usable:
        raise _none_usable(role, keys)
    _refuse_entra_platform_keys(keys.usable)
    return keys


def has_certificate(role: etree._Element) -> bool:
    """Whether any certificate of the role can be read, strong or weak."""
    return any(_certificate(text) is not None for text in _certificate_texts(role))


def _certificate_texts(role: etree._Element) -> Iterator[str]:
    """A KeyDescriptor without use serves for both (metadata 2.4.1.1).

    KeyInfo is taken in any namespace: one with https, which doesn't exist, gets copied from pages of documentation.
    """
    for descriptor in role.iterchildren(MD + "KeyDescriptor"):
        if descriptor.get("use", "signing").strip() == "signing":
            for element in descriptor.iterfind("{*}KeyInfo/{*}X509Data/{*}X509Certificate"):
                yield str(element.xpath("string()"))


def _certificate(text: str) -> SigningCertificate | None:
    # split() knows no-break spaces, which come with text copied from web pages.
    compact = "".join(_ARMOUR.sub("", text).split()).replace("\u200b", "")
    try:
        return SigningCertificate.from_der(base64.b64decode(compact, validate=True))
    except (binascii.Error, ValueError, MetadataError):
        return None


def _each_once(certificates: Iterable[SigningCertificate]) -> list[SigningCertificate]:
    return list({certificate.fingerprint: certificate for certificate in certificates}.values())


def _refuse_entra_platform_keys(usable: Iterable[SigningCertificate]) -> None:
    if all(any(name in certificate.subject for name in _ENTRA_PLATFORM) for certificate in usable):
        raise MetadataError(
            MetadataProblem.ENTRA_TENANT,
            "This is the document of your whole Microsoft Entra ID, not the one of the application: its keys "
            "never sign for Amplisso. In the Azure portal open the application, Single sign-on, and "
            "download its own Federation Metadata XML.",
        )


def _none_usable(role: etree._Element, keys: SigningKeys) -> MetadataError:
    if keys.weak:
        weak = ", ".join(certificate.key for certificate in keys.weak)
        return MetadataError(
            MetadataProblem.WEAK_KEY,
            f"The signing key in this file is too weak ({weak}; at least RSA 2048 is needed). {_AGAIN}",
        )
    if keys.unreadable:
        return MetadataError(
            MetadataProblem.UNREADABLE_KEY,
            f"The signing certificate in this file can't be read. {_AGAIN}",
        )
    uses = {descriptor.get("use", "") for descriptor in role.iterchildren(MD + "KeyDescriptor")}
    only = " Its only certificate is for encryption." if uses == {"encryption"} else ""
    return MetadataError(
        MetadataProblem.NO_SIGNING_KEY,
        f"There is no signing certificate in this file, so nothing it signs could be verified.{only} {_AGAIN}",
    )
