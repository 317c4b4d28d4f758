"""What kind of identifier a provider sends for a user, and how it differs from the one that is known (invariant 8)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NamedTuple

from sso.models import Identity, SignIn, SubjectKind
from sso.services.subjects import comparable, last_format

TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"


class IdentifierForm(StrEnum):
    """The kinds of identifiers that are told apart: all that one provider sends for its users are of one kind."""

    OBJECT_IDENTIFIER = "object_identifier"
    PERSISTENT = "persistent"  # a name ID of this format
    ADDRESS = "address"  # a name ID that is an e-mail address
    NAME = "name"  # any other name ID
    CLAIM = "claim"  # no identifier, so that the e-mail address stands for one
    UNKNOWN = "unknown"  # a name ID whose format was not kept


_NAME_IDS = {IdentifierForm.PERSISTENT, IdentifierForm.ADDRESS, IdentifierForm.NAME}


class Identifier(NamedTuple):
    """An identifier as SignIn.facts keeps it, with the e-mail address that was sent with it (last)."""

    kind: str
    form: str
    subject: str
    normalized: str | None
    address: str


class Difference(NamedTuple):
    """The identifiers that arrived, and those by which the user with this address is known at the same provider.

    The first that arrived is the one that counts; a name ID that came beside the claim objectidentifier is the second.
    """

    arrived: tuple[Identifier, ...]
    known: tuple[Identifier, ...]

    @property
    def is_other_kind(self) -> bool:
        """Return whether the provider sends another kind of identifier, so that nothing says who it is.

        An identifier of a kind that is known, but with another value, is another person. A name ID of unknown format
        may be of any kind that a name ID has.
        """
        return bool(self.known) and not any(may_be_alike(each, known) for each in self.arrived for known in self.known)

    def as_facts(self) -> dict[str, Any]:
        """Return what SignIn.facts keeps."""
        return {name: [each._asdict() for each in found] for name, found in self._asdict().items()}


def difference_in(facts: dict[str, Any] | None) -> Difference | None:
    """Read SignIn.facts; None where no identifiers were compared."""
    if not facts or "arrived" not in facts:
        return None
    arrived, known = (tuple(Identifier(**each) for each in facts[name]) for name in ("arrived", "known"))
    return Difference(arrived, known)


def arrived_identifier(kind: SubjectKind, subject: str, normalized: str | None, name_id_format: str) -> Identifier:
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
    name_id_format = last_format(identity, SignIn)
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


def may_be_alike(arrived: Identifier, known: Identifier) -> bool:
    """Return whether two identifiers are, or may be, of one kind, so that different values are different users."""
    return arrived.form == known.form or (known.form == IdentifierForm.UNKNOWN and arrived.form in _NAME_IDS)
