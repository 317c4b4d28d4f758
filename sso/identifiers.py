"""The identifiers that a provider sends for a user, and how those of a refused sign-in differ (invariant 8)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple


class IdentifierForm(StrEnum):
    """Kinds of identifiers that are told apart: all that one provider sends for its users are of one kind."""

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

    @property
    def key(self) -> tuple[str, str]:
        """Return the key that all spellings of one identifier share."""
        return self.kind, self.subject if self.normalized is None else self.normalized


# The keys of a Difference in SignIn.facts.
_KEYS = ("arrived", "known")


class Difference(NamedTuple):
    """The identifiers received, and those by which the user with this address is known at the same provider.

    The first one received is the one that counts; a name ID that came beside the claim objectidentifier is the second.
    """

    received: tuple[Identifier, ...]
    known: tuple[Identifier, ...]

    @property
    def is_other_kind(self) -> bool:
        """Return whether the provider sends another kind of identifier, so that nothing identifies the user.

        An identifier of a kind that is known, but with another value, is another user. A name ID of unknown format
        may be of any kind that a name ID has.
        """
        return bool(self.known) and not any(
            _may_be_alike(each, known) for each in self.received for known in self.known
        )

    def as_facts(self) -> dict[str, Any]:
        """Return what SignIn.facts keeps. Its rows have had "arrived" since release 0.1.0, so that name stays."""
        return {name: [each._asdict() for each in found] for name, found in zip(_KEYS, self, strict=True)}


def difference_in(facts: dict[str, Any] | None) -> Difference | None:
    """Read SignIn.facts; None where no identifiers were compared."""
    if not facts or "arrived" not in facts:
        return None
    received, known = (tuple(Identifier(**each) for each in facts[name]) for name in _KEYS)
    return Difference(received, known)


def _may_be_alike(received: Identifier, known: Identifier) -> bool:
    """Return whether two identifiers are, or may be, of one kind, so that different values are different users."""
    return received.form == known.form or (known.form == IdentifierForm.UNKNOWN and received.form in _NAME_IDS)
