"""Describing the identifiers of a refusal: the known one beside the received one, and how they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sso.identifiers import Difference, Identifier, IdentifierForm, difference_in
from sso.reasons import Advice
from sso.saml import shown, told_apart

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sso.models import SignIn

_LONGEST = 400  # characters of an identifier on a page

_NAMES = {
    IdentifierForm.OBJECT_IDENTIFIER: "the claim objectidentifier",
    IdentifierForm.PERSISTENT: "a persistent name ID",
    IdentifierForm.ADDRESS: "a name ID that is an e-mail address",
    IdentifierForm.NAME: "a name ID that is neither persistent nor an e-mail address",
    IdentifierForm.CLAIM: "an e-mail address without a lasting name ID",
    IdentifierForm.UNKNOWN: "a name ID",
}


class Shown(NamedTuple):
    """An identifier for a page: its kind in words, its text (what cannot be seen is escaped), the address with it."""

    kind: str
    text: str
    address: str


class SideBySide(NamedTuple):
    """The identifiers by which a user is known, and those received."""

    known: tuple[Shown, ...]
    received: tuple[Shown, ...]


def side_by_side(facts: dict[str, Any] | None) -> SideBySide | None:
    """Return the identifiers of a refused sign-in for its page; None where none were compared."""
    difference = difference_in(facts)
    return shown_difference(difference) if difference else None


def is_other_kind(facts: dict[str, Any] | None) -> bool:
    """Return whether a sign-in was refused because the provider sends another kind of identifier."""
    difference = difference_in(facts)
    return difference is not None and difference.is_other_kind


def shown_difference(difference: Difference) -> SideBySide:
    """Return both sides for a page; two identifiers of one kind in such a way that their difference shows."""
    known = tuple(_shown(each, _like(each, difference.received)) for each in difference.known)
    received = tuple(_shown(each, _like(each, difference.known)) for each in difference.received)
    return SideBySide(known, received)


def _like(identifier: Identifier, others: Iterable[Identifier]) -> Identifier | None:
    return next((each for each in others if each.form == identifier.form), None)


def _shown(identifier: Identifier, other: Identifier | None) -> Shown:
    name = name_of(identifier.form)
    text = shown(identifier.subject, _LONGEST)
    if other is not None and other.subject != identifier.subject:
        text = told_apart(identifier.subject, other.subject)[0]
    return Shown(name[0].upper() + name[1:], text, identifier.address)


def name_of(form: str) -> str:
    """Return what a kind of identifier is called in a sentence."""
    return _NAMES[IdentifierForm(form)]


def identifier_advice(sign_in: SignIn) -> Advice | None:
    """Return the advice about two different identifiers; None where none were compared."""
    difference = difference_in(sign_in.facts)
    if difference is None:
        return None
    return _other_kind(difference) if difference.is_other_kind else _another_person(difference)


def _another_person(difference: Difference) -> Advice:
    alike = next((each for each in difference.received if _like(each, difference.known)), None)
    found = (
        "To the identity provider this is not the person who signed in with this address before. For both it sent "
        f"{name_of(alike.form)}, with different values."
        if alike
        else "The identity provider sent another name ID before, so this may be another person with the same address."
    )
    return Advice(
        found,
        "If it is the same person with a new account at the provider, unlink the address below and let them sign "
        "in again. Otherwise give the new user a different address.",
    )


def _other_kind(difference: Difference) -> Advice:
    before = ", and ".join(name_of(each.form) for each in difference.known)
    return Advice(
        "The identity provider now identifies this user by another kind of identifier: "
        f"{name_of(difference.received[0].form)}, and before by {before}. Values of two kinds cannot be compared, "
        "so only the address indicates that it is the same user.",
        "If the change at the identity provider was not intended, undo it there: all users then sign in as "
        "before. If it was intended, re-link the refused members, several at once, on the page Changed "
        "identifiers. If a user cannot be re-linked there, unlink the address below and let them sign in again.",
    )
