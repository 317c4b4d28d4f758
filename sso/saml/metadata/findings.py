"""Findings about metadata that was accepted, each with what the admin has to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree

from sso.saml.keys.certificates import SigningCertificate
from sso.saml.metadata.address_findings import NOTHING, about_addresses
from sso.saml.metadata.endpoints import SignInAddresses, SignOutAddresses
from sso.saml.metadata.root import entity_id_of, raw_entity_id_of, speaks_saml2
from sso.saml.metadata.signing_keys import SigningKeys
from sso.saml.types import Finding, FindingCode
from sso.saml.xml.instants import parse_lenient_instant
from sso.saml.xml.names import MD

# Entra sends its first mail about an expiry as far ahead.
SOON = timedelta(days=60)
_BOOLEANS = ("true", "1", "false", "0", "")
_SHOWN = 40
_LONGEST_NAME = 200
_RENEW = "Create a new certificate at your identity provider, and upload its new metadata."


@dataclass(frozen=True, slots=True)
class Described:
    """The parts of one identity provider that findings are about. `entries`: how often its list has the entity."""

    role: etree._Element
    keys: SigningKeys
    sign_in: SignInAddresses
    sign_out: SignOutAddresses
    valid_until: datetime | None
    wants_signed_requests: bool
    entries: int


def findings_about(described: Described, now: datetime, *, loopback_is_meant: bool) -> tuple[Finding, ...]:
    """Return the findings in the order of the file. `loopback_is_meant`: this is a machine for development."""
    role = described.role
    return (
        *_about_the_entity(role, described.entries),
        *_about_dates(described.keys.usable, now),
        *_about_keys(described.keys),
        *_about_validity(role, described.valid_until, now),
        *about_addresses(
            entity_id_of(role), described.sign_in, described.sign_out, loopback_is_meant=loopback_is_meant
        ),
        *_about_signed_requests(role, wanted=described.wants_signed_requests),
    )


def written_valid_until(role: etree._Element) -> list[str]:
    """Return every validUntil that is written on a role and on the elements around it."""
    return [text for element in (role, *role.iterancestors()) if (text := element.get("validUntil", "").strip())]


def _about_the_entity(role: etree._Element, entries: int) -> Iterator[Finding]:
    if raw_entity_id_of(role) != entity_id_of(role):
        yield Finding(
            FindingCode.ENTITY_ID_TRIMMED,
            f"The entityID had blanks at its beginning or end, which were left out. {NOTHING}",
        )
    if entries > 1:
        yield Finding(
            FindingCode.ENTITY_LISTED_TWICE,
            f"This file has {entries} entries for this entityID; the first one was read. If sign-ins fail, upload a "
            "file with the other entry alone.",
        )
    entity = role.getparent()
    roles = entity.iterchildren(MD + "IDPSSODescriptor") if entity is not None else ()
    if sum(map(speaks_saml2, roles)) > 1:
        yield Finding(
            FindingCode.SECOND_ROLE,
            "This file describes two identity providers under one entityID (IDPSSODescriptor); the first one was read. "
            "If sign-ins fail, upload a file with the other one alone.",
        )


def _about_dates(certificates: tuple[SigningCertificate, ...], now: datetime) -> Iterator[Finding]:
    for certificate in certificates:
        yield from _about_one(certificate, now)
    if all(certificate.not_after < now for certificate in certificates):
        yield Finding(
            FindingCode.NO_CERTIFICATE_VALID_NOW,
            f"No signing certificate in this file is valid any more, so sign-ins are refused. {_RENEW}",
        )
    elif not any(certificate.not_before <= now <= certificate.not_after for certificate in certificates):
        begin = min(certificate.not_before for certificate in certificates if certificate.not_before > now)
        yield Finding(
            FindingCode.NO_CERTIFICATE_VALID_NOW,
            f"No signing certificate in this file is valid yet, so sign-ins are refused before {begin:%-d %B %Y}. Wait "
            "for that day, or upload metadata with a certificate that is valid now.",
        )


def _about_one(certificate: SigningCertificate, now: datetime) -> Iterator[Finding]:
    name = _named(certificate)
    end = f"{certificate.not_after:%-d %B %Y}"
    if certificate.not_after < now:
        yield Finding(
            FindingCode.CERTIFICATE_EXPIRED,
            f"{name} expired on {end}, so what is signed with it is refused. If your identity provider still signs "
            "with it, create a new certificate there and upload its new metadata.",
        )
    elif certificate.not_after < now + SOON:
        yield Finding(
            FindingCode.CERTIFICATE_EXPIRES_SOON,
            f"{name} expires on {end}. Create a new one at your identity provider before and upload the new metadata.",
        )
    elif certificate.not_before > now:
        yield Finding(
            FindingCode.CERTIFICATE_NOT_YET_VALID,
            f"{name} becomes valid on {certificate.not_before:%-d %B %Y}; what is signed with it before is refused. "
            "Let your identity provider sign with it from that day on only.",
        )


def _about_keys(keys: SigningKeys) -> Iterator[Finding]:
    for certificate in keys.usable:
        if certificate.is_damaged:
            yield Finding(
                FindingCode.CERTIFICATE_DAMAGED,
                f"{_named(certificate)} is damaged: it says that its own key signed it, but the signature is wrong. "
                "Download the file again, unchanged, from your identity provider and upload it.",
            )
    for certificate in keys.weak:
        yield Finding(
            FindingCode.CERTIFICATE_WEAK,
            f"A signing key was left out: {certificate.flaw}. If your identity provider signs with it, create a new "
            "certificate there and upload its new metadata.",
        )
    for unreadable in keys.unreadable:
        yield Finding(
            FindingCode.CERTIFICATE_UNREADABLE,
            f"A signing certificate was left out because it can't be read: {unreadable}. {unreadable.advice}",
        )
    if keys.bare:
        yield Finding(
            FindingCode.CERTIFICATE_MISSING,
            "A signing key was left out because it comes without a certificate. If your identity provider signs with "
            "it, let it add the certificate (X509Certificate), and upload its new metadata.",
        )
    yield from _about_chains(keys)
    for use in keys.unknown_uses:
        yield Finding(
            FindingCode.KEY_USE_UNKNOWN,
            f"A key was left out because its use is \u201c{use[:_SHOWN]}\u201d; the standard knows signing and "
            "encryption. If sign-ins fail, let your identity provider mark its signing certificate as such, and upload "
            "its new metadata.",
        )


def _about_chains(keys: SigningKeys) -> Iterator[Finding]:
    for certificate in keys.issuers:
        yield Finding(
            FindingCode.ISSUERS_IGNORED,
            f"The certificate of the issuer {certificate.subject[:_LONGEST_NAME]} was left out: only the key of the "
            f"signing certificate itself is trusted. {NOTHING}",
        )
    for certificate in keys.beside:
        yield Finding(
            FindingCode.CERTIFICATE_BESIDE,
            f"The certificate {certificate.fingerprint[:8]} was left out, because it stands beside another one in the "
            "same X509Data, which is one key. If your identity provider signs with it, give it a KeyDescriptor of its "
            "own in the file and upload that.",
        )


def _named(certificate: SigningCertificate) -> str:
    return f"The signing certificate {certificate.fingerprint[:8]}"


def _about_validity(role: etree._Element, valid_until: datetime | None, now: datetime) -> Iterator[Finding]:
    if valid_until is not None and valid_until < now:
        yield Finding(
            FindingCode.METADATA_EXPIRED,
            f"This file says that it was valid until {valid_until:%-d %B %Y}. It is used all the same; if sign-ins "
            "fail, download a fresh one and upload it.",
        )
    unreadable = next((text for text in written_valid_until(role) if parse_lenient_instant(text) is None), None)
    if unreadable is not None:
        yield Finding(
            FindingCode.VALID_UNTIL_UNREADABLE,
            f"This file says that it is valid until \u201c{unreadable[:_SHOWN]}\u201d, which is no date. {NOTHING}",
        )


def _about_signed_requests(role: etree._Element, *, wanted: bool) -> Iterator[Finding]:
    written = role.get("WantAuthnRequestsSigned", "").strip()
    if wanted:
        yield Finding(
            FindingCode.SIGNED_REQUESTS_WANTED,
            "Your identity provider asks for signed requests, so Amplisso signs them. Give the provider our "
            "certificate, or our metadata file, which holds it.",
        )
    elif written.lower() not in _BOOLEANS:
        yield Finding(
            FindingCode.SIGNED_REQUESTS_UNCLEAR,
            f"WantAuthnRequestsSigned is \u201c{written[:_SHOWN]}\u201d, which means neither true nor false, so it was "
            "left out. If your identity provider refuses requests that are not signed, turn Sign requests on.",
        )
