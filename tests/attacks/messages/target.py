"""Whom an attack is aimed at, and how attacks are written down.

An attack is a function from a target to the SAMLResponse field that is posted. It never knows whether it is judged by
`validate_response` alone or posted to the real address, so each one is tried both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from lxml import etree

from sso.saml import CheckName, ServiceProvider, SigningCertificate
from tests.saml import provider
from tests.saml.provider import REQUEST_ID, SP, SamlResponse, encode

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
EVIL = "eve@evil.test"
GENUINE = "adele@contoso.example"

# What the genuine provider signs: its administrator's choice, and each gives an attacker other parts to play with.
BASES = ("assertion", "response", "both")

# What was changed after signing is seen by one of these, depending on what it was.
BROKEN = (CheckName.SIGNATURE, CheckName.SIGNED_CONTENT)


@dataclass(frozen=True)
class Target:
    """One pending request of one organization, and what its provider signs."""

    sign: str
    service_provider: ServiceProvider = SP
    request_id: str = REQUEST_ID
    # Our public certificate: every attacker can encrypt for it.
    certificate: SigningCertificate | None = None

    @property
    def acs(self) -> str:
        """Our address that responses are posted to."""
        return self.service_provider.acs_url

    @property
    def entity_id(self) -> str:
        """Our name."""
        return self.service_provider.entity_id

    def answer(self, **knobs: Any) -> SamlResponse:
        """What the provider would say; right in everything but the knobs that are turned."""
        right = {
            "sign": self.sign,
            "destination": self.acs,
            "recipient": self.acs,
            "response_in_response_to": self.request_id,
            "in_response_to": self.request_id,
            "audiences": ((self.entity_id,),),
        }
        return SamlResponse(**(right | knobs))

    def confirmation(self, **knobs: str | None) -> str:
        """A second subject confirmation, right in everything but the knobs that are turned."""
        right = {"recipient": self.acs, "in_response_to": self.request_id, "until": provider.stamp(60)}
        return provider.confirmation(**(right | knobs))


Attack = Callable[[Target], str]


class Case(NamedTuple):
    """An attack, the checks that may be the first to notice, and the bases that it makes sense on."""

    attack: Attack
    by: tuple[CheckName, ...]
    bases: tuple[str, ...] = BASES


Group = Mapping[str, Case]

# Each base as a parameter of a test: CI tries all three, `make test` the first.
EACH_BASE = [BASES[0], *(pytest.param(base, marks=pytest.mark.slow) for base in BASES[1:])]


def on_base(base: str, *values: object, bases: tuple[str, ...], name: str) -> Any:
    """Return one set of parameters of a test; it is slow unless this is the first of the bases."""
    return pytest.param(*values, id=f"{name} [{base}]", marks=() if base == bases[0] else pytest.mark.slow)


def says(*by: CheckName, bases: tuple[str, ...] = BASES, **knobs: Any) -> Case:
    """Return a case that the provider itself signs, so that only its content can be wrong."""
    return Case(lambda target: target.answer(**knobs).encoded(), by, bases)


def says_to(make: Callable[[Target], dict[str, Any]], *by: CheckName, bases: tuple[str, ...] = BASES) -> Case:
    """Return a case that the provider itself signs and whose options depend on the target's own addresses."""
    return Case(lambda target: target.answer(**make(target)).encoded(), by, bases)


def rewrites(change: Callable[[bytes], bytes], *by: CheckName, bases: tuple[str, ...] = BASES, **knobs: Any) -> Case:
    """Return a case that changes the bytes of a genuine response on the way."""

    def attack(target: Target) -> str:
        genuine = target.answer(**knobs).xml()
        changed = change(genuine)
        assert changed != genuine, "the attack changes nothing"
        return encode(changed)

    return Case(attack, by, bases)


def replaces(old: bytes, new: bytes, *by: CheckName, **knobs: Any) -> Case:
    """Return a case that replaces the first occurrence of some bytes of a genuine response."""
    return rewrites(lambda xml: xml.replace(old, new, 1), *by, **knobs)


def rebuilds(
    change: Callable[[etree._Element], object], *by: CheckName, bases: tuple[str, ...] = BASES, **knobs: Any
) -> Case:
    """Return a case that changes the tree of a genuine response after it was signed."""
    return Case(lambda target: target.answer(after=change, **knobs).encoded(), by, bases)


def posts(encoded: str | Callable[[Target], str], *by: CheckName) -> Case:
    """Return a case that posts a text that is no response, on one base only: it does not depend on what is signed."""
    return Case((lambda _: encoded) if isinstance(encoded, str) else encoded, by, bases=("assertion",))


def signatures(root: etree._Element) -> list[etree._Element]:
    """Return every signature of a document."""
    return list(root.iter(DS + "Signature"))


def one(root: etree._Element, name: str) -> etree._Element:
    """Return the first element of a local name."""
    return next(root.iter("{*}" + name))


def remove(root: etree._Element, name: str) -> None:
    """Take out every element of a local name."""
    for element in list(root.iter("{*}" + name)):
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)


def child(parent: etree._Element, tag: str, text: str = "", **attributes: str) -> etree._Element:
    """Append a new element."""
    made = etree.SubElement(parent, tag, attributes)
    made.text = text or None
    return made
