"""The signing keys of an identity provider: all that can be used, and what became of the others."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from sso.saml.certificates import SigningCertificate
from sso.saml.errors import MetadataError, MetadataProblem
from sso.saml.key_rules import MAX_KEYS
from sso.saml.names import MD
from sso.saml.trusted_keys import end_entity, without_issuers

_ARMOUR = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]{1,40}-----")
# The keys Microsoft signs with for itself. The document of a whole Entra ID lists them under the right entityID, and
# every sign-in would then fail: an application signs with a key of its own.
_ENTRA_PLATFORM = ("accounts.accesscontrol.windows.net", "login.microsoftonline.us")
_MOST_NAMED = 3
_AGAIN = "Create a new signing certificate at your identity provider and download the file again."


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """What became of the signing keys of one role.

    `usable` has one to 20 keys, `weak` those that may not verify signatures. `unreadable` counts what is no
    certificate and `bare` what comes without one. `beside` are certificates that stand in the X509Data of another one:
    `issuers` of a signing certificate and what forms no chain with it.
    """

    usable: tuple[SigningCertificate, ...]
    weak: tuple[SigningCertificate, ...]
    unreadable: int
    bare: int = 0
    issuers: tuple[SigningCertificate, ...] = ()
    beside: tuple[SigningCertificate, ...] = ()


def signing_keys(role: etree._Element) -> SigningKeys:
    """Read the KeyDescriptors of one role. Raises `MetadataError` when no key remains that may verify a signature."""
    read = [_certificates(data) for data in _x509_data(role)]
    listed = _each_once(certificate for data in read for certificate in data)
    candidates = without_issuers(listed)
    ends = {end_entity(data) for data in read if data}
    own = [each for each in candidates if each in ends]
    keys = SigningKeys(
        usable=tuple(each for each in own if each.strong),
        weak=tuple(each for each in own if not each.strong),
        unreadable=read.count([]),
        bare=sum(not _has_x509(descriptor) for descriptor in _signing_descriptors(role)),
        issuers=tuple(each for each in listed if each not in candidates),
        beside=tuple(each for each in candidates if each not in ends),
    )
    if not keys.usable:
        raise _none_usable(role, keys)
    _refuse_too_many(keys.usable)
    _refuse_entra_platform_keys(keys.usable)
    return keys


def has_certificate(role: etree._Element) -> bool:
    """Whether any certificate of the role can be read, strong or weak."""
    return any(map(_certificates, _x509_data(role)))


def _signing_descriptors(role: etree._Element) -> Iterator[etree._Element]:
    """A KeyDescriptor without use serves for both (metadata 2.4.1.1)."""
    for descriptor in role.iterchildren(MD + "KeyDescriptor"):
        if descriptor.get("use", "signing").strip() == "signing":
            yield descriptor


def _x509_data(role: etree._Element) -> Iterator[etree._Element]:
    """Yield what holds the certificates of one key each.

    KeyInfo is taken in any namespace: one with https, which doesn't exist, gets copied from pages of documentation.
    """
    for descriptor in _signing_descriptors(role):
        for data in descriptor.iterfind("{*}KeyInfo/{*}X509Data"):
            if data.find("{*}X509Certificate") is not None:
                yield data


def _has_x509(descriptor: etree._Element) -> bool:
    return descriptor.find("{*}KeyInfo/{*}X509Data/{*}X509Certificate") is not None


def _certificates(data: etree._Element) -> list[SigningCertificate]:
    """Return the certificates of an X509Data; none if any can't be read, since that may be the one with the key."""
    texts = [str(element.xpath("string()")) for element in data.iterchildren("{*}X509Certificate")]
    read = [_certificate(text) for text in texts if text.strip()]
    return [] if None in read else [certificate for certificate in read if certificate is not None]


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


def _refuse_too_many(usable: Sequence[SigningCertificate]) -> None:
    if len(usable) > MAX_KEYS:
        raise MetadataError(
            MetadataProblem.TOO_MANY_KEYS,
            f"This file lists {len(usable):,} signing keys, and at most {MAX_KEYS} are accepted. Remove those that "
            "your identity provider no longer signs with and download the file again.",
        )


def _none_usable(role: etree._Element, keys: SigningKeys) -> MetadataError:
    if keys.weak:
        flaws = "; ".join(dict.fromkeys(certificate.flaw for certificate in keys.weak[:_MOST_NAMED]))
        return MetadataError(MetadataProblem.WEAK_KEY, f"The signing key in this file can't be used: {flaws}. {_AGAIN}")
    if keys.unreadable:
        return MetadataError(
            MetadataProblem.UNREADABLE_KEY,
            f"The signing certificate in this file can't be read. {_AGAIN}",
        )
    if keys.bare:
        return MetadataError(
            MetadataProblem.NO_SIGNING_KEY,
            "There is no signing certificate in this file, only a key without one. The certificate (X509Certificate) "
            f"is needed, since it says how long the key is valid. {_AGAIN}",
        )
    uses = {descriptor.get("use", "") for descriptor in role.iterchildren(MD + "KeyDescriptor")}
    only = " Its only certificate is for encryption." if uses == {"encryption"} else ""
    return MetadataError(
        MetadataProblem.NO_SIGNING_KEY,
        f"There is no signing certificate in this file, so nothing it signs could be verified.{only} {_AGAIN}",
    )
