"""The signing keys of an identity provider: all that can be used, and why the others can't."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lxml import etree

from sso.saml.errors import DOWNLOAD_AGAIN, MetadataError, MetadataProblem, UnreadableCertificateError
from sso.saml.keys.certificate_texts import DOTS, certificates_in
from sso.saml.keys.certificates import SigningCertificate
from sso.saml.keys.key_rules import MAX_KEYS
from sso.saml.keys.trusted_keys import end_entity, without_issuers
from sso.saml.xml.names import MD

# One letter changed on the way makes a sound key a weak one.
_DAMAGED = UnreadableCertificateError("it is damaged: it says that its own key signed it, but the signature is wrong")
_SIGNING, _ENCRYPTION = "signing", "encryption"
_MOST_NAMED = 3
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The signing keys of one role, sorted by whether and why they can be used.

    `usable` has one to 20 keys, `weak` those that may not verify signatures. `unreadable` says of each key that is no
    certificate what it is, and `bare` counts those that come without one. `beside` are certificates that stand in the
    X509Data of another one: `issuers` of a signing certificate and what forms no chain with it. `unknown_uses` are
    values of `use` that the standard doesn't know.
    """

    usable: tuple[SigningCertificate, ...]
    weak: tuple[SigningCertificate, ...]
    unreadable: tuple[UnreadableCertificateError, ...]
    bare: int
    issuers: tuple[SigningCertificate, ...]
    beside: tuple[SigningCertificate, ...]
    unknown_uses: tuple[str, ...]


@dataclass(slots=True)
class _Read:
    """The content of the signing KeyDescriptors: the certificates of each X509Data, and what could not be read."""

    certificates: list[list[SigningCertificate]] = field(default_factory=list)
    unreadable: list[UnreadableCertificateError] = field(default_factory=list)
    bare: int = 0


def signing_keys(role: etree._Element) -> SigningKeys:
    """Read the KeyDescriptors of one role. Raise `MetadataError` when no key remains that may verify a signature."""
    read = _read(role)
    listed = _each_once(certificate for data in read.certificates for certificate in data)
    candidates = without_issuers(listed)
    ends = {end_entity(data) for data in read.certificates}
    own = [each for each in candidates if each in ends]
    weak = [each for each in own if not each.strong]
    damaged = [each for each in weak[:MAX_KEYS] if each.is_damaged]
    keys = SigningKeys(
        usable=tuple(each for each in own if each.strong),
        weak=tuple(each for each in weak if each not in damaged),
        unreadable=(*read.unreadable, *(_DAMAGED for _ in damaged)),
        bare=read.bare,
        issuers=tuple(each for each in listed if each not in candidates),
        beside=tuple(each for each in candidates if each not in ends),
        unknown_uses=tuple(use for use in map(_use, _descriptors(role)) if use not in (_SIGNING, _ENCRYPTION)),
    )
    if not keys.usable:
        raise _none_usable(role, keys)
    _refuse_too_many(keys.usable)
    return keys


def has_certificate(role: etree._Element) -> bool:
    """Return whether any certificate of the role can be read, strong or weak."""
    return bool(_read(role).certificates)


def _descriptors(role: etree._Element) -> Iterator[etree._Element]:
    return role.iterchildren(MD + "KeyDescriptor")


def _use(descriptor: etree._Element) -> str:
    """Return the use of a key in lower case; "signing" without one, as it then serves for both (metadata 2.4.1.1)."""
    return descriptor.get("use", "").strip().lower() or _SIGNING


def _read(role: etree._Element) -> _Read:
    """Read each key once. KeyInfo is taken in any namespace: a wrong one is copied from documentation pages."""
    read = _Read()
    for descriptor in _descriptors(role):
        if _use(descriptor) != _SIGNING:
            continue
        found = [data for data in descriptor.iterfind("{*}KeyInfo/{*}X509Data") if _certificate_texts(data)]
        for texts in map(_certificate_texts, found) if found else _folded(descriptor):
            try:
                read.certificates.append(_certificates(texts))
            except UnreadableCertificateError as error:
                read.unreadable.append(error)
        read.bare += not found and not _folded(descriptor)
    return read


def _certificate_texts(data: etree._Element) -> list[str]:
    return [_text(element) for element in data.iterchildren("{*}X509Certificate")]


def _folded(descriptor: etree._Element) -> list[list[str]]:
    """Return the dots that a browser shows where it has folded a key away, as the text of its certificate."""
    text = _text(descriptor).strip()
    return [[text]] if text in DOTS else []


def _text(element: etree._Element) -> str:
    return str(element.xpath("string()"))


def _certificates(texts: list[str]) -> list[SigningCertificate]:
    """Return the certificates of an X509Data. All of them have to be read: any may be the one with the key."""
    written = [text for text in texts if text.strip()] or [""]
    return [certificate for text in written for certificate in certificates_in(text)]


def _each_once(certificates: Iterable[SigningCertificate]) -> list[SigningCertificate]:
    return list({certificate.fingerprint: certificate for certificate in certificates}.values())


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
        return MetadataError(
            MetadataProblem.WEAK_KEY,
            f"The signing key in this file can't be used: {flaws}. Create a new signing certificate at your identity "
            "provider and download the file again.",
        )
    if keys.unreadable:
        first = keys.unreadable[0]
        return MetadataError(
            MetadataProblem.UNREADABLE_KEY,
            f"The signing certificate in this file can't be read: {first}. {first.advice}",
        )
    return MetadataError(
        MetadataProblem.NO_SIGNING_KEY,
        f"There is no signing certificate in this file, so nothing it signs could be verified. {_instead(role, keys)}",
    )


def _instead(role: etree._Element, keys: SigningKeys) -> str:
    """Return sentences that say what the file has in place of a signing certificate, and what to do."""
    if keys.bare:
        return (
            "Its KeyDescriptor has none in it. Let your identity provider add the certificate (X509Certificate), which "
            "says how long the key is valid, and download the file again."
        )
    if keys.unknown_uses:
        return (
            f"A key in it has the use \u201c{keys.unknown_uses[0][:_SHOWN]}\u201d; the standard knows signing and "
            "encryption. Let your identity provider mark its signing certificate, and download the file again."
        )
    if any(True for _ in _descriptors(role)):
        return (
            "What it holds is for encryption. Let your identity provider add its signing certificate, and download the "
            "file again."
        )
    return DOWNLOAD_AGAIN
