"""Selection of a provider's own keys among several certificates: those of its issuers are never trusted.

One X509Data is about one key. Every certificate in it either contains the key or is part of the chain above the
certificate that does (XML Signature 4.4.4), and an issuer's key signs certificates, not responses.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sso.saml.errors import MetadataError
from sso.saml.keys.certificates import SigningCertificate
from sso.saml.keys.key_rules import MAX_KEYS


class StoredKeys(NamedTuple):
    """The keys of stored metadata: `usable` may verify signatures; `ignored` says why each other one may not."""

    usable: tuple[SigningCertificate, ...]
    ignored: tuple[str, ...]


def end_entity(certificates: Sequence[SigningCertificate]) -> SigningCertificate:
    """Return the one certificate of an X509Data that holds the provider's key; there is at least one certificate.

    That is the first that issued no other one and is no certificate authority, else the first that issued no other
    one. What does not form a chain breaks the standard, and then one key is still trusted.
    """
    ends = without_issuers(certificates) or certificates
    return next((each for each in ends if not each.is_authority), ends[0])


def without_issuers(certificates: Sequence[SigningCertificate]) -> list[SigningCertificate]:
    """Leave out each certificate that issued another one, matched by subject and issuer.

    A certificate that names itself as its issuer has no other one: providers keep their name when they renew it.
    """
    issuers = {each.issuer for each in certificates if each.issuer != each.subject}
    return [each for each in certificates if each.subject not in issuers]


def stored_keys(stored: Iterable[bytes]) -> StoredKeys:
    """Check stored certificates (DER) against today's bounds, whenever they were stored. Never raise.

    Only the first 20 are read, so that more of them cost nothing.
    """
    listed = list(stored)
    read = [_certificate(der) for der in listed[:MAX_KEYS]]
    ignored = [each for each in map(_flaw, read) if each]
    readable = [each for each in read if each is not None]
    # Issuers are removed before weak keys, or else the issuer of a weak certificate would be trusted in its place.
    own = without_issuers(readable)
    usable = [each for each in own if not each.flaw]
    if any(not each.flaw for each in readable if each not in own):
        ignored.append("the certificate of an issuer is no signing key")
    if len(listed) > MAX_KEYS:
        ignored.append(f"{len(listed)} keys are listed, and only the first {MAX_KEYS} count")
    return StoredKeys(tuple(usable), tuple(dict.fromkeys(ignored)))


def _certificate(der: bytes) -> SigningCertificate | None:
    try:
        return SigningCertificate.from_der(der)
    except MetadataError:
        return None


def _flaw(certificate: SigningCertificate | None) -> str:
    return "a certificate can't be read" if certificate is None else certificate.flaw
