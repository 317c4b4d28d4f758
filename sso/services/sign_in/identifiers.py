"""Telling of which kind an identifier is: of those that arrive, and of those that are stored."""

from __future__ import annotations

from collections.abc import Iterable

from sso.identifiers import Identifier, IdentifierForm
from sso.models import Identity, SubjectKind
from sso.selectors.name_id_forms import comparable, last_format

TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"


def received_identifier(kind: SubjectKind, subject: str, normalized: str | None, name_id_format: str) -> Identifier:
    """Return an identifier of an assertion, still without the address that came with it."""
    return Identifier(kind.value, _form_of(kind, name_id_format, normalized), subject, normalized, "")


def known_identifiers(identities: Iterable[Identity]) -> tuple[Identifier, ...]:
    """Return the identifiers of a user at one provider, the best kind first."""
    order = SubjectKind.values
    found = sorted(identities, key=lambda each: order.index(each.subject_kind))
    return tuple(_known_identifier(each) for each in found)


def _known_identifier(identity: Identity) -> Identifier:
    return Identifier(
        identity.subject_kind, _known_form(identity), identity.subject, identity.normalized_subject, identity.address
    )


def _known_form(identity: Identity) -> IdentifierForm:
    kind, normalized = SubjectKind(identity.subject_kind), identity.normalized_subject
    if kind != SubjectKind.NAME_ID or normalized is not None:
        return _form_of(kind, "", normalized)
    name_id_format = last_format(identity)
    if name_id_format is None:
        return IdentifierForm.UNKNOWN
    return _form_of(kind, name_id_format, comparable(identity.subject, name_id_format))


def _form_of(kind: SubjectKind, name_id_format: str, normalized: str | None) -> IdentifierForm:
    if kind == SubjectKind.OBJECT_IDENTIFIER:
        return IdentifierForm.OBJECT_IDENTIFIER
    if kind == SubjectKind.ADDRESS:
        return IdentifierForm.CLAIM
    if normalized is not None:
        return IdentifierForm.ADDRESS
    return IdentifierForm.PERSISTENT if name_id_format == _PERSISTENT else IdentifierForm.NAME
