"""What an administrator should know about metadata that was accepted, each in one plain sentence."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from lxml import etree

from sso.saml.addresses import is_internal
from sso.saml.certificates import SigningCertificate
from sso.saml.metadata_keys import SigningKeys
from sso.saml.metadata_root import entity_id_of, raw_entity_id_of
from sso.saml.names import MD
from sso.saml.types import Binding, Finding, FindingCode

# As far ahead as Entra sends its first mail about it.
SOON = timedelta(days=60)
_SHOWN = 200


def findings_about(
    role: etree._Element,
    keys: SigningKeys,
    *,
    now: datetime,
    valid_until: datetime | None,
    addresses: tuple[str, ...],
    sign_out_read: bool,
    wants_signed_requests: bool,
) -> tuple[Finding, ...]:
    """`addresses` are the sign-in addresses, "" for none; `sign_out_read` says whether a sign-out address was kept."""
    return (
        *_about_the_entity_id(role),
        *_about_certificates(keys, now),
        *_about_validity(valid_until, now),
        *_about_addresses(addresses),
        *_about_sign_out(role, sign_out_read=sign_out_read),
        *_about_signed_requests(wanted=wants_signed_requests),
    )


def _about_the_entity_id(role: etree._Element) -> Iterator[Finding]:
    if raw_entity_id_of(role) != entity_id_of(role):
        yield Finding(
            FindingCode.ENTITY_ID_TRIMMED,
            "The entityID had blanks at its beginning or end, which were left out.",
        )


def _about_certificates(keys: SigningKeys, now: datetime) -> Iterator[Finding]:
    for certificate in keys.usable:
        yield from _about_dates(certificate, now)
    if not any(_is_valid(certificate, now) for certificate in keys.usable):
        yield Finding(
            FindingCode.NO_CERTIFICATE_VALID_NOW,
            "No signing certificate in this file is valid today, so sign-ins will be refused until your "
            "identity provider signs with a new one and you upload its metadata.",
        )
    yield from _about_left_out(keys)


def _about_left_out(keys: SigningKeys) -> Iterator[Finding]:
    for certificate in keys.weak:
        yield Finding(
            FindingCode.CERTIFICATE_WEAK,
            f"A signing key was left out: {certificate.flaw}. Responses signed with it are refused.",
        )
    if keys.unreadable:
        yield Finding(
            FindingCode.CERTIFICATE_UNREADABLE,
            "A signing certificate was left out because it can't be read.",
        )
    if keys.bare:
        yield Finding(
            FindingCode.CERTIFICATE_MISSING,
            "A signing key was left out because it comes without a certificate. Responses signed with it are refused.",
        )
    yield from _about_chains(keys)


def _about_chains(keys: SigningKeys) -> Iterator[Finding]:
    for certificate in keys.issuers:
        yield Finding(
            FindingCode.ISSUERS_IGNORED,
            f"The certificate of the issuer {certificate.subject[:_SHOWN]} was left out: only the key of the signing "
            "certificate itself is trusted.",
        )
    for certificate in keys.beside:
        yield Finding(
            FindingCode.CERTIFICATE_BESIDE,
            f"The certificate {certificate.fingerprint[:8]} was left out, because it stands beside another one in the "
            "same X509Data, which is one key. If your identity provider signs with it, it needs a KeyDescriptor of its "
            "own in the file.",
        )


def _is_valid(certificate: SigningCertificate, now: datetime) -> bool:
    return certificate.not_before <= now <= certificate.not_after


def _about_dates(certificate: SigningCertificate, now: datetime) -> Iterator[Finding]:
    name = f"The signing certificate {certificate.fingerprint[:8]}"
    end = f"{certificate.not_after:%-d %B %Y}"
    if certificate.not_after < now:
        yield Finding(FindingCode.CERTIFICATE_EXPIRED, f"{name} expired on {end}.")
    elif certificate.not_after < now + SOON:
        yield Finding(
            FindingCode.CERTIFICATE_EXPIRES_SOON,
            f"{name} expires on {end}. Create a new one at your identity provider before and upload the new metadata.",
        )
    elif certificate.not_before > now:
        yield Finding(
            FindingCode.CERTIFICATE_NOT_YET_VALID,
            f"{name} is not valid before {certificate.not_before:%-d %B %Y}.",
        )


def _about_validity(valid_until: datetime | None, now: datetime) -> Iterator[Finding]:
    if valid_until is not None and valid_until < now:
        yield Finding(
            FindingCode.METADATA_EXPIRED,
            f"This file says that it was valid until {valid_until:%-d %B %Y}. If sign-ins fail, download a fresh one.",
        )


def _about_addresses(addresses: tuple[str, ...]) -> Iterator[Finding]:
    internal = next((address for address in addresses if address and is_internal(address)), None)
    if internal is not None:
        yield Finding(
            FindingCode.INTERNAL_ADDRESS,
            f"The sign-in address {internal[:200]} looks like one inside a company's network: people can "
            "sign in only from there.",
        )


def _about_sign_out(role: etree._Element, *, sign_out_read: bool) -> Iterator[Finding]:
    offered = any(
        endpoint.get("Binding", "").strip() == Binding.REDIRECT
        for endpoint in role.iterchildren(MD + "SingleLogoutService")
    )
    if offered and not sign_out_read:
        yield Finding(
            FindingCode.SIGN_OUT_ADDRESS_IGNORED,
            "The sign-out address was left out because it is not https.",
        )


def _about_signed_requests(*, wanted: bool) -> Iterator[Finding]:
    if wanted:
        yield Finding(
            FindingCode.SIGNED_REQUESTS_WANTED,
            "Your identity provider asks for signed requests, so Amplisso signs them. Give the provider our "
            "certificate, or our metadata file, which holds it.",
        )
