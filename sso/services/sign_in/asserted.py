"""Reading the address and the names of a user from a verified assertion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from email_validator import SPECIAL_USE_DOMAIN_NAMES

from orgs.text.email_addresses import MAX_LENGTH
from sso import saml
from sso.errors import AddressError
from sso.selectors.address_forms import GUEST_NAME, as_address
from sso.services.sign_in.logged_verdict import cut

CLAIM_ADDRESS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"

CLAIM_OBJECT_IDENTIFIER = "http://schemas.microsoft.com/identity/claims/objectidentifier"

CLAIM_GIVEN_NAME = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname"

CLAIM_SURNAME = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname"

CLAIM_DISPLAY_NAME = "http://schemas.microsoft.com/identity/claims/displayname"

# The name ID stands in the Subject of an assertion (SAML core 2.4.1).
SUBJECT = "Subject"

# Looked up after the name ID and the claim above: AM-30's two names, then LDAP's (RFC 4524 2.16) as its schema's name
# and as an X.500/LDAP attribute profile writes it (SAML profiles 8.2).
_ADDRESS_NAMES = (CLAIM_ADDRESS, "emailaddress", "email", "mail", "urn:oid:0.9.2342.19200300.100.1.3")

# Where each name stands, best first; all in lower case, since providers write them as they like. The bare object
# identifiers are those of RFC 4519 2.12 and 2.32 and RFC 2798 2.3. `firstName` and `lastName` are what Okta's guides
# use; OneLogin prefixes its own with "User.".
_NAMES: Mapping[str, tuple[str, ...]] = {
    "given_name": (
        CLAIM_GIVEN_NAME.lower(),
        "givenname",
        "urn:oid:2.5.4.42",
        "2.5.4.42",
        "firstname",
        "user.firstname",
    ),
    "family_name": (CLAIM_SURNAME.lower(), "sn", "surname", "urn:oid:2.5.4.4", "2.5.4.4", "lastname", "user.lastname"),
    "display_name": (
        CLAIM_DISPLAY_NAME.lower(),
        "displayname",
        "urn:oid:2.16.840.1.113730.3.1.241",
        "2.16.840.1.113730.3.1.241",
    ),
}

_MOST_VALUES = 10  # of one place, as the log keeps it

_LONGEST_LOCAL_PART = 64  # octets: RFC 5321 4.5.3.1.1


class Flaw(StrEnum):
    """Why a value was not taken as the user's e-mail address."""

    NOT_SENT = "not_sent"
    EMPTY = "empty"
    GUEST = "guest"
    LOCAL_PART = "local_part"
    PRIVATE_DOMAIN = "private_domain"
    TOO_LONG = "too_long"
    NOT_AN_ADDRESS = "not_an_address"
    SEVERAL = "several"


class Place(NamedTuple):
    """A value seen where an address was looked for: the name of the place, the value (cut for the log), its flaw."""

    name: str
    value: str
    flaw: Flaw


def address_in(assertion: saml.Assertion) -> str:
    """Return the user's address in its normal form.

    The first place that holds an address decides, in the order of AM-30 and then LDAP's names. The same address several
    times is one; two different ones, or anything else beside it, are refused. Raises AddressError.
    """
    looked_at: list[Place] = []
    for name, values in _sources(assertion):
        sent = [value for value in values if value.strip()]
        found = {as_address(value) for value in sent}
        if found == {""} or not found:
            looked_at += _places(name, values)
        elif len(found) == 1:
            return found.pop()
        else:
            raise AddressError([*looked_at, *_places(name, tuple(sent))], is_ambiguous=True)
    raise AddressError(looked_at, is_ambiguous=False)


def _sources(assertion: saml.Assertion) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield SUBJECT, (assertion.name_id,)
    for name in _ADDRESS_NAMES:
        yield name, _values_of(assertion, name)


def _values_of(assertion: saml.Assertion, name: str) -> tuple[str, ...]:
    """Return the values of every attribute of this name, which is in lower case, however the provider writes it.

    An attribute without a value counts as an empty one.
    """
    named = (values or ("",) for sent, values in assertion.attributes.items() if sent.lower() == name)
    return tuple(value for values in named for value in values)


def _places(name: str, values: tuple[str, ...]) -> list[Place]:
    if not values:
        return [Place(name, "", Flaw.NOT_SENT)]
    return [Place(name, cut(value), flaw_of(value)) for value in values[:_MOST_VALUES]]


def flaw_of(value: str) -> Flaw:
    """Return why a value is not the address of the user; SEVERAL if nothing is wrong with it by itself."""
    if as_address(value):
        return Flaw.SEVERAL
    local, at, domain = value.strip().rpartition("@")
    if not value.strip():
        return Flaw.EMPTY
    if GUEST_NAME.search(value):
        return Flaw.GUEST
    if len(value.strip()) > MAX_LENGTH or len(local) > _LONGEST_LOCAL_PART:
        return Flaw.TOO_LONG
    if at and not local.isascii() and as_address(f"a@{domain}"):
        return Flaw.LOCAL_PART
    return Flaw.PRIVATE_DOMAIN if at and _is_private(domain) else Flaw.NOT_AN_ADDRESS


def _is_private(domain: str) -> bool:
    """Return whether a domain is a special-use name, which has no mailboxes on the internet (RFC 6761, RFC 6762)."""
    labels = domain.lower().rstrip(".")
    return any(labels == special or labels.endswith(f".{special}") for special in SPECIAL_USE_DOMAIN_NAMES)


def names_in(assertion: saml.Assertion) -> dict[str, str]:
    """Return the user's `given_name`, `family_name` and `display_name`; "" for each that was not sent."""
    return {field: _first(assertion, names) for field, names in _NAMES.items()}


def _first(assertion: saml.Assertion, names: tuple[str, ...]) -> str:
    found = (value.strip() for name in names for value in _values_of(assertion, name))
    return next(filter(None, found), "")
